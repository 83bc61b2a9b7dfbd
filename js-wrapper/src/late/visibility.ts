// What can be told later about when the page was seen.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { guard, listen, navigationEntry, sink } from './hooks'

/** The page may have been hidden, and seen again, before the capture script came. */
export const recordHiddenBefore = (): void => {
  const seenAt = navigationEntry()?.activationStart || 0
  const first = performance
    .getEntriesByType('visibility-state')
    .find(({ name, startTime }) => name == 'hidden' && startTime >= seenAt)
  if (first) sink(Kind.Visibility, first.startTime, 1)
}

/** Calls `restored` after each restore from the back/forward cache, and records when it was painted. */
export const captureRestores = (restored: () => void): void =>
  listen('pageshow', ({ persisted, timeStamp }: PageTransitionEvent) => {
    if (!persisted) return
    restored()
    requestAnimationFrame(() =>
      requestAnimationFrame(
        guard(() => {
          const painted = micros(now() - timeStamp)
          sink(Kind.Restore, timeStamp, painted, window.LargestContentfulPaint ? painted : null)
        }),
      ),
    )
  })
