// Records go to the Wasm core as well as to the queue, once it is up and until it breaks down.

import { RawReason } from '../body'
import { Kind } from '../generated/wire'
import type { Send } from '../stream'
import type { Core } from './core'
import { lose, queueRecord, state } from './hooks'

let core: Core | undefined
/** Records that did not fit into the queue, but the core took them: no loss, unless it breaks down. */
let refused = 0

/** Queues a record, and returns it. */
export const queue: typeof queueRecord = (...record) => {
  const before = lose(0)
  const text = queueRecord(...record)
  if (core) {
    core.take(text)
    // This one, or older ones in its favour.
    const out = lose(0) - before
    refused += out
    lose(-out)
    // Of a session that is not in the sample nothing is asked for, but what this report says may be a reason to send it.
    if (record[1] == Kind.Cut && state()[4]) core.hand()
  }
  return text
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
