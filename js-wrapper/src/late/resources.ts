// The resources that the page loads.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { observe, options, plainUrl, sink } from './hooks'
import { bounded } from './sampling'

/** Records every resource, but our own batches. */
export const captureResources = (weight: number | null): void => {
  const fits = bounded()
  const ours = new URL(`${options.endpoint}/v1/batches`, location.href).href
  observe('resource', (entry: PerformanceResourceTiming) => {
    const { name, startTime, connectEnd, responseStart, responseEnd, renderBlockingStatus } = entry
    if (name.startsWith(ours) || !fits()) return
    // What another origin does not want to be known is 0, and so is the start of the request.
    const known = (number: number): number | null => (entry.requestStart ? number : number || null)
    const span = (start: number, end: number): number | null => (start && end ? micros(end - start) : null)
    sink(
      Kind.Resource,
      responseEnd,
      micros(startTime),
      micros(entry.duration),
      plainUrl(name),
      entry.initiatorType,
      entry.responseStatus || null,
      known(entry.transferSize),
      known(entry.encodedBodySize),
      known(entry.decodedBodySize),
      entry.nextHopProtocol || null,
      renderBlockingStatus ? +(renderBlockingStatus == 'blocking') : null,
      entry.deliveryType || null,
      span(entry.redirectStart, entry.redirectEnd),
      span(entry.domainLookupStart, entry.domainLookupEnd),
      span(entry.connectStart, connectEnd),
      span(entry.secureConnectionStart, connectEnd),
      span(entry.requestStart, responseStart),
      span(responseStart, responseEnd),
      weight,
    )
  })
}
