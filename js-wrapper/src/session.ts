// The session: one id for a tab's views, until 30 minutes without the user or four hours.

import { wall } from './clock'
import type { Id } from './generated/wire'
import { idAt, startOf } from './ids'

const KEY = 'wasm-rum'
const IDLE = 30 * 6e4
const LONGEST = 4 * 36e5

export let sessionId: Id
/** When the user last did something, in ms since the epoch. */
let active = 0

/** Another document of the tab goes on from here. */
export const saveSession = (): void => {
  try {
    // Storage may be full, or forbidden.
    sessionStorage.setItem(KEY, sessionId + active)
  } catch {}
}

/** The session is as old as one may get. What an unattended tab does from then on is nobody's visit. */
export const outlived = (): boolean => !!sessionId && !(wall() - startOf(sessionId) < LONGEST)

/** The user did something. True if a new session begins by it, because there is none or it is over. */
export const renewSession = (): boolean => {
  const time = wall()
  const over = !(time - active < IDLE && !outlived())
  if (over) sessionId = idAt(time)
  active = time
  return over
}

/** Takes up the tab's session. */
export const restoreSession = (): void => {
  try {
    // What is no id has no start, and is over. To throw for want of one would be most of this step's time.
    const saved = sessionStorage.getItem(KEY) || ''
    sessionId = saved.slice(0, 16)
    active = +saved.slice(16)
  } catch {}
  renewSession()
}
