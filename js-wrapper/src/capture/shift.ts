// Layout shifts.

import { Kind } from '../generated/wire'
import { sink } from '../stream'
import { observe } from './observe'
import { selector } from './selector'

export const captureShifts = (): unknown =>
  observe('layout-shift', (entry: LayoutShift) => {
    // With input it can never count, and a drag would fill the queue.
    if (!entry.hadRecentInput)
      sink(
        Kind.Shift,
        entry.startTime,
        Math.round(entry.value * 1e6),
        0,
        // Each is asked for its element: which one is the largest of its window is not known before the element may be gone.
        selector((entry.sources?.find(({ node }) => node?.nodeType == 1) || entry.sources?.[0])?.node),
      )
    // One that does not count says that shifts would be told: in a browser without them no shift is not the best score.
  }) && sink(Kind.Shift, 0, 0, 1)
