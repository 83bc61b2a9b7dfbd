// Bodies: what is the same for the whole document, and what is sent of it.

import { wall } from './clock'
import { VERSION, type Document } from './generated/wire'
import { randomId } from './ids'
import { options } from './options'
import { rateVersion } from './session'

/** Why a body is raw. */
export const enum RawReason {
  NotReady = 1,
  NotLoaded = 2,
  Trapped = 3,
  /** The page did not end by itself. */
  Crashed = 4,
}

const describe = (reason?: RawReason): Document => [
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

/** A body of what the core has made; with a `reason` of records, which are raw. */
export const bodyOf = (items: string[], reason?: RawReason): string =>
  `[${VERSION},${reason ? 1 : 0},"${randomId()}",${wall()},${JSON.stringify(describe(reason))},[${items}]]`
