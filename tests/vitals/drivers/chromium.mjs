// Chromium as people run it: what Playwright starts has no back/forward cache, prerenders nothing and hides no tab.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const PROGRAM = process.env.RUM_CHROMIUM ?? 'chromium'
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

export class Chromium {
  static engine = 'Chromium'
  /** What situations may need: entry types, and what a visitor can do. */
  static abilities = new Set([
    ...['event', 'first-input', 'largest-contentful-paint', 'layout-shift', 'long-animation-frame', 'paint', 'soft-navigation'],
    ...['bfcache', 'dialogue', 'hide', 'prerender', 'touch'],
  ])
  #browser
  #end

  static async launch() {
    const profile = mkdtempSync(join(tmpdir(), 'wasm-rum-vitals-'))
    const own = ['--remote-debugging-port=0', `--user-data-dir=${profile}`, '--window-size=1280,987', '--no-startup-window']
    const child = spawn(PROGRAM, [...FLAGS, ...own], { stdio: ['ignore', 'ignore', 'pipe'] })
    // Not `exit`: its children hold the same stderr, and work in the profile until they end.
    const ended = once(child, 'close')
    const lines = createInterface({ input: child.stderr })
    const address = await new Promise((found, failed) => {
      lines.on('line', (line) => line.startsWith('DevTools listening on ') && found(line.split(' ').at(-1)))
      child.on('error', failed)
      child.on('exit', (code) => failed(new Error(`${PROGRAM} ended (${code}) before it listened`)))
    })
    const driver = new Chromium()
    driver.#end = async () => {
      child.kill()
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    }
    try {
      driver.#browser = await chromium.connectOverCDP(address, { noDefaults: true })
    } catch (error) {
      await driver.#end()
      throw error
    }
    return driver
  }

  async tab() {
    return new Tab(await this.#browser.contexts()[0].newPage())
  }

  async close() {
    await this.#browser.close()
    await this.#end()
  }
}

class Tab {
  page
  /** What the page said in the console. */
  console = []
  #other

  constructor(page) {
    this.page = page
    page.on('console', (message) => this.console.push(message.text()))
  }

  /** Opens `url`; `until` is load, or commit for pages that shall not be waited for. */
  async open(url, until = 'load') {
    await this.page.goto(url, { waitUntil: until })
  }

  /** Runs JavaScript in the page; gives the value of the promise that it evaluates to. */
  async evaluate(source) {
    return await this.page.evaluate(source)
  }

  async click(selector, options) {
    await this.page.locator(selector).click({ noWaitAfter: true, ...options })
  }

  async key(name) {
    await this.page.keyboard.press(name)
  }

  async drag(from, to) {
    const [start, end] = await Promise.all([from, to].map((selector) => this.page.locator(selector).boundingBox()))
    const { mouse } = this.page
    await mouse.move(start.x + start.width / 2, start.y + start.height / 2)
    await mouse.down()
    await mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 5 })
    await mouse.up()
  }

  async tap(selector) {
    const { x, y, width, height } = await this.page.locator(selector).boundingBox()
    const protocol = await this.page.context().newCDPSession(this.page)
    const touchPoints = [{ x: x + width / 2, y: y + height / 2 }]
    await protocol.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints })
    await protocol.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    await protocol.detach()
  }

  async wheel(by) {
    await this.page.mouse.move(300, 300)
    await this.page.mouse.wheel(0, by)
  }

  /** Another tab comes to the front. */
  async hide() {
    this.#other = await this.page.context().newPage()
  }

  async show() {
    await this.#other.close()
    this.#other = undefined
    await this.page.bringToFront()
  }

  async back() {
    await this.page.goBack({ waitUntil: 'commit' })
  }

  async reload() {
    await this.page.reload()
  }

  async close() {
    await this.#other?.close()
    await this.page.close()
  }
}
