// Layout shifts.

import { Kind, type Id } from '../generated/wire'
import { sink } from '../stream'
import { viewId } from '../view'
import { observe } from './observe'
import { selector } from './selector'

/** Session windows of CLS (https://web.dev/articles/cls), in ms. */
const GAP = 1e3
const LENGTH = 5e3

export const captureShifts = (): void => {
  let first = 0
  let last = 0
  let largest = 0
  let view: Id | undefined
  observe('layout-shift', ({ startTime, value, hadRecentInput, sources }: LayoutShift) => {
    // It can never count, and a drag would fill the queue.
    if (hadRecentInput) return
    // Only the largest shift of a window is asked for its element.
    if (startTime - last >= GAP || startTime - first >= LENGTH || view != viewId) {
      first = startTime
      largest = 0
      view = viewId
    }
    last = startTime
    let target = null
    if (value > largest) {
      largest = value
      target = selector(sources?.find(({ node }) => node?.nodeType == 1)?.node)
    }
    sink(Kind.Shift, startTime, Math.round(value * 1e6), 0, target)
  })
}
