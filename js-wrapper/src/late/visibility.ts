// What can be told later about when the page was seen.

import { Kind } from '../generated/wire'
import { navigationEntry, sink } from './hooks'

/** The page may have been hidden, and seen again, before the capture script came. */
export const recordHiddenBefore = (): void => {
  const seenAt = navigationEntry()?.activationStart || 0
  const first = performance
    .getEntriesByType('visibility-state')
    .find(({ name, startTime }) => name == 'hidden' && startTime >= seenAt)
  if (first) sink(Kind.Visibility, first.startTime, 1)
}
