// What a situation acts with: the visitor of the vitals suite, who also knows what the collector got.

import { until, Visitor } from '../vitals/visit.mjs'
import { events, texts } from './events.mjs'

/** What a page is told when it is hidden, and seen again. */
const tellHidden = (hidden) => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
  Object.defineProperty(document, 'visibilityState', { value: hidden ? 'hidden' : 'visible', configurable: true })
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
}

export class Guest extends Visitor {
  #abilities
  #tell
  #told = new Set()

  /** `abilities` are the driver's; what the engine lacks is told to `tell`. */
  constructor(tab, site, { abilities, tell }) {
    super(tab, site)
    this.#abilities = abilities
    this.#tell = tell
  }

  /** Says, once, what this engine lacks, and what follows from it. */
  lacks(text) {
    if (!this.#told.has(text)) this.#tell(text)
    this.#told.add(text)
  }

  async hide() {
    if (this.#abilities.includes('hide')) return await super.hide()
    this.lacks('this driver brings no other tab to the front: the page is told of one by the same events')
    await this.evaluate(tellHidden, true)
  }

  async show() {
    if (this.#abilities.includes('hide')) return await super.show()
    await this.evaluate(tellHidden, false)
  }

  /** Opens a page, and waits until all of the SDK is there. */
  async starts(path) {
    await this.open(path)
    await this.until(() => window.probe.core)
  }

  /** Until so many batches have arrived; gives the last of them. */
  async batch(count) {
    return await until(`batch ${count}`, () => this.site.batches[count - 1])
  }

  /** Leaves the page; gives the rows of all that the collector got, once there are so many batches. */
  async left(batches = 1) {
    await this.leaveAtOnce()
    await this.batch(batches)
    return this.rows()
  }

  rows() {
    return events(this.site.batches.map(({ text }) => text))
  }

  /** All texts that the collector got of the pages' doings. */
  texts() {
    return texts(this.site.batches.map(({ text }) => text))
  }

  /** Types in an element that has the focus, key by key. */
  async types(text) {
    for (const key of text) await this.key(key)
  }

  /** What this origin has in the browser besides our own notes: names of session storage, of local storage, and cookies. */
  stored() {
    return this.evaluate(() => {
      const names = (storage) => Object.keys(storage).filter((name) => !name.startsWith('probe ')).sort()
      return [names(sessionStorage), names(localStorage), document.cookie]
    })
  }

  /** What a page has noted, see `probe.js`. */
  noted(name) {
    return this.evaluate((name) => window.probe.noted(name), name)
  }

  /** The bodies that pages of this origin have handed over, where they are overheard. */
  async heard() {
    return (await this.noted('heard')) ?? []
  }
}
