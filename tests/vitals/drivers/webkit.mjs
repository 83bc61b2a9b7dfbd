// WebKitGTK's small browser on a display of its own, driven over WebDriver.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import selenium from 'selenium-webdriver'

import { answer } from './answer.mjs'
import { HELD } from './tab.mjs'

const { Button, Builder, By, Capabilities, Key } = selenium

const DISPLAY = process.env.RUM_XVFB ?? 'Xvfb'
const DRIVER = process.env.RUM_WEBKIT_DRIVER ?? 'WebKitWebDriver'
const BROWSER = process.env.RUM_WEBKIT_BROWSER ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser'

const KEYS = { Enter: Key.ENTER, ArrowDown: Key.ARROW_DOWN }
const BUTTONS = { left: Button.LEFT, right: Button.RIGHT }
/** How often the driver is asked whether it listens, or a page whether it is there, in ms. */
const EVERY = 20
const START_LIMIT = 20_000

async function freePort() {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address()
  server.close()
  return port
}

/** A display that nobody sees; `[name, what ends it]`. */
async function openDisplay() {
  const child = spawn(DISPLAY, ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [number] = await Promise.race([
    once(createInterface({ input: child.stdio[3] }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${DISPLAY} ended before there was a display`))),
  ])
  return [`:${number}`, child]
}

/** WebKitWebDriver, once it answers. */
async function openDriver(display) {
  const port = await freePort()
  const env = {
    ...process.env,
    DISPLAY: display,
    // Root has no sandbox, and a machine without a graphics card no compositing.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
  }
  const child = spawn(DRIVER, [`--port=${port}`], { env, stdio: 'ignore' })
  const server = `http://127.0.0.1:${port}`
  for (const end = Date.now() + START_LIMIT; ; await pause(EVERY)) {
    const ready = await fetch(`${server}/status`).then((answer) => answer.ok, () => false)
    if (ready) return [server, child]
    if (Date.now() > end || child.exitCode !== null) throw new Error(`${DRIVER} does not answer`)
  }
}

export class Webkit {
  static engine = 'WebKit'
  /** So many situations at least need nothing that it lacks. */
  static situations = 30
  /** What situations may need besides types of entries, see `situations/index.mjs`. */
  static abilities = ['bfcache']
  #processes = []
  #session

  static async launch() {
    const driver = new Webkit()
    try {
      const [display, xvfb] = await openDisplay()
      driver.#processes.push(xvfb)
      const [server, webDriver] = await openDriver(display)
      driver.#processes.push(webDriver)
      const capabilities = new Capabilities({
        browserName: 'MiniBrowser',
        pageLoadStrategy: 'none',
        'webkitgtk:browserOptions': { binary: BROWSER, args: ['--automation'] },
      })
      driver.#session = await new Builder().usingServer(server).withCapabilities(capabilities).build()
    } catch (error) {
      await driver.close()
      throw error
    }
    return driver
  }

  async version() {
    return (await this.#session.getCapabilities()).getBrowserVersion()
  }

  /** The one tab there is: another one would open in the background, where nothing is painted. */
  async tab() {
    return new Tab(this.#session)
  }

  async close() {
    await this.#session?.quit()
    for (const child of this.#processes.reverse()) {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    }
  }
}

/** The interface of `tab.mjs`, over WebDriver. */
class Tab {
  #session

  constructor(session) {
    this.#session = session
  }

  async open(url, until = 'load') {
    await this.#leads(() => this.#session.get(url), until)
  }

  /** A navigation is over when what was said to the page before is gone. */
  async #leads(navigate, until) {
    await this.evaluate('window.here = true')
    await navigate()
    const there = `!window.here && (${until === 'commit'} || document.readyState === 'complete')`
    while (!(await answer(this.evaluate(there)))) await pause(EVERY)
  }

  async evaluate(source) {
    const [value, error] = await this.#session.executeAsyncScript(
      `const done = arguments[arguments.length - 1]
       new Promise((resolve) => resolve(${source})).then((value) => done([value ?? null]), (error) => done([null, String(error)]))`,
    )
    if (error) throw new Error(error)
    return value
  }

  async click(selector, { button = 'left', count = 1, delay = HELD, offset } = {}) {
    const element = await this.#session.findElement(By.css(selector))
    const { width, height } = await element.getRect()
    // Counted from the middle.
    const [x, y] = offset ? [offset.x - width / 2, offset.y - height / 2].map(Math.round) : [0, 0]
    const actions = this.#session.actions().move({ origin: element, x, y })
    for (let press = 0; press < count; press++) actions.press(BUTTONS[button]).pause(delay).release(BUTTONS[button])
    await actions.perform()
  }

  async key(name) {
    await this.#session.actions().sendKeys(KEYS[name] ?? name).perform()
  }

  async drag(from, to) {
    const [start, end] = await Promise.all([from, to].map((selector) => this.#session.findElement(By.css(selector))))
    await this.#session.actions().move({ origin: start }).press().move({ origin: end }).release().perform()
  }

  async wheel(by) {
    await this.#session.actions().scroll(300, 300, 0, by).perform()
  }

  async reload() {
    await this.#leads(() => this.#session.navigate().refresh(), 'load')
  }

  async close() {
    await this.open('about:blank')
  }
}
