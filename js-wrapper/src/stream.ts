// The stream of records: queued always, and computed by the Wasm core once that is up, or by the collector ("raw").

import { micros, wall } from './clock'
import { describe, RawReason } from './document'
import { FIRST_ONCE, Kind, VERSION, type RawRecord } from './generated/wire'
import { randomId } from './ids'
import { lose } from './loss'
import { held, silent, trigger } from './session'
import { post } from './transport'

/** What computes the records in the page. */
export type Core = {
  /** Takes a record. */
  take(record: string): unknown
  /** Sends what there is; false if it has broken down, for good. */
  flush(): boolean
}

/** What follows the prefix of a record of kind K. */
export type Fields<K extends Kind> =
  Extract<RawRecord, { 0: K }> extends [unknown, unknown, unknown, ...infer F] ? F : never

const enum Most {
  /** Records of each list … */
  Records = 500,
  /** … and with those that must not miss a place: without views and cuts nothing is reported. */
  Reserved = 600,
  /** UTF-16 units between two flushes. */
  Units = 50_000,
}

/** Vitals need the document's records from the first one on: a raw batch repeats them. */
const kept: string[] = []
/** These stay until a body with them was handed over: up to then the core may still break down. */
let once: string[] = []
let units = 0
let core: Core | undefined
let reason = RawReason.NotReady
let ordinals = 0
/** Records that did not fit into the lists, but the core took them: no loss, unless it breaks down. */
let refused = 0

/** Something was recorded since the last cut. */
export let changed: boolean
export const settle = (): void => {
  changed = false
}

/** The next number of a record. */
export const ordinal = (): number => ordinals++

/** Records what happened at `t` (ms since the time origin). */
export const sink = <K extends Kind>(...record: [kind: K, t: number, ...fields: Fields<K>]): unknown =>
  sinkAs(ordinals++, ...record)

/** Takes a record before it is queued; true if it is to be queued later, or never. */
export type Holder = (...record: [number: number, kind: Kind, t: number, ...fields: any[]]) => unknown
let holder: Holder | undefined
export const holdBy = (take: Holder): void => {
  holder = take
}

/** Records what replaces an earlier record of the same number. */
export const sinkAs = <K extends Kind>(...record: [number: number, kind: K, t: number, ...fields: Fields<K>]): unknown =>
  holder?.(...record) || queue(...record)

/** Queues a record. */
export const queue: Holder = (number, kind, t, ...fields) => {
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
    while (once.length > Most.Records || (once[1] && units > Most.Units)) {
      units -= once.shift()!.length
      core ? refused++ : lose()
    }
  } else {
    core ? refused++ : lose()
    // What says so has to be told: the latest report takes the last place.
    if (kind == Kind.Cut) list.splice(-1, 1, record)
  }
  core?.take(record)
  if (kind == Kind.Error) trigger()
}

/** The records that are queued. */
export const queued = (): string[] => kept.concat(once)

/** The core is up: it takes the whole document, cuts included. */
export const attach = (ready: Core): void => {
  core = ready
  queued().forEach(core.take)
}

/** The document goes on without the core. */
export const goRaw = (why: RawReason): void => {
  core = undefined
  reason = why
  for (; refused; refused--) lose()
}

/** Sends all that there is. */
export const flush = (): void => {
  // Without a view there is nothing to send: a prerendered page may never be seen.
  if (!kept[0] || held || silent) return
  units = 0
  if (core && !core.flush()) goRaw(RawReason.Trapped)
  if (!core) post(`[${VERSION},1,"${randomId()}",${wall()},${describe(reason)},[${queued()}]]`)
  once = []
}
