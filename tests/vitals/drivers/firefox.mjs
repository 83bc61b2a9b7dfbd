// Firefox, driven over WebDriver BiDi.

import { launch } from 'puppeteer-core'

import { Tab } from './tab.mjs'

/**
 * When a process ends with its last tab, Firefox breaks off scripts wherever they are, the reference's and ours alike: some reports of a
 * tab that is closed never come. What is compared is what they do when they may go on.
 */
const LETS_SCRIPTS_END = { 'dom.abort_script_on_child_shutdown': false }

export class Firefox {
  static engine = 'Firefox'
  /** What situations may need besides types of entries, see `situations/index.mjs`. */
  static abilities = ['bfcache', 'close', 'dialogue', 'hide', 'told-while-loading', 'touch', 'unload']
  #browser

  static async launch() {
    const driver = new Firefox()
    driver.#browser = await launch({
      browser: 'firefox',
      executablePath: process.env.RUM_FIREFOX ?? 'firefox-esr',
      headless: true,
      defaultViewport: null,
      args: ['--width=1280', '--height=987'],
      extraPrefsFirefox: LETS_SCRIPTS_END,
    })
    return driver
  }

  async version() {
    return await this.#browser.version()
  }

  async tab() {
    return new Tab(await this.#browser.newPage())
  }

  async close() {
    await this.#browser.close()
  }
}
