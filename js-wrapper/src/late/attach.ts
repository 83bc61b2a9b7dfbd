// Records go to the Wasm core as well as to the queue, once it is up and until it breaks down.

import { RawReason } from '../body'
import type { Send } from '../stream'
import type { Core } from './core'
import { lose, queueRecord } from './hooks'

let core: Core | undefined
/** Records that did not fit into the queue, but the core took them: no loss, unless it breaks down. */
let refused = 0

/** Queues a record. */
export const queue: (...record: Parameters<typeof queueRecord>) => void = (...record) => {
  const before = lose(0)
  const text = queueRecord(...record)
  if (!core) return
  core.take(text)
  // This one, or older ones in its favour.
  const out = lose(0) - before
  refused += out
  lose(-out)
}

/** The core is up: it takes what is known of the whole document, cuts included. Returns what sends by it. */
export const attach = (ready: Core, known: string[]): Send => {
  core = ready
  known.forEach(core.take)
  return () => {
    if (core?.flush()) return
    // The document goes on without it.
    core = undefined
    lose(refused)
    refused = 0
    return RawReason.Trapped
  }
}
