// What is the same for the whole document.

import type { Document } from './generated/wire'
import { options } from './options'
import { rateVersion } from './session'

/** Why a batch is raw. */
export const enum RawReason {
  NotReady = 1,
  NotLoaded = 2,
  Trapped = 3,
  /** The page did not end by itself. */
  Crashed = 4,
}

/** The JSON of the document. */
export const describe = (reason?: RawReason): string => {
  const described: Document = [
    Math.round(performance.timeOrigin),
    location.origin,
    __VERSION__,
    options.release,
    options.environment,
    rateVersion(),
    navigator.connection?.effectiveType,
    // The viewport is told later: to ask for it now may cost a layout.
    null,
    null,
    reason,
  ]
  return JSON.stringify(described)
}
