// Cumulative layout shift.

import { core } from './core'
import { measureFCP } from './fcp'
import { createMetric, createReport, restored, softened } from './metric'
import { afterFrame, onRestore } from './navigation'
import { observe } from './observe'
import { isSoftNavigation, softNavigations } from './soft-navigation'
import type { CLSMetric, MetricRatingThresholds, ReportOpts } from './types/web-vitals-types'
import { onHidden, watchVisibility } from './visibility'

export const CLSThresholds: MetricRatingThresholds = [0.1, 0.25]

/** `onShift` is told about shifts that count, as soon as they come. */
export const measureCLS = (
  callback: (metric: CLSMetric) => void,
  options: ReportOpts = {},
  onShift?: (entry: LayoutShift) => void,
): void => {
  watchVisibility()
  let begun = false
  // A page that painted nothing has no layout to be unstable.
  measureFCP(() => {
    if (begun) return
    begun = true
    const window = core.cls_new()
    /** The shifts of the window. */
    let shifts: LayoutShift[] = []
    let metric = createMetric('CLS', 0)
    const bind = () => createReport(callback, metric, CLSThresholds, options)
    let report = bind()
    const begin = (visit: ReturnType<typeof restored>) => {
      metric = createMetric('CLS', 0, visit)
      core.cls_restart(window)
      report = bind()
    }
    const update = (force?: boolean) => {
      const score = core.cls_score(window)
      if (score > metric.value) {
        metric.value = score
        metric.entries = shifts
      }
      report(force)
    }

    const take = (entries: (LayoutShift | PerformanceSoftNavigation)[]) => {
      for (const entry of entries)
        if (isSoftNavigation(entry)) {
          update(true)
          begin(softened(entry))
        } else if (!entry.hadRecentInput) {
          if (core.cls_shift(window, entry.startTime, entry.value)) shifts.push(entry)
          else shifts = [entry]
          onShift?.(entry)
        }
      update()
    }

    const observer = observe(['layout-shift', ...softNavigations(options)], take)
    if (observer) {
      onHidden(() => {
        take(observer.takeRecords() as LayoutShift[])
        report(true)
      })
      onRestore(() => {
        begin(restored(metric))
        afterFrame(report)
      })
      // For those who want to know every change: 0 is one.
      setTimeout(report)
    }
  })
}
