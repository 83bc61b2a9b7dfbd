// The stream of records: queued always, and sent for the collector to compute ("raw"), until the second chunk has a Wasm core
// that computes them in the page.

import { bodyOf, RawReason } from './body'
import { micros } from './clock'
import { FIRST_ONCE, Kind, type RawRecord } from './generated/wire'
import { lose } from './loss'
import { held, silent, trigger } from './session'
import { post } from './transport'

/** What follows the prefix of a record of kind K. */
export type Fields<K extends Kind> =
  Extract<RawRecord, { 0: K }> extends [unknown, unknown, unknown, ...infer F] ? F : never

const enum Most {
  /** Records of each list … */
  Records = 500,
  /** … and with those that must not miss a place: without views and cuts nothing is reported. */
  Reserved = 600,
  /** UTF-16 units of a body, … */
  Units = 50_000,
  /** … but for the latest ones of those that go once: what stays in each body must not leave them no room. */
  Latest = 20,
}

/** Vitals need the document's records from the first one on: a raw batch repeats them. */
const kept: string[] = []
/** These stay until a body with them was handed over: up to then the core may still break down. */
let once: string[] = []
let units = 0
let ordinals = 0

/** Something was recorded since the last cut. */
export let changed: boolean
export const settle = (): void => {
  changed = false
}

/** The next number of a record. */
export const ordinal = (): number => ordinals++

/** Queues a record, and returns it. */
export const queue = (number: number, kind: Kind, t: number, ...fields: unknown[]): string => {
  const record = JSON.stringify([kind, number, micros(t), ...fields])
  const list = kind < FIRST_ONCE ? kept : once
  changed = true
  if (
    list == once ||
    (kind == Kind.View || kind == Kind.Cut
      ? list.length < Most.Reserved
      : list.length < Most.Records && units < Most.Units)
  ) {
    list.push(record)
    units += record.length
    // Of these the latest say most.
    while (once[Most.Records] || (once[Most.Latest] && units > Most.Units)) {
      units -= once.shift()!.length
      lose()
    }
  } else {
    lose()
    // What says so has to be told: the latest report takes the last place.
    if (kind == Kind.Cut) list[Most.Reserved - 1] = record
  }
  if (kind == Kind.Error) trigger()
  return record
}

/** Takes a record to be queued at once, later or never. */
export type Holder = (number: number, kind: Kind, t: number, ...fields: any[]) => unknown
/** Records what replaces an earlier record of the same number. */
export let sinkAs: <K extends Kind>(...record: [number: number, kind: K, t: number, ...fields: Fields<K>]) => unknown = queue
export const holdBy = (holder: Holder): void => {
  sinkAs = holder
}

/** Records what happened at `t` (ms since the time origin). */
export const sink = <K extends Kind>(...record: [kind: K, t: number, ...fields: Fields<K>]): unknown =>
  sinkAs(ordinal(), ...record)

/** The records that are queued. */
export const queued = (): string[] => kept.concat(once)

/** Sends what was computed of all that was queued; or says why nothing was, and the records go raw. */
export type Send = () => RawReason | undefined
let send: Send = () => RawReason.NotReady
export const sendBy = (other: Send): void => {
  send = other
}

/** Sends all that there is. Not before a view is open: a prerendered page may never be seen. */
export const flush = (): void => {
  if (held || silent) return
  const reason = send()
  if (reason) post(bodyOf(queued(), reason))
  once = []
  // What stays is in the next body, too.
  units = ('' + kept).length
}
