// First contentful paint, with its parts.

import { core } from '../core'
import { measureFCP } from '../fcp'
import { navigationEntry as currentNavigation, restoredAt } from '../navigation'
import { LatestSoftNavigations } from '../soft-navigation'
import type { AttributionReportOpts, FCPAttribution, FCPMetric, FCPMetricWithAttribution } from '../types/web-vitals-types'
import { loadState } from './load-state'

export const onFCP = (callback: (metric: FCPMetricWithAttribution) => void, options?: AttributionReportOpts): void => {
  if (!core) return
  const softNavigations = new LatestSoftNavigations()

  const attribute = ({ entries, navigationId, navigationType, value }: FCPMetric): FCPAttribution => {
    const soft = navigationType === 'soft-navigation'
    const fcpEntry = entries.at(-1)
    const navigationEntry = soft ? softNavigations.get(navigationId) : fcpEntry && currentNavigation()
    if (!navigationEntry) return { timeToFirstByte: 0, firstByteToFCP: value, loadState: loadState(restoredAt) }
    if (soft) return { timeToFirstByte: 0, firstByteToFCP: value, loadState: 'complete', navigationEntry }
    const { responseStart, activationStart = 0 } = navigationEntry as PerformanceNavigationTiming
    const timeToFirstByte = core.time_after(responseStart, activationStart)
    return {
      timeToFirstByte,
      firstByteToFCP: value - timeToFirstByte,
      loadState: loadState(fcpEntry!.startTime),
      navigationEntry,
      fcpEntry,
    }
  }

  measureFCP(
    (metric) => callback(Object.assign(metric, { attribution: attribute(metric) })),
    { ...options },
    (entry) => softNavigations.keep(entry),
  )
}
