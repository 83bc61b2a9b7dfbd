// One run of a situation: a site, a tab, a visitor; then what the libraries reported and what the SDK sent.

import { setTimeout as pause } from 'node:timers/promises'

import { answer } from './drivers/answer.mjs'
import { append, libraryScripts } from './html.mjs'
import { Stuck } from './once-more.mjs'
import { AFTER, Site } from './site.mjs'

/** It is only waited out when something is broken, in ms. */
const LIMIT = 30_000
/** Of what takes no time observers are not told: after so many ms nothing more comes. */
const UNTOLD = 200
/** How often something outside the page is looked at, in ms. */
const EVERY = 20

/** `promise`, or an error that says what did not come. */
async function within(what, promise) {
  const late = new AbortController()
  const overdue = pause(LIMIT, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Stuck(`not within ${LIMIT / 1e3} s: ${what}`)),
    () => {},
  )
  try {
    return await Promise.race([promise, overdue])
  } finally {
    late.abort()
  }
}

/** What `look` gives as soon as it is true. If it never is, what `fail` makes of that is thrown. */
export async function until(what, look, fail = (text) => new Error(text)) {
  const end = Date.now() + LIMIT
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > end) throw fail(`not within ${LIMIT / 1e3} s: ${what}`)
    await pause(EVERY)
  }
}

/** What a situation's script acts with: a person at a browser, who also sees when things have happened. */
export class Visitor {
  #tab
  #site
  #mode
  #open = true

  constructor(tab, site, mode) {
    this.#tab = tab
    this.#site = site
    this.#mode = mode
    for (const act of ['click', 'key', 'drag', 'tap', 'wheel', 'reload']) this[act] = (...given) => within(`${act} ${given[0]}`, tab[act](...given))
  }

  get site() {
    return this.#site
  }

  /** The driver's own, for what only one engine can do. */
  get tab() {
    return this.#tab
  }

  async open(path = '/', wait) {
    await within(`${path} is open`, this.#tab.open(this.#site.origin + path, wait))
  }

  /** Runs a function in the page, with what JSON can hold. */
  evaluate(run, given) {
    const source = `(${run})(${JSON.stringify(given) ?? ''})`
    return within(source, this.#tab.evaluate(source))
  }

  /** Waits in the page until `look` gives something true. */
  async until(look, given) {
    const poll = `new Promise((done) => {
      const look = () => {
        const seen = (${look})(${JSON.stringify(given) ?? ''})
        seen ? done(true) : setTimeout(look, 10)
      }
      look()
    })`
    await within(String(look), this.#tab.evaluate(poll))
  }

  /** Until observers were told of `count` entries of a type whose attributes hold these values; texts may be an end. */
  async sees(type, like = {}, count = 1) {
    const look = ({ type, like, count }) => {
      const fits = (entry) =>
        Object.entries(like).every(([name, value]) =>
          typeof value === 'string' ? String(entry[name]).endsWith(value) : entry[name] === value,
        )
      return window.probe?.seen?.[type].filter(fits).length >= count
    }
    await this.until(look, { type, like, count })
  }

  /**
   * Until what was done is painted, and told to observers, and the libraries' idle tasks are done. What an observer hears at
   * the very end the reference keeps for idle time, and never reports if the page is left before that.
   */
  async settled() {
    const look = (untold) =>
      new Promise((done) => {
        // Now and then a tab that came back is never idle. A timer takes the limit for none.
        const idle = (then) => (window.requestIdleCallback ?? setTimeout)(then, { timeout: 2_000 })
        // Nothing is painted that is hidden.
        if (document.hidden) return setTimeout(() => setTimeout(done))
        const { acted, seen } = window.probe ?? {}
        const isTold = () => seen.event.some(({ startTime }) => startTime >= acted) || performance.now() - acted > untold
        const told = (then) => (!acted || !seen.event || isTold() ? then() : setTimeout(told, 10, then))
        setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => told(() => idle(() => idle(done))))))
      })
    await this.evaluate(look, UNTOLD)
  }

