// Page views, and the cuts at which they are reported.

import { micros, now, wall } from './clock'
import { Kind, type Id } from './generated/wire'
import { idAt } from './ids'
import { guard } from './guard'
import { calls } from './interface'
import { dropped, lost } from './loss'
import { saveSession, sessionId } from './session'
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
let attached: number

const gatherers: (() => void)[] = []

/** `gather` records what it holds back, before each report. */
export const beforeCut = (gather: () => void): unknown => gatherers.push(guard(gather))

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
    performance.interactionCount,
    [attached, lost + calls.length || null, [...dropped]],
  )
  settle()
  saveSession()
}

/** When the open view began, in ms since the time origin. */
export let opened: number

/** The open view ends at `t`. True if there is a report of it. */
export const endView = (t: number): unknown => {
  gather()
  // Without news the last report stands: a view that slept until its session was over ended when it was hidden.
  const news = viewId && changed
  if (news) cut(CutReason.ViewEnds, t)
  return news
}

/** A view opens at `t`; the one before it ends. */
export const openView = (kind: ViewKind, t: number, name?: string): void => {
  endView(t)
  const parent = viewId
  opened = t
  // Monotonic time may have stood still while the machine slept.
  viewId = idAt(wall() - now() + t)
  sink(
    Kind.View,
    t,
    viewId,
    sessionId,
    kind,
    plainUrl(location.href),
    parent ? null : document.referrer && plainUrl(document.referrer),
    parent,
    name,
  )
}
