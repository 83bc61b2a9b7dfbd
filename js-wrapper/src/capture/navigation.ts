// Navigation timing of a document that is left before the second chunk comes, which records the whole.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { sink, type Fields } from '../stream'

/** First letters of navigate, reload, back_forward and prerender: their place is the kind. */
export const KINDS = 'nrbp'
/** In the order of the wire. What is 0 here the second chunk brings, for what it is worth it takes too many bytes of this one. */
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

/** Later ones would say the same. */
let done: number

/** Records the entry as it is when the page is left. */
export const takeNavigation = (): void => {
  const entry = navigationEntry()
  const t = now()
  // Browsers have reported zero, negative and future times: https://github.com/GoogleChrome/web-vitals/issues/137
  if (done || !entry || !(entry.responseStart > 0 && entry.responseStart < t)) return
  const moment = (name: (typeof FIELDS)[number]): number | null => micros(Math.max(0, entry[name as 'fetchStart'])) || null
  sink(Kind.Navigation, t, KINDS.indexOf(entry.type[0]!), ...(FIELDS.map(moment) as Rest))
  done = entry.domComplete
}
