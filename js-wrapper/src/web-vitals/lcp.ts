// Largest contentful paint.

import { core } from './core'
import { createMetric, createReport, restored, softened } from './metric'
import { activationStart, afterFrame, onRestore, whenActivated } from './navigation'
import { observe } from './observe'
import { isSoftNavigation, softNavigations } from './soft-navigation'
import type { LCPMetric, MetricRatingThresholds, ReportOpts } from './types/web-vitals-types'
import { visible, watchVisibility, whenIdleOrHidden } from './visibility'

export const LCPThresholds: MetricRatingThresholds = [2500, 4000]

const TYPE = 'largest-contentful-paint'
type Entry = LargestContentfulPaint | InteractionContentfulPaint | PerformanceSoftNavigation

const isLargestPaint = (entry: Entry): entry is LargestContentfulPaint => entry.entryType === TYPE

/** What attribution wants to see before it is reported. */
export interface LCPHooks {
  onSoftNavigation(entry: PerformanceSoftNavigation): void
  onCandidate(entry: LargestContentfulPaint): void
}

export const measureLCP = (callback: (metric: LCPMetric) => void, options: ReportOpts = {}, hooks?: LCPHooks): void => {
  // Candidates of soft navigations go on coming after their metric is final.
  let final = false
  const soft = softNavigations(options)

  whenActivated(() => {
    watchVisibility()
    let metric = createMetric('LCP')
    const bind = () => createReport(callback, metric, LCPThresholds, options)
    let report = bind()
    const begin = (visit: ReturnType<typeof restored>) => {
      metric = createMetric('LCP', -1, visit)
      report = bind()
      final = false
    }

    const take = (entries: Entry[]) => {
      if (!options.reportAllChanges && !soft[0]) entries = entries.slice(-1)
      for (const entry of entries) {
        if (isSoftNavigation(entry)) {
          hooks?.onSoftNavigation(entry)
          if (!final) report(true)
          begin(softened(entry))
          visible()
          // It may be absent: https://github.com/GoogleChrome/web-vitals/issues/725
          const largest = entry.getLargestInteractionContentfulPaint?.()
          if (largest) take([largest])
          continue
        }
        let candidate: LargestContentfulPaint | undefined
        let painted = entry.startTime
        let origin = painted
        if (isLargestPaint(entry)) {
          candidate = entry
          origin = activationStart()
        } else {
          // A paint that an interaction caused: only that of the soft navigation which it caused counts.
          if (!metric.navigationId || ('interactionId' in entry && entry.interactionId != metric.navigationInteractionId)) continue
          candidate = entry.largestContentfulPaint
          painted = candidate?.renderTime || 0
        }
        if (candidate) hooks?.onCandidate(candidate)
        if (core.page_seen(painted)) {
          metric.value = core.time_after(painted, origin)
          metric.entries = candidate ? [candidate] : []
          report()
        }
      }
    }

    const observer = observe<Entry>([TYPE, ...(soft[0] ? ['interaction-contentful-paint'] : []), ...soft], take)
    if (!observer) return

    // The browser stops at an input or when the page is hidden, but does not say so. It stops at scrolling too, which
    // pages can cause themselves: https://github.com/GoogleChrome/web-vitals/issues/75
    const ends = ['keydown', 'click', 'visibilitychange']
    const end = ({ isTrusted }: Event) => {
      if (!isTrusted || final) return
      const { id } = metric
      // In a task of its own: the interaction should not wait for the page's callback.
      whenIdleOrHidden(() => {
        if (final) return
        if (!soft[0]) {
          observer.disconnect()
          for (const type of ends) removeEventListener(type, end, true)
        }
        if (id === metric.id) {
          final = true
          report(true)
        }
      })
    }
    for (const type of ends) addEventListener(type, end, true)

    onRestore(({ timeStamp }) => {
      begin(restored(metric))
      afterFrame(() => {
        metric.value = performance.now() - timeStamp
        final = true
        report(true)
      })
    })
  })
}
