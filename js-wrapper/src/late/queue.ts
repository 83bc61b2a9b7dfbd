// The queue of bodies: each is kept until it was answered for good, by this page or the next one of the tab.
//
// A body is stored before it is sent and removed at its answer. So a page that is left, a tab that is killed and an answer
// that gets lost are all one case: the next page sends the body again, the same bytes, and the collector, which knows
// batches by their ids and rows by theirs, counts it once. The price is that a last body whose answer nobody heard goes
// twice when the visit goes on; without it a collector that refuses for a minute would lose, uncounted, every visit that ends in it.

import { now, wall } from '../clock'
import type { lose } from '../loss'
import { GONE } from '../transport'
import type { compress } from './compress'
import type { Send } from './send'
import { bytes } from './text'
import type { Unsent } from './unsent'

/** Bytes of keepalive bodies in flight. Browsers allow 64 KiB, of which half are left to the page's own, … */
const QUOTA = 32_000
/** … unless one body takes more: it would be lost with a page that is left. */
const LARGEST = 60_000

const enum Most {
  Bodies = 50,
  /** UTF-16 units of all bodies. */
  Units = 100_000,
  /** ms since a body was built. */
  Age = 24 * 36e5,
  /** ms between two tries that nobody asked for. */
  Backoff = 3e5,
}
const BACKOFF = 1e3

/** Statuses that may pass. A success that is none comes from something on the way, such as a network's log-in page. */
const FOR_NOW = /^(2|408|42[59]|5)/
/** What a body starts with; its fourth item is when it was built. What else stands in the storage is none, and counts as lost. */
const HEAD = /^\[\d+,\d,"\w+",(\d+)/

/** True if a body may still be sent. */
const lives = (body: string): boolean => wall() - +HEAD.exec(body)?.[1]! < Most.Age

/** ms to wait, as `Retry-After` has it: seconds, or a date. */
const asked = (after: string | null | undefined): number => (after ? +after * 1e3 || Date.parse(after) - wall() || 0 : 0)

/**
 * Sends bodies, which it keeps under keys of `keyOf`; what is given up goes to `lost`, successful answers to `answered`. While
 * `silent` nothing is sent. Returns what takes a body, and what sends all that may go now: everything if the page may be gone
 * after it, else one after the other. `online` tells that the network is back.
 */
export const queue = (
  keyOf: () => string,
  unsent: Unsent,
  send: Send,
  shrink: typeof compress,
  lost: typeof lose,
  answered?: (response: Response) => void,
  silent?: () => unknown,
) => {
  /** Bodies on their way, with what they take of the quota. */
  const flying = new Map<string, number>()
  // What runs for the first time is slow, and the next body may be a page's last.
  lives('')
  let failures = 0
  /** Before this, in ms since the time origin, nothing is tried again; not even at the end, if the collector said so. */
  let notBefore = 0
  let refused = false
  /** While the page is seen one goes after the other. */
  let underway = false
  /** All that may go is on its way: a page that is left is told so twice. */
  let gone = false
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Hears what becomes of a body. */
  const hear = async (key: string, answer: ReturnType<Send>): Promise<void> => {
    try {
      const response = await answer
      if (response) {
        // Chromium gives the quota of keepalive bodies back only when the answer was read.
        await response.text()
        // Who says anything else is not the collector, but something on the way to it.
        if (response.status != 204) throw response
      }
      unsent.set(key)
      failures = notBefore = 0
      if (response) answered?.(response)
    } catch (problem) {
      let status: number | undefined
      let after: string | null | undefined
      try {
        // No response: the network failed, or the page's own fetch, with whatever it likes.
        const { status: said, headers } = (problem || {}) as Partial<Response>
        status = said
        after = headers?.get?.('Retry-After')
      } catch {}
      refused = !!status
      if (status && !FOR_NOW.test('' + status)) unsent.set(key, GONE)
      else {
        let delay = asked(after)
        // Those that fail together are one failure. Jitter: many pages hear of an outage at the same time.
        if (!(now() < notBefore))
          delay = Math.max(delay, Math.min(BACKOFF * 2 ** failures++, Most.Backoff) * (0.5 + Math.random() / 2))
        notBefore = Math.max(notBefore, now() + delay)
      }
    }
    flying.delete(key)
    go()
  }

  /** Browsers look up where each function stands that leads to a request, which takes time: so these are few and short. */
  const fly = (key: string, small: string | ArrayBuffer, away: boolean): Promise<void> => {
    const size = (small as ArrayBuffer).byteLength || bytes(small as string)
    let inFlight = 0
    for (const charge of flying.values()) inFlight += charge
    // What does not fit goes without keepalive: a tab that is only switched away finishes it.
    const fits = inFlight + size <= (inFlight ? QUOTA : LARGEST)
    flying.set(key, fits ? size : 0)
    return hear(key, send(small, away, fits))
  }

  const go = (away?: boolean): [key: string, body: string][] | void => {
    if (away && gone) return
    gone = !!away
    clearTimeout(timer)
    if (silent?.()) return
    const due = unsent.all(!away).filter(([key, body]) => {
      if (lives(body)) return !flying.has(key)
      if (!away && !document.hidden) {
        lost()
        unsent.set(key)
      }
      return false
    })
    const left = notBefore - now()
    if (left > 0 && (refused || !away)) {
      // An unattended tab does not try. Timers of more than 24 days are none.
      timer = setTimeout(() => document.hidden || go(), Math.min(left, Most.Age))
      return
    }
    if (away) return due
    if (due[0] && !underway) {
      const [[key, body]] = due
      underway = true
      shrink(body)
        .catch(() => {})
        .then(async (small) => {
          // Nobody agrees any more, the page was left meanwhile, the collector has asked to wait, or another tab was faster.
          if (!silent?.() && !flying.has(key) && !(now() < notBefore) && unsent.all(true).some(([one]) => one == key)) await fly(key, small || body, false)
          underway = false
          go()
        })
    }
  }

  /** The page may be gone after this. */
  const leave = (): void => {
    for (const [key, body] of go(true) || []) fly(key, body, true)
  }
  /** Sends what may go, as long as anyone is here to wait for it. */
  const look = (): void => (document.hidden ? leave() : void go())

  const take = (body: string): void => {
    unsent.set(keyOf(), body)
    for (;;) {
      const left = unsent.all(false).filter(([, one]) => one != GONE)
      if (!left[1] || (left.length <= Most.Bodies && left.join().length <= Most.Units)) break
      // The oldest that is not on its way.
      unsent.set(left.find(([one]) => !flying.has(one))![0], GONE)
    }
    // Who is called last when the page is left sends it, with few functions on the stack. What comes after that goes at once.
    if (gone) {
      gone = false
      leave()
    } else setTimeout(look)
  }

  const online = (): void => {
    if (!refused) notBefore = 0
    go()
  }

  return { take, go, leave, look, online }
}
