// Time to first byte.

import { core } from './core'
import { createMetric, createReport, restored, softened } from './metric'
import { activationStart, navigationEntry, onRestore, whenActivated } from './navigation'
import { observe } from './observe'
import { softNavigations } from './soft-navigation'
import type { MetricRatingThresholds, ReportOpts, TTFBMetric } from './types/web-vitals-types'

export const TTFBThresholds: MetricRatingThresholds = [800, 1800]

/** In a task after the load of an activated page: the navigation entry is complete then. */
const whenLoaded = (take: () => void): void => {
  if (document.prerendering) whenActivated(() => whenLoaded(take))
  else if (document.readyState !== 'complete') addEventListener('load', () => whenLoaded(take), true)
  else setTimeout(take)
}

export const measureTTFB = (callback: (metric: TTFBMetric) => void, options: ReportOpts = {}): void => {
  const soft = softNavigations(options)
  let metric = createMetric('TTFB')
  const report = () => createReport(callback, metric, TTFBThresholds, options)(true)
  whenLoaded(() => {
    const entry = navigationEntry()
    if (!entry) return
    metric.value = core.time_after(entry.responseStart, activationStart())
    metric.entries = [entry]
    report()
    onRestore(() => {
      metric = createMetric('TTFB', 0, restored(metric))
      report()
    })
    observe<PerformanceSoftNavigation>(
      soft,
      (entries) => {
        for (const entry of entries)
          if (entry.navigationId) {
            metric = createMetric('TTFB', 0, softened(entry))
            metric.entries = [entry]
            report()
          }
      },
      options,
    )
  })
}
