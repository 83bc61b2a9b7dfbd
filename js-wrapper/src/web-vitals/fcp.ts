// First contentful paint.

import { core } from './core'
import { createMetric, createReport, restored, softened } from './metric'
import { activationStart, afterFrame, onRestore, whenActivated } from './navigation'
import { observe } from './observe'
import { softNavigations } from './soft-navigation'
import type { FCPMetric, MetricRatingThresholds, ReportOpts } from './types/web-vitals-types'
import { watchVisibility } from './visibility'

export const FCPThresholds: MetricRatingThresholds = [1800, 3000]

/** `onSoftNavigation` is told about soft navigations before they are reported. */
export const measureFCP = (
  callback: (metric: FCPMetric) => void,
  options: ReportOpts = {},
  onSoftNavigation?: (entry: PerformanceSoftNavigation) => void,
): void => {
  const soft = softNavigations(options)
  whenActivated(() => {
    watchVisibility()
    let metric = createMetric('FCP')
    const bind = () => createReport(callback, metric, FCPThresholds, options)
    let report = bind()

    const observer = observe<PerformancePaintTiming>(['paint'], (entries) => {
      for (const entry of entries)
        if (entry.name === 'first-contentful-paint') {
          observer!.disconnect()
          if (core.page_seen(entry.startTime)) {
            metric.value = core.time_after(entry.startTime, activationStart())
            metric.entries.push(entry)
            metric.navigationId = entry.navigationId || metric.navigationId
            report(true)
          }
        }
    })
    if (observer)
      onRestore(({ timeStamp }) => {
        metric = createMetric('FCP', -1, restored(metric))
        report = bind()
        afterFrame(() => {
          metric.value = performance.now() - timeStamp
          report(true)
        })
      })

    observe<PerformanceSoftNavigation>(
      soft,
      (entries) => {
        for (const entry of entries) {
          onSoftNavigation?.(entry)
          const painted = entry.presentationTime || entry.paintTime || 0
          metric = createMetric('FCP', core.time_after(painted, entry.startTime), softened(entry))
          report = bind()
          report(true)
        }
      },
      options,
    )
  })
}
