// Whether anyone sees the page. When it is hidden all is reported, for it may never come back.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { guard, listen } from '../guard'
import { renewSession } from '../session'
import { changed, flush, sink } from '../stream'
import { cut, CutReason, gather, opened, openView, viewId, ViewKind } from '../view'

const see = (t: number, hidden: number): unknown => sink(Kind.Visibility, t, hidden)

/**
 * When the page was hidden before we came, since the view has opened. Engines that cannot tell paint in the background too: there
 * nothing that was painted so far was seen, if the page is hidden now.
 */
export const captureHidden = (): void => {
  const first = performance
    .getEntriesByType('visibility-state')
    .find((state) => state.name == 'hidden' && state.startTime >= opened)
  if (first || document.hidden) see(first?.startTime ?? opened, 1)
}

const frame = (take: () => unknown): unknown => requestAnimationFrame(guard(take))

export const captureVisibility = (): void => {
  let left: boolean
  /** By `pagehide`. That the page is seen again pageshow tells then, which opens the view that it belongs to. */
  let gone: boolean

  const leave = (t: number): void => {
    if (!viewId) return
    // A page that is left is told twice. In between it may have said something itself, but nothing more is held back.
    if (!gone) gather()
    if (!left) see(t, 1)
    left = true
    if (changed) {
      cut(CutReason.Hidden, now())
      flush()
    }
  }

  listen('pagehide', ({ isTrusted, timeStamp }) => {
    leave(timeStamp)
    gone = isTrusted
  })
  listen('visibilitychange', ({ timeStamp }) => {
    if (document.hidden) return leave(timeStamp)
    if (gone || !viewId) return
    left = false
    see(timeStamp, 0)
  })
  listen('pageshow', ({ persisted, timeStamp }: PageTransitionEvent) => {
    if (!persisted) return
    left = gone = false
    renewSession()
    openView(ViewKind.BackForwardCache, timeStamp)
    see(timeStamp, +document.hidden)
    // The browser tells no paints of it: it is shown by the second frame.
    frame(() => frame(() => sink(Kind.Restore, timeStamp, micros(now() - timeStamp))))
  })
}
