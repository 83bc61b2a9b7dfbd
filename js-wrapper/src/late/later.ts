// A tab may end without a word, by a crash. So the browser has a snapshot of what waits, and sends it then
// (https://developer.mozilla.org/docs/Web/API/fetchLater_API). Rows have the same names as those of a later report, so that what
// comes twice counts once.

import { RawReason } from '../body'
import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { CutReason } from '../view'
import { witness } from './holder'
import { address, bodyOf, delay, guard, options, queued, state } from './hooks'

declare const fetchLater: ((url: string, init: RequestInit) => unknown) | undefined

const CUT = new RegExp(`^\\[${Kind.Cut},\\d+,\\d+`)

/** ms from the first record that waits to the next snapshot. */
const PAUSE = 5_000

let timer: ReturnType<typeof setTimeout> | undefined
let snapshot = new AbortController()

/** What waited is on its way. */
export const forget = (): void => {
  clearTimeout(timer)
  timer = undefined
  // For want of a reason the browser would make an error, with its stack.
  snapshot.abort(0)
}

/** Entrusts to the browser what is recorded from now on. */
export const entrust = (): void => {
  const take = guard(() => {
    forget()
    const [, , , , mute] = state()
    if (mute) return
    snapshot = new AbortController()
    const known = queued()
    // A report as the last one was: what it says beside the vitals stands.
    const cut = known.filter((text) => CUT.test(text)).pop() || `[${Kind.Cut},0,0,${CutReason.Hidden}]`
    const records = [...known, cut.replace(CUT, `[${Kind.Cut},0,${micros(now())}`)]
    const body = bodyOf(records, RawReason.Crashed)
    try {
      fetchLater!(address(), { method: 'POST', body, credentials: 'omit', signal: snapshot.signal })
    } catch {
      // There is no more room.
    }
  })
  // Who wants to see events first cannot see these.
  if ('fetchLater' in window && !options.beforeSend) witness(() => (timer ||= delay(take, PAUSE)))
}
