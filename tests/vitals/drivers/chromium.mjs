// Chromium as people run it: what a tool starts by itself has no back/forward cache, and hides no tab. And it is Puppeteer
// that drives it, for a page that Playwright is attached to prerenders nothing.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from 'puppeteer-core'

import { Tab } from './tab.mjs'

const PROGRAM = process.env.RUM_CHROMIUM ?? 'chromium'
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

export class Chromium {
  static engine = 'Chromium'
  /** What situations may need besides types of entries, see `situations/index.mjs`. */
  static abilities = [
    ...['back-forward', 'bfcache', 'close', 'dialogue', 'hide', 'input-while-busy', 'prerender', 'told-while-loading', 'touch'],
    ...['unload', 'worker-start'],
  ]
  #browser
  #end

  static async launch() {
    const profile = mkdtempSync(join(tmpdir(), 'wasm-rum-vitals-'))
    const own = ['--remote-debugging-port=0', `--user-data-dir=${profile}`, '--window-size=1280,987', '--no-startup-window']
    const child = spawn(PROGRAM, [...FLAGS, ...own], { stdio: ['ignore', 'ignore', 'pipe'] })
    // Not `exit`: its children hold the same stderr, and work in the profile until they end.
    const ended = once(child, 'close')
    const lines = createInterface({ input: child.stderr })
    const driver = new Chromium()
    driver.#end = async () => {
      child.kill()
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    }
    try {
      const browserWSEndpoint = await new Promise((found, failed) => {
        lines.on('line', (line) => line.startsWith('DevTools listening on ') && found(line.split(' ').at(-1)))
        child.on('error', failed)
        child.on('exit', (code) => failed(new Error(`${PROGRAM} ended (${code}) before it listened`)))
      })
      driver.#browser = await connect({ browserWSEndpoint, defaultViewport: null })
    } catch (error) {
      await driver.#end()
      throw error
    }
    return driver
  }

  async version() {
    return await this.#browser.version()
  }

  async tab() {
    return new Tab(await this.#browser.newPage())
  }

  /** Puppeteer's. */
  get browser() {
    return this.#browser
  }

  /** A session of Chromium's own protocol, with the browser. */
  async session() {
    return await this.#browser.target().createCDPSession()
  }

  async close() {
    await this.#browser.disconnect()
    await this.#end()
  }
}
