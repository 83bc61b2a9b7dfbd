// Navigation timing of the document.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { sink } from '../stream'
import { beforeCut } from '../view'

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

export const captureNavigation = (): void => {
  let complete = false
  const take = (): void => {
    const entry = navigationEntry()
    // Browsers have reported zero, negative and future times: https://github.com/GoogleChrome/web-vitals/issues/137
    if (complete || !entry || entry.responseStart <= 0 || entry.responseStart >= now()) return
    complete = entry.loadEventEnd > 0
    const moments = MOMENTS.map((name) => {
      const ms = entry[name]!
      return ms > 0 ? micros(ms) : null
    }) as Numbers<typeof MOMENTS>
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
  // Reported like the vitals, so not before a cut: complete then, or the page is left before its load event.
  beforeCut(take)
}
