// Sees every record before it is queued: what another part of this chunk completes waits there, and what nobody will read is
// not queued at all.

import { now, wall } from '../clock'
import { FIRST_ONCE, Kind } from '../generated/wire'
import { IDLE } from '../session'
import { ViewKind } from '../view'
import { queue } from './attach'
import { delay, early, endView, flush, guard, holdBy, listen, lose, openView, outlived, queued, renewSession } from './hooks'

const enum Most {
  /** UTF-16 units of waiting records that go once at which they are due, although the page is visible, */
  Units = 16_384,
  /** and ms after the first of them. */
  Wait = 30_000,
}

/** Takes a record of one kind; true if it queues it later, or never. */
type Keeper = (number: number, t: number, ...fields: any[]) => unknown

const keepers = new Map<Kind, Keeper>()
const witnesses: ((kind: Kind, t: number) => void)[] = []
let units = 0
let timer: ReturnType<typeof setTimeout> | undefined
export let stopped = false
/** When the user last did something, in ms since the epoch. */
let acted = wall()
/** The path that the open view has opened with. */
export let path: string
/** Its name, if it was told. */
let name: string | undefined
const enum Place {
  Kind = 2,
  Page,
  Name = 6,
}

/** From now on `keeper` takes the records of a kind. */
export const keep = (kind: Kind, keeper: Keeper): unknown => keepers.set(kind, keeper)

/** `witness` hears of every record. */
export const witness = (see: (kind: Kind, t: number) => void): unknown => witnesses.push(see)

/** Nothing is recorded any more. */
export const stopRecording = (): void => {
  stopped = true
}

/** Queues a record; of those that go once the first one that waits says when they are sent. */
export const put = (number: number, kind: Kind, t: number, ...fields: unknown[]): void => {
  const { length } = queue(number, kind, t, ...fields)
  if (kind < FIRST_ONCE) return
  units += length
  if (timer && units < Most.Units) return
  clearTimeout(timer)
  timer = delay(
    guard(() => {
      timer = undefined
      units = 0
      // A report may have taken them meanwhile.
      if (queued().some((text) => parseInt(text.slice(1)) >= FIRST_ONCE)) flush()
    }),
    units < Most.Units ? Most.Wait : 0,
  )
}

/** A view opens that nobody asked for: what changes by itself in an unattended tab is no visit, and the user's next act opens one. */
export const drift = (kind: ViewKind, t: number): unknown => outlived() || openView(kind, t)

/** The user did something at `t`: if the session is over, so is the view. */
const act = (t: number): void => {
  // What is known of it goes by its own rate: the next one may not be in the sample.
  if ((!(wall() - acted < IDLE) || outlived()) && endView(t)) flush()
  acted = wall()
  if (renewSession()) openView(ViewKind.Resumed, t)
}

export const hold = (): void => {
  for (const [, , , ...fields] of early(Kind.View)) path = fields[Place.Page]
  holdBy((number, kind, t, ...fields) => {
    if (stopped) return
    // What the page says by itself is no act of its user.
    if ((kind == Kind.Action && fields[1] < 2) || kind == Kind.Input || (kind == Kind.Visibility && !fields[0])) act(t)
    if (kind == Kind.Rename) name = fields[0]
    if (kind == Kind.View) {
      // By a restore (1), or after a pause (6), it goes on with what was shown, and no router tells that again.
      if (path == fields[Place.Page] && /[16]/.test(fields[Place.Kind])) fields[Place.Name] ??= name
      path = fields[Place.Page]
      name = fields[Place.Name]
    }
    witnesses.forEach((see) => see(kind, t))
    // An unattended tab does what nobody sees.
    if (kind >= FIRST_ONCE && outlived()) lose()
    else if (!keepers.get(kind)?.(number, t, ...fields)) put(number, kind, t, ...fields)
  })
  listen('keydown', ({ isTrusted }) => isTrusted && act(now()))
}
