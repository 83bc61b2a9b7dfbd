// Time to first byte, with its parts.

import { core } from '../core'
import { measureTTFB } from '../ttfb'
import type { AttributionReportOpts, TTFBAttribution, TTFBMetric, TTFBMetricWithAttribution } from '../types/web-vitals-types'

const attribute = ({ entries: [navigationEntry], value }: TTFBMetric): TTFBAttribution => {
  let part = (_: number) => 0
  if (navigationEntry instanceof PerformanceNavigationTiming) {
    const { activationStart = 0, workerStart, fetchStart, domainLookupStart, connectStart, connectEnd } = navigationEntry
    core.ttfb_parts(value, activationStart, workerStart, fetchStart, domainLookupStart, connectStart, connectEnd)
    part = core.last_part
  }
  return {
    waitingDuration: part(0),
    cacheDuration: part(1),
    dnsDuration: part(2),
    connectionDuration: part(3),
    requestDuration: part(4),
    navigationEntry,
  }
}

export const onTTFB = (callback: (metric: TTFBMetricWithAttribution) => void, options?: AttributionReportOpts): void => {
  if (core) measureTTFB((metric) => callback(Object.assign(metric, { attribution: attribute(metric) })), options)
}
