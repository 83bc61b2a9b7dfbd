// Drives the Wasm core: hands it records in idle time, sends what it makes of them, and notices when it breaks down.

import type { Core } from '../stream'
import { outbox, type Edit } from './outbox'

const enum Most {
  /** Records that wait for idle time. */
  Records = 1_000,
  /** Records that are handed over in one go. */
  Slice = 50,
}

/** What the module exports, by the names that rum-sdk has for them. */
type Exports = {
  /** Tells of the record at hand: its kind and its time in µs. */
  push(kind: number, t: number): void
  /** Tells of the texts that it may still ask for. */
  texts(): void
}

/**
 * A core for the document that `describe` gives as JSON. `idle` waits for idle time; `post` sends a body; `flush` is the
 * stream's, which goes on without a core that has broken down; `onPoor` hears of each vital that is poor; `edit` may change
 * an event, or drop it.
 */
export const drive = async (
  module: WebAssembly.Module,
  describe: () => string,
  idle: (take: () => unknown) => unknown,
  post: (body: string) => void,
  flush: () => void,
  onPoor?: () => void,
  edit?: Edit,
): Promise<Core> => {
  const rows = outbox(describe, onPoor, edit)
  // Not `new Instance`, which Chromium has refused for modules of this size.
  const { exports } = await WebAssembly.instantiate(module, { p: rows.page })
  const core = exports as Exports
  let waiting: string[] = []
  let scheduled = false
  let broken = false

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

  const hand = (most: number): void => {
    for (const record of JSON.parse(`[${waiting.splice(0, most)}]`)) {
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
      if (!ask(() => hand(Most.Slice)) || rows.full()) flush()
      else if (waiting.length) schedule()
    })
  }

  return {
    take(record) {
      if (waiting.push(record) > Most.Records) ask(() => hand(Most.Records))
      schedule()
    },
    flush: () =>
      ask(() => {
        hand(Infinity)
        rows.send(post)
      }),
  }
}
