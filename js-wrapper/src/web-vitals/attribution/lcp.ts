// Largest contentful paint, with its element, resource and parts.

import { core } from '../core'
import { measureLCP } from '../lcp'
import { navigationEntry as currentNavigation } from '../navigation'
import { observe } from '../observe'
import { LatestSoftNavigations } from '../soft-navigation'
import type { LCPAttribution, LCPAttributionReportOpts, LCPMetric, LCPMetricWithAttribution } from '../types/web-vitals-types'
import { targetOf } from './selector'

/** The latest resources: the browser's own buffer has only the first 250. */
const resources: PerformanceResourceTiming[] = []
let mostResources = 50

observe<PerformanceResourceTiming>(['resource'], (entries) => {
  for (const entry of entries) {
    resources.push(entry)
    if (resources.length > mostResources) resources.shift()
  }
})

/** `requestStart` is hidden for other origins that do not allow it. */
const requestStart = ({ requestStart, startTime }: PerformanceResourceTiming): number => requestStart || startTime

/** The last request for the candidate's URL that began before the paint. Its end may be later: videos go on loading. */
const resourceOf = ({ url, startTime }: LargestContentfulPaint): PerformanceResourceTiming | undefined => {
  const isIt = (entry: PerformanceResourceTiming) => entry.name === url && requestStart(entry) <= startTime
  return url ? resources.findLast(isIt) || performance.getEntriesByType('resource').findLast(isIt) : undefined
}

export const onLCP = (callback: (metric: LCPMetricWithAttribution) => void, options?: LCPAttributionReportOpts): void => {
  if (!core) return
  const own = { ...options }
  mostResources = own.resourceBufferSize ?? mostResources
  const targets = new WeakMap<LargestContentfulPaint, string>()
  const softNavigations = new LatestSoftNavigations()

  const attribute = (metric: LCPMetric): LCPAttribution => {
    const { value } = metric
    const attribution: LCPAttribution = { timeToFirstByte: 0, resourceLoadDelay: 0, resourceLoadDuration: 0, elementRenderDelay: value }
    const lcpEntry = metric.entries.at(-1)
    if (!lcpEntry) return attribution
    const resource = resourceOf(lcpEntry)
    attribution.target = targets.get(lcpEntry)
    attribution.lcpEntry = lcpEntry
    if (lcpEntry.url) attribution.url = lcpEntry.url
    if (resource) attribution.lcpResourceEntry = resource

    let navigationEntry: LCPAttribution['navigationEntry']
    let origin = metric.navigationStartTime || 0
    let responseStart = 0
    if (metric.navigationType === 'soft-navigation') navigationEntry = softNavigations.get(metric.navigationId)
    else {
      const entry = currentNavigation()
      origin = entry?.activationStart ?? 0
      responseStart = entry?.responseStart ?? 0
      navigationEntry = entry
    }
    if (!navigationEntry) return attribution
    core.lcp_parts(value, origin, responseStart, resource && requestStart(resource), resource?.responseEnd)
    const { last_part: part } = core
    return Object.assign(attribution, {
      timeToFirstByte: part(0),
      resourceLoadDelay: part(1),
      resourceLoadDuration: part(2),
      elementRenderDelay: part(3),
      navigationEntry,
    })
  }

  measureLCP((metric) => callback(Object.assign(metric, { attribution: attribute(metric) })), own, {
    onSoftNavigation: (entry) => softNavigations.keep(entry),
    // The element may be gone when it is reported, or is gone already.
    onCandidate(entry) {
      if (entry.element) targets.set(entry, targetOf(entry.element, own))
      else if (entry.id) targets.set(entry, '#' + entry.id)
    },
  })
}
