// Drives the Wasm core: hands it records in idle time, their texts scrubbed, sends what it makes of them, and notices when it
// breaks down.

import { now } from '../clock'
import { Kind } from '../generated/wire'
import { outbox, type Edit } from './outbox'
import { encoder, ID } from './text'

const enum Most {
  /** Records that wait for idle time. */
  Records = 1_000,
  /** Bytes of a text that is scrubbed; as many again are for what becomes longer. The limits leave a stack 12,000. */
  Text = 1 << 14,
}

/** What computes the records in the page. */
export type Core = {
  /** Takes a record. */
  take(record: string): unknown
  /** Computes what was taken. */
  hand(): unknown
  /** Sends what there is; false if it has broken down, for good. */
  flush(): boolean
}

/** What the module exports, by the names that rum-sdk has for them. */
type Exports = {
  /** Tells of the record at hand: its kind and its time in µs. */
  push(kind: number, t: number): void
  /** Tells of the texts that it may still ask for. */
  texts(): void
  memory: WebAssembly.Memory
  /** Where a text is put to be scrubbed, … */
  TEXT: WebAssembly.Global
  /** … which gives how many bytes it has then; 0 if it stays as it was. */
  scrub(bytes: number): number
}

/** For how long records are handed over in one go, in ms: a slow device takes the last one for ten times that. */
const SLICE = 0.2

const decoder = new TextDecoder()

/**
 * A core whose bodies `bodyOf` makes of what there is to say. `idle` waits for idle time; `post` sends a body; `flush` is the
 * stream's, which goes on without a core that has broken down; `onPoor` hears of each vital that is poor; `edit` may change
 * an event, or drop it.
 */
export const drive = async (
  module: WebAssembly.Module,
  bodyOf: (items: string[]) => string,
  idle: (take: () => unknown) => unknown,
  post: (body: string) => void,
  flush: () => void,
  onPoor?: () => void,
  edit?: Edit,
): Promise<Core> => {
  const rows = outbox(bodyOf, onPoor, edit)
  // Not `new Instance`, which Chromium has refused for modules of this size.
  const { exports } = await WebAssembly.instantiate(module, { p: rows.page })
  const core = exports as Exports
  let waiting: string[] = []
  let scheduled = false
  let broken = false
  /** The record at hand has ids: digits by chance may look like a card's. */
  let named: boolean
  /** Texts of the records at hand that need no scrubbing: the same scripts run in many frames. */
  let clean: Set<string>

  /** After an exception the instance is unusable, and records that cannot be read are no better. */
  const ask = (use: () => void): boolean => {
    if (!broken)
      try {
        use()
      } catch {
        broken = true
      }
    return !broken
  }

  /** Personal data and secrets in texts are masked, by the rules of rum-core. */
  const scrubbed = (value: any): any => {
    // A reviver of JSON.parse would do this slowly.
    if (typeof value != 'string' || clean.has(value) || (named && ID.test(value))) return value?.map?.(scrubbed) ?? value
    const room = new Uint8Array(core.memory.buffer, +core.TEXT)
    const length = core.scrub(encoder.encodeInto(value, room.subarray(0, Most.Text)).written)
    if (length) return decoder.decode(room.subarray(0, length))
    clean.add(value)
    return value
  }

  /** Hands over what waits, until it is that late. */
  const hand = (end: number): void => {
    clean = new Set()
    while (waiting.length && now() < end) {
      const raw = JSON.parse(waiting.shift()!)
      named = raw[0] == Kind.View || raw[0] == Kind.Request
      const record = scrubbed(raw)
      rows.hold(record)
      core.push(record[0], record[2])
    }
    rows.tidy(core.texts)
  }

  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    idle(() => {
      scheduled = false
      if (!ask(() => hand(now() + SLICE)) || rows.full()) {
        flush()
        rows.trim()
      } else if (waiting.length) schedule()
    })
  }

  return {
    take(record) {
      if (waiting.push(record) > Most.Records) ask(() => hand(Infinity))
      schedule()
    },
    hand: () => ask(() => hand(Infinity)),
    flush: () =>
      ask(() => {
        hand(Infinity)
        rows.send(post)
      }),
  }
}
