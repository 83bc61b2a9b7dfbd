// PerformanceObservers, one a type, from the page's first entry on.

import { guard } from '../guard'
import { dropped } from '../loss'
import { beforeCut } from '../view'

/** Gives every entry of `type` to `take`, those before this call included. True if the browser has such entries. */
export const observe = <E extends PerformanceEntry>(
  type: string,
  take: (entry: E) => void,
  durationThreshold?: number,
): unknown => {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return
  const takeAll = (entries: PerformanceEntryList) => (entries as E[]).forEach(take)
  const observer = new PerformanceObserver(
    guard((list: PerformanceObserverEntryList, _: unknown, about?: { droppedEntriesCount?: number }) => {
      if (about?.droppedEntriesCount) dropped.set(type, about.droppedEntriesCount)
      takeAll(list.getEntries())
    }),
  )
  observer.observe({ type, buffered: true, durationThreshold } as PerformanceObserverInit)
  // When the page is hidden the browser may never deliver these.
  return beforeCut(() => takeAll(observer.takeRecords()))
}
