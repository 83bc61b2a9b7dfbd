// A tab of a browser that Puppeteer drives: what a visitor does with it. All input is the browser's own, so trusted.

import { setTimeout as pause } from 'node:timers/promises'

/** How often a page is looked for, in ms. */
const EVERY = 10

/** How long a person holds a button, in ms: press and release are not one moment. */
export const HELD = 40

const middle = ({ x, y, width, height }) => [x + width / 2, y + height / 2]

export class Tab {
  #page
  #other

  constructor(page) {
    this.#page = page
    page.on('dialog', (dialog) => dialog.accept())
  }

  /** A session of Chromium's own protocol. */
  session() {
    return this.#page.createCDPSession()
  }

  /** Opens `url`; `until` is load, or commit for pages that shall not be waited for. */
  async open(url, until = 'load') {
    if (until === 'load') return void (await this.#page.goto(url))
    // Not by `goto`, which waits for more in Firefox. The page is another one when what was said to the old one is gone.
    await this.evaluate(`window.here = true; void (location.href = ${JSON.stringify(url)})`)
    while (await this.evaluate('window.here').catch(() => true)) await pause(EVERY)
  }

  /** Runs JavaScript in the page; gives the value of the promise that it evaluates to. */
  async evaluate(source) {
    return await this.#page.evaluate(source)
  }

  /** `options`: `button`, `count`, `delay` in ms between press and release, `offset` from the element's corner. */
  async click(selector, options) {
    await this.#page.click(selector, { delay: HELD, ...options })
  }

  async key(name) {
    await this.#page.keyboard.press(name)
  }

  async drag(from, to) {
    const [start, end] = await Promise.all([from, to].map((selector) => this.#middle(selector)))
    const { mouse } = this.#page
    await mouse.move(...start)
    await mouse.down()
    await mouse.move(...end, { steps: 5 })
    await mouse.up()
  }

  async tap(selector) {
    await this.#page.touchscreen.tap(...(await this.#middle(selector)))
  }

  async wheel(by) {
    await this.#page.mouse.move(300, 300)
    await this.#page.mouse.wheel({ deltaY: by })
  }

  /** Another tab comes to the front. */
  async hide() {
    this.#other = await this.#page.browser().newPage()
  }

  async show() {
    await this.#other.close()
    this.#other = undefined
    await this.#page.bringToFront()
  }

  async reload() {
    await this.#page.reload()
  }

  async close() {
    await this.#other?.close()
    if (!this.#page.isClosed()) await this.#page.close()
  }

  async #middle(selector) {
    const element = await this.#page.waitForSelector(selector)
    return middle(await element.boundingBox())
  }
}
