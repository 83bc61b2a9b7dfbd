// PerformanceObservers, one a type, from the page's first entry on.

import { guard } from '../guard'

const pending: (() => void)[] = []
/** Entries that the browser's full buffers refused before we observed. */
export let lostEntries = 0

/** Gives every entry of `type` to `take`, those before this call included. */
export const observe = <E extends PerformanceEntry>(
  type: string,
  take: (entry: E) => void,
  durationThreshold?: number,
): void => {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return
  const takeAll = (entries: PerformanceEntryList) => (entries as E[]).forEach(take)
  const observer = new PerformanceObserver(
    guard((list: PerformanceObserverEntryList, _: unknown, about?: { droppedEntriesCount?: number }) => {
      lostEntries += about?.droppedEntriesCount || 0
      takeAll(list.getEntries())
    }),
  )
  observer.observe({ type, buffered: true, durationThreshold } as PerformanceObserverInit)
  pending.push(() => takeAll(observer.takeRecords()))
}

/** Takes the entries that the browser has not delivered yet: when the page is hidden it may never do so. */
export const takePending = (): void => pending.forEach((take) => take())
