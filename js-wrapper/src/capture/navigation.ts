// Navigation timing of a document that is left before the second chunk comes, which records the whole.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { sink, type Fields } from '../stream'

/** First letters of navigate, reload, back_forward and prerender: their place is the kind. */
const KINDS = 'nrbp'
/** The browser had thrown the tab away to save memory, and loaded it again when the user came back. */
const DISCARDED = 4
/** In the order of the wire. What is 0 here, a number of bytes or a moment after this one, the second chunk brings. */
const FIELDS = [
  0,
  0,
  0,
  0,
  0,
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
  0,
  'domComplete',
  0,
  0,
  'workerStart',
  0,
  0,
  'activationStart',
] as const
type Rest = Fields<Kind.Navigation> extends [unknown, ...infer R] ? R : never

/** The document's navigation entry. */
export const navigationEntry = (): PerformanceNavigationTiming | undefined =>
  performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined

/** The kind of its navigation, as the wire has it. */
export const kindOf = (entry: PerformanceNavigationTiming): number =>
  document.wasDiscarded ? DISCARDED : KINDS.indexOf(entry.type[0]!)

/** Later ones would say the same. */
let done: number

/** Records the entry as it is when the page is left. */
export const takeNavigation = (): void => {
  const entry = navigationEntry()
  const t = now()
  // Browsers have reported zero, negative and future times: https://github.com/GoogleChrome/web-vitals/issues/137
  if (done || !entry || !(entry.responseStart > 0 && entry.responseStart < t)) return
  const moment = (name: (typeof FIELDS)[number]): number | null => micros(Math.max(0, entry[name as 'fetchStart'])) || null
  sink(Kind.Navigation, t, kindOf(entry), ...(FIELDS.map(moment) as Rest))
  done = entry.domComplete
}
