// Page views, and the cuts at which they are reported.

import { micros, now, wall } from './clock'
import { lostEntries } from './capture/observe'
import { Kind, type Id } from './generated/wire'
import { idAt } from './ids'
import { lost } from './loss'
import { outlived, renewSession, saveSession, sessionId } from './session'
import { changed, settle, sink } from './stream'
import { plainUrl } from './url'

/** How a view came about. */
export const enum ViewKind {
  Load,
  BackForwardCache,
  Prerender,
  Soft,
  Route,
  Manual,
  Resumed,
}

/** Why a report is due. */
export const enum CutReason {
  Hidden,
  ViewEnds,
}

/** The open view; none before the page is seen. */
export let viewId: Id | undefined
/** The path that it opened with. */
export let path: string
let attached: number

const gatherers: (() => void)[] = []

/** `gather` records what it holds back, before each report. */
export const beforeCut = (gather: () => void): unknown => gatherers.push(gather)

/** Records all that is held back. */
export const gather = (): void => gatherers.forEach((gather) => gather())

/** From now on something is captured. */
export const attach = (): void => {
  attached = micros(now())
}

/** Reports are due at `t`. */
export const cut = (reason: CutReason, t: number): void => {
  sink(
    Kind.Cut,
    t,
    reason,
    wall(),
    performance.interactionCount,
    attached,
    lost || null,
    lostEntries || null,
  )
  settle()
  saveSession()
}

/** A view opens at `t`; the one before it ends. */
export const openView = (kind: ViewKind, t = now()): void => {
  // What changes by itself in an unattended tab is no visit; the user's next act opens a view.
  if (kind == ViewKind.Route && outlived()) return
  gather()
  // Without news the last report stands: a view that slept until its session was over ended when it was hidden.
  if (viewId && changed) cut(CutReason.ViewEnds, t)
  const parent = viewId
  // Monotonic time may have stood still while the machine slept.
  viewId = idAt(wall() - now() + t)
  path = plainUrl(location.href)
  sink(
    Kind.View,
    t,
    viewId,
    sessionId,
    kind,
    path,
    parent || !document.referrer ? null : plainUrl(document.referrer),
    parent,
  )
}

/** The user did something at `t`: if the session is over, so is the view. */
export const act = (t = now()): void => {
  if (viewId && renewSession()) openView(ViewKind.Resumed, t)
}
