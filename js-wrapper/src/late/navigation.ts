// Navigation timing of the document, once it is complete.

import { micros, now } from '../clock'
import { KINDS } from '../capture/navigation'
import { Kind } from '../generated/wire'
import { navigationEntry, sink, takeNavigation } from './hooks'

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

/** Records the navigation; the browser knows it whole when the load event has ended. */
export const recordNavigation = (): void => {
  // The capture script has no more to add then.
  takeNavigation()
  const entry = navigationEntry()
  // Browsers have reported zero, negative and future times: https://github.com/GoogleChrome/web-vitals/issues/137
  if (!entry || entry.responseStart <= 0 || entry.responseStart >= now()) return
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
