// Navigations within a document, as the browser itself sees them. They are measured only where the page asks for it.

import type { ReportOpts } from './types/web-vitals-types'

const TYPE = 'soft-navigation'

/** The type to observe, if `options` and the browser say so: browsers before the final API have other entries. */
export const softNavigations = (options: ReportOpts): string[] =>
  options.reportSoftNavs &&
  globalThis.PerformanceObserver?.supportedEntryTypes?.includes(TYPE) &&
  typeof globalThis.PerformanceSoftNavigation?.prototype?.getLargestInteractionContentfulPaint === 'function'
    ? [TYPE]
    : []

export const isSoftNavigation = (entry: PerformanceEntry): entry is PerformanceSoftNavigation => entry.entryType === TYPE

/** The latest soft navigations by id, at most two: the browser itself keeps only the first 50. */
export class LatestSoftNavigations extends Map<number | undefined, PerformanceSoftNavigation> {
  keep(entry: PerformanceSoftNavigation): void {
    if (!entry.navigationId) return
    this.set(entry.navigationId, entry)
    if (this.size > 2) this.delete(this.keys().next().value)
  }
}
