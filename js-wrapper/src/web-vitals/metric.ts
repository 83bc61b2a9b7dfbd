// Metric objects, and when a page is told about them.

import { core } from './core'
import { activationStart, navigationEntry, restoredAt } from './navigation'
import type { Metric, MetricRatingThresholds, MetricType, ReportOpts } from './types/web-vitals-types'

type Named<Name extends Metric['name']> = Extract<MetricType, { name: Name }>
type Report = (force?: boolean) => void

const RATINGS = ['good', 'needs-improvement', 'poor'] as const

/** What began the visit that a metric is about, as metric objects say it. */
interface Visit {
  navigationType: Metric['navigationType']
  navigationId?: number
  navigationInteractionId?: number
  navigationURL?: string
  navigationStartTime?: number
}

const loadType = (entry?: PerformanceNavigationTiming): Metric['navigationType'] => {
  if (restoredAt >= 0) return 'back-forward-cache'
  if (!entry) return 'navigate'
  if (document.prerendering || activationStart() > 0) return 'prerender'
  if (document.wasDiscarded) return 'restore'
  return (entry.type?.replace(/_/g, '-') as Metric['navigationType']) || 'navigate'
}

/** A metric of the page's load, or of a later visit. */
export const createMetric = <Name extends Metric['name']>(name: Name, value = -1, visit?: Visit): Named<Name> => {
  const entry = navigationEntry()
  return {
    name,
    value,
    rating: 'good',
    delta: 0,
    entries: [],
    id: `v6-${Date.now()}-${Math.floor(Math.random() * (9e12 - 1)) + 1e12}`,
    navigationType: visit?.navigationType || loadType(entry),
    navigationId: visit?.navigationId || entry?.navigationId || 0,
    navigationInteractionId: visit?.navigationInteractionId,
    navigationURL: visit?.navigationURL || entry?.name,
    navigationStartTime: visit?.navigationStartTime || 0,
  } as unknown as Named<Name>
}

/** The visit that a restore from the back/forward cache begins: it has the address of the one before. */
export const restored = ({ navigationId, navigationInteractionId, navigationURL }: Metric): Visit => ({
  navigationType: 'back-forward-cache',
  navigationId,
  navigationInteractionId,
  navigationURL,
  navigationStartTime: restoredAt,
})

/** The visit that a soft navigation begins. */
export const softened = ({ navigationId, interactionId, name, startTime }: PerformanceSoftNavigation): Visit => ({
  navigationType: 'soft-navigation',
  navigationId,
  navigationInteractionId: interactionId,
  navigationURL: name,
  navigationStartTime: startTime,
})

/** What tells the page about `metric`: at every change if it asked for that, else only when forced to. */
export const createReport = <M extends MetricType>(
  callback: (metric: M) => void,
  metric: M,
  [good, fair]: MetricRatingThresholds,
  { reportAllChanges }: ReportOpts,
): Report => {
  let previous: number | undefined
  return (force) => {
    if (!force && !reportAllChanges) return
    const { value } = metric
    const delta = core.report_delta(value, previous)
    if (delta !== delta) return
    previous = value
    metric.delta = delta
    metric.rating = RATINGS[core.report_rating(value, good, fair)]
    callback(metric)
  }
}
