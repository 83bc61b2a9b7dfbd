// Page views, and the cuts at which they are reported.

import { micros, now, wall } from './clock'
import { Kind, type Id } from './generated/wire'
import { guard } from './guard'
import { idAt } from './ids'
import { dropped, lost } from './loss'
import { outlived, renewSession, saveSession, sessionId } from './session'
import { changed, settle, sink } from './stream'
import { plainUrl } from './url'

/** UTF-16 units. */
const LONGEST_NAME = 200

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
    performance.interactionCount,
    [attached, lost || null, dropped.size ? [...dropped] : null],
  )
  settle()
  saveSession()
}

/** When the open view began, in ms since the time origin. */
export const openedAt = (): number => opened
let opened: number

/** A view opens at `t`; the one before it ends. */
export const openView = (kind: ViewKind, t: number, name?: string): void => {
  // What changes by itself in an unattended tab is no visit; the user's next act opens a view.
  if (outlived()) return
  gather()
  // Without news the last report stands: a view that slept until its session was over ended when it was hidden.
  if (viewId && changed) cut(CutReason.ViewEnds, t)
  const parent = viewId
  opened = t
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
    name,
  )
}

/**
 * The page says that a view of its own naming begins. The first view may be just about to open; before the page is seen there
 * is none that could end.
 */
export const startView = guard((name: string, t: number = now()) => {
  // What is no text has no place in a table, and may throw when it is asked to be one.
  const open = guard(() => viewId && typeof name == 'string' && openView(ViewKind.Manual, t, name.slice(0, LONGEST_NAME)))
  viewId ? open() : setTimeout(open)
})

/** The user did something at `t`: if the session is over, so is the view. */
export const act = (t: number): void => {
  if (viewId && renewSession()) openView(ViewKind.Resumed, t)
}
