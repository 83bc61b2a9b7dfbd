// The session: one id for a tab's or a browser's views, until 30 minutes without the user or four hours. It is in the
// sample or not, by its id and the rate in force when it began.

import { wall } from './clock'
import type { Id } from './generated/wire'
import { idAt, startOf } from './ids'
import { options } from './options'

/** Where the session is kept. */
export const KEY = 'wasm-rum'
/** ms without the user. */
export const IDLE = 30 * 6e4
const LONGEST = 4 * 36e5

export let sessionId: Id
/** When the user last did something, in ms since the epoch. */
let active = 0
/** The rate's version, the share of sessions in the sample, and whether errors are sampled: of this session, and of the next. */
let rate = '0;1'
let nextRate = rate

/** Its events are not sent: it is not in the sample, and nothing has happened for which they are sent all the same. */
export let held: boolean

/** True if a session of that id is not in the sample: the random half of the id decides. */
export const unsampled = (): boolean => parseInt(sessionId.slice(8), 16) >= 2 ** 32 * (rate.split(';')[1] as unknown as number)

/** The rate's version. Without one all sessions are in the sample. */
export const rateVersion = (): number | null => parseInt(rate) || null

/** An error or a poor vital is a reason to send all that is known, unless the rate says that errors are sampled as well. */
export const trigger = (): void => {
  if (!rate.split(';')[2]) held = false
}

/** Nobody has agreed so far: nothing is stored or sent. So it is until the start has asked. */
export let silent: unknown = 1
export const silence = (whether: unknown): void => {
  silent = whether
}

/** Where the session is kept, if it is. Asking for it may throw, and so may each use: it may be full, or forbidden. */
export const storage = (): Storage | undefined =>
  silent || options.session == 'memory' ? undefined : options.session == 'browser' ? localStorage : sessionStorage

/** Another document goes on from here; with `next`, sessions that begin later have that rate. */
export const saveSession = (next = nextRate): void => {
  nextRate = next
  try {
    if (storage()) storage()![KEY] = [sessionId, active, rate, nextRate] as unknown as string
  } catch {}
}

/** The session is as old as one may get. What an unattended tab does from then on is nobody's visit. */
export const outlived = (): boolean => !(wall() - startOf(sessionId) < LONGEST)

/** The user did something. True if another session goes on by it, because there was none or it is over; with 0 that is so. */
export const renewSession = (since = active): boolean => {
  const time = wall()
  const before = sessionId
  const over = (): boolean => !(time - active < IDLE) || outlived()
  active = since
  if (over()) {
    try {
      // The tab's, or what another tab has gone on with. What is no id has no start, and is over. Nothing is thrown where there
      // is none: for the message the browser would read the whole script again. A time may come as its digits.
      ;[sessionId, active, rate = nextRate, nextRate = nextRate] = (storage()?.[KEY] || '').split(',') as [Id, never, string, string]
    } catch {}
    if (over()) {
      sessionId = idAt(time)
      rate = nextRate
    }
    held = unsampled()
  }
  active = time
  return before != sessionId
}
