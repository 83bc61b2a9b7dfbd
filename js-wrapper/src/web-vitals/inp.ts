// Interaction to next paint.

import { core } from './core'
import { createMetric, createReport, restored, softened } from './metric'
import { onRestore, whenActivated } from './navigation'
import { observe } from './observe'
import { isSoftNavigation, softNavigations } from './soft-navigation'
import type { INPMetric, INPReportOpts, MetricRatingThresholds } from './types/web-vitals-types'
import { onHidden, watchVisibility, whenIdleOrHidden } from './visibility'

export const INPThresholds: MetricRatingThresholds = [200, 500]

/** In ms; durations are rounded to 8. What takes two frames is not worth the page's time. */
const DURATION_THRESHOLD = 40

/** One of the longest interactions. */
export interface Interaction {
  /** Its longest entry, with those that are as long and began with it. */
  entries: PerformanceEventTiming[]
  target?: string
}

/** What attribution wants to see. */
export interface INPHooks {
  /** Every entry before it is processed; answers with the number of its frame. */
  onEntry(entry: PerformanceEventTiming): number
  /** What an entry was added to, unless it is none of the longest. */
  onInteraction(interaction: Interaction, entry: PerformanceEventTiming): void
}

let counting = false
/** Where the browser does not count interactions, their ids do. */
const countByIds = () => {
  if (counting || 'interactionCount' in performance) return
  counting = !!observe<PerformanceEventTiming>(
    ['event'],
    (entries) => entries.forEach(({ interactionId }) => core.inp_guess(interactionId)),
    { durationThreshold: 0 },
  )
}
const interactionCount = (): number => (counting ? core.inp_guess(0) : (performance.interactionCount ?? 0))

export const measureINP = (
  callback: (metric: INPMetric) => void,
  options: INPReportOpts = {},
  inp = core.inp_new(),
  hooks?: INPHooks,
): void => {
  if (!globalThis.PerformanceEventTiming || !('interactionId' in PerformanceEventTiming.prototype)) return
  watchVisibility()
  whenActivated(() => {
    countByIds()
    /** The longest interactions by their slots. */
    let longest: Interaction[] = []
    /** The interactions of visits before this one. */
    let before = 0
    let metric = createMetric('INP')
    const bind = () => createReport(callback, metric, INPThresholds, options)
    let report = bind()
    const begin = (visit: ReturnType<typeof restored>) => {
      before = interactionCount()
      core.inp_restart(inp)
      longest = []
      metric = createMetric('INP', -1, visit)
      report = bind()
    }

    const process = (entry: PerformanceEventTiming) => {
      const frame = hooks?.onEntry(entry) || 0
      if (!entry.interactionId) return
      const answer = core.inp_entry(inp, entry.interactionId, entry.startTime, entry.duration, frame)
      if (answer < 0) return
      const slot = answer >> 2
      const what = answer & 3
      if (what > 2) longest[slot] = { entries: [entry] }
      const interaction = longest[slot]!
      if (what === 2) interaction.entries = [entry]
      if (what === 1) interaction.entries.push(entry)
      hooks?.onInteraction(interaction, entry)
    }

    const update = () => {
      const later = metric.navigationType === 'soft-navigation' || metric.navigationType === 'back-forward-cache'
      const slot = core.inp_longest(inp, interactionCount() - before, later)
      const value = core.last_part(0)
      if (slot >= 0 && value !== metric.value) {
        metric.value = value
        metric.entries = longest[slot]?.entries ?? []
        report()
      }
    }

    const take = (entries: (PerformanceEventTiming | PerformanceSoftNavigation)[], force?: boolean) =>
      // Later, so that all entries of a frame have come.
      whenIdleOrHidden(() => {
        for (const entry of entries)
          if (isSoftNavigation(entry)) {
            update()
            report(true)
            begin(softened(entry))
          } else process(entry)
        update()
        if (force) report(true)
      })

    const observer = observe(['event', 'first-input', ...softNavigations(options)], take, {
      ...options,
      durationThreshold: options.durationThreshold ?? DURATION_THRESHOLD,
    })
    if (observer) {
      onHidden(() => take(observer.takeRecords() as PerformanceEventTiming[], true))
      onRestore(() => begin(restored(metric)))
    }
  })
}
