// What is the same for the whole document.

import type { Document } from './generated/wire'
import { options } from './options'

/** Why a batch is raw. */
export const enum RawReason {
  NotReady = 1,
  NotLoaded = 2,
  Trapped = 3,
}

let known: Document | undefined

/** The JSON of the document. */
export const describe = (reason?: RawReason): string => {
  // Only when it is needed, for the viewport's size may cost a layout; and once, for it has to be the same in all batches.
  known ||= [
    Math.round(performance.timeOrigin),
    location.origin,
    __VERSION__,
    options.release,
    options.environment,
    null,
    navigator.connection?.effectiveType,
    innerWidth,
    innerHeight,
  ]
  return JSON.stringify([...known, reason])
}
