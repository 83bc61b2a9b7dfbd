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
let viewport: [width?: number, height?: number] = []

/** Looks at the viewport after the browser's own layout: on phones whoever asks at another time may cost one. */
export const watchViewport = (): void =>
  new ResizeObserver((_, observer) => {
    viewport = [innerWidth, innerHeight]
    observer.disconnect()
  }).observe(document.documentElement)

/** The JSON of the document. */
export const describe = (reason?: RawReason): string => {
  // Once, for it has to be the same in all batches.
  known ||= [
    Math.round(performance.timeOrigin),
    location.origin,
    __VERSION__,
    options.release,
    options.environment,
    null,
    navigator.connection?.effectiveType,
    ...viewport,
  ]
  return JSON.stringify([...known, reason])
}
