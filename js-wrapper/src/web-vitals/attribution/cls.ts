// Cumulative layout shift, with its largest shift.

import { measureCLS } from '../cls'
import { core } from '../core'
import type { AttributionReportOpts, CLSAttribution, CLSMetric, CLSMetricWithAttribution } from '../types/web-vitals-types'
import { loadState } from './load-state'
import { targetOf } from './selector'

/** What a shift is blamed on: its first source that is an element. */
const sourceOf = ({ sources }: LayoutShift): LayoutShiftAttribution | undefined =>
  sources?.find(({ node }) => node?.nodeType === 1) || sources?.[0]

export const onCLS = (callback: (metric: CLSMetricWithAttribution) => void, options?: AttributionReportOpts): void => {
  if (!core) return
  const own = { ...options }
  const targets = new WeakMap<LayoutShiftAttribution, string>()

  const attribute = ({ entries }: CLSMetric): CLSAttribution => {
    if (!entries[0]) return {}
    // Of equals the later.
    const largest = entries.reduce((a, b) => (a.value > b.value ? a : b))
    const source = sourceOf(largest)
    if (!source) return {}
    return {
      largestShiftTarget: targets.get(source),
      largestShiftTime: largest.startTime,
      largestShiftValue: largest.value,
      largestShiftSource: source,
      largestShiftEntry: largest,
      loadState: loadState(largest.startTime),
    }
  }

  measureCLS(
    (metric) => callback(Object.assign(metric, { attribution: attribute(metric) })),
    own,
    // The node may be gone when it is reported.
    (entry) => {
      const source = sourceOf(entry)
      if (source?.node) targets.set(source, targetOf(source.node, own))
    },
  )
}