  /** Until the SDK's Wasm runs, or was refused: then all of the capture does. */
  async coreIsUp() {
    const expected = { wasm: 'up', raw: 'refused' }[this.#mode]
    if (expected) await this.until((expected) => window.probe?.core === expected, expected)
  }

  async hide() {
    await this.#tab.hide()
    await this.until(() => document.hidden)
  }

  async show() {
    // Now and then a browser brings a tab forward and does not paint it: then once more.
    for (let tries = 0; tries < 5; tries++) {
      await this.#tab.show()
      await this.until(() => !document.hidden)
      const look = (patience) =>
        new Promise((done) => {
          requestAnimationFrame(() => done(true))
          setTimeout(done, patience)
        })
      if (await this.evaluate(look, 1_000)) return
    }
  }

  /** Goes where the visit ends, as soon as everything has settled. */
  async leave() {
    const measured = await this.evaluate(() => Boolean(window.wasmRum))
    if (measured) await this.coreIsUp()
    await this.settled()
    await this.leaveAtOnce()
  }

  async leaveAtOnce() {
    await answer(this.#tab.evaluate(`void (location.href = ${JSON.stringify(AFTER)})`))
    await this.untilThere((after) => location.pathname === after && document.readyState === 'complete', AFTER)
  }

  /** Back to the page before, wherever it comes from. */
  async back() {
    await answer(this.#tab.evaluate('void history.back()'))
  }

  /** Back to the page before, out of the back/forward cache, for the nth time. */
  async restored(times = 1) {
    await this.back()
    await this.untilThere((times) => window.probe?.restores === times, times)
    await this.settled()
  }

  /** Waits until `look` is true in whatever page is there: documents may come and go meanwhile. */
  async untilThere(look, given) {
    const source = `(${look})(${JSON.stringify(given) ?? ''})`
    await until(source, () => answer(this.#tab.evaluate(source)))
  }

  /** Until the server was asked for a path. */
  async asked(path) {
    await until(`${path} is asked for`, () => this.#site.requests.includes(path))
  }

  /** Loads the libraries now, or the SDK. */
  async loadLibraries() {
    for (const source of libraryScripts(this.#mode)) await this.evaluate(append, { source })
  }

  async loadSdk() {
    await this.evaluate(append, { source: '/sdk/rum.js', app: 'vitals' })
  }

  async close() {
    this.#open = false
    await this.#tab.close()
  }

  get isOpen() {
    return this.#open
  }
}

/** The documents that were seen: what was kept of each by `page/probe.js`. */
function documents(kept) {
  const documents = new Map()
  for (const [key, value] of kept.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [timeOrigin, what] = key.split(' ')
    if (!documents.has(timeOrigin)) documents.set(timeOrigin, { timeOrigin: Number(timeOrigin), reports: [], bodies: [], warnings: [] })
    const document = documents.get(timeOrigin)
    if (what === 'report') document.reports.push(JSON.parse(value))
    else if (what === 'body') document.bodies.push(value)
    else if (what === 'warning') document.warnings.push(value)
    else document[what] = value
  }
  return [...documents.values()]
}

/**
 * Visits the site of a situation. Gives the `documents` that were open, in the order of their loads, each with the
 * `reports` of the libraries, the `bodies` of the SDK and the `warnings` in the console; the bodies that `arrived` from
 * whatever page; the site's `origin`; and the engine's `abilities`.
 */
export async function visit({ engine, scripts, situation, mode }) {
  const site = await Site.open({ pages: situation.pages, mode, scripts })
  let tab = await engine.tab()
  try {
    const visitor = new Visitor(tab, site, mode)
    await (situation.visit ?? ((visitor) => visitor.open()))(visitor)
    if (!situation.leaves) await visitor.leave()
    if (!visitor.isOpen) {
      tab = await engine.tab()
      await tab.open(site.origin + AFTER)
    }
    let seen = []
    const every = async () => {
      const kept = await within('what was kept', tab.evaluate('JSON.stringify(Object.entries(localStorage))'))
      seen = documents(JSON.parse(kept))
      return seen.every(({ open, left }) => !open || left) && seen
    }
    const stuck = (text) => {
      const known = seen.map(({ open, left, reports, bodies }) => `${open} (left: ${left}, ${reports.length} reports, ${bodies.length} bodies)`)
      return new Stuck(`${text}; seen were ${known.join(', ')}`)
    }
    const left = await until('every page that was seen is left', every, stuck)
    return { documents: left, arrived: site.bodies, origin: site.origin, abilities: engine.abilities }
  } finally {
    await tab.close()
    await site.close()
  }
}
