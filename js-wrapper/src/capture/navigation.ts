// Navigation timing of the document.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { sink } from '../stream'

/** First letters of navigate, reload, back_forward and prerender: their place is the kind. */
const KINDS = 'nrbp'
/** The browser had thrown the tab away to save memory, and loaded it again when the user came back. */
const DISCARDED = 4
/** In the order of the wire. */
const MOMENTS = [
  'fetchStart',
  'domainLookupStart',
  'domainLookupEnd',
  'connectStart',
  'connectEnd',
  'requestStart',
  'responseStart',
  'responseEnd',
  'domInteractive',
  'domContentLoadedEventStart',
  'domContentLoadedEventEnd',
  'domComplete',
  'loadEventEnd',
  'secureConnectionStart',
  'workerStart',
  'redirectStart',
  'redirectEnd',
  'activationStart',
] as const
type Numbers<T extends readonly unknown[]> = { -readonly [I in keyof T]: number | null }

/** The document's navigation entry. */
export const navigationEntry = (): PerformanceNavigationTiming | undefined =>
  performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined

let complete = false

/** Records the entry, once it is complete, or as it is when the page is left. */
export const takeNavigation = (): void => {
  const entry = navigationEntry()
  // Browsers have reported zero, negative and future times: https://github.com/GoogleChrome/web-vitals/issues/137
  if (complete || !entry || entry.responseStart <= 0 || entry.responseStart >= now()) return
  complete = entry.loadEventEnd > 0
  // What did not happen is 0, and undefined in browsers that do not know it.
  const moments = MOMENTS.map((name) => micros(Math.max(0, entry[name]!)) || null) as Numbers<typeof MOMENTS>
  sink(
    Kind.Navigation,
    now(),
    document.wasDiscarded ? DISCARDED : KINDS.indexOf(entry.type[0]!),
    entry.transferSize,
    entry.encodedBodySize,
    entry.decodedBodySize,
    entry.responseStatus || null,
    entry.nextHopProtocol || null,
    ...moments,
  )
}
