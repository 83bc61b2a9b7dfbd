// Drives the Wasm core: hands it records in idle time, sends what it makes of them, and notices when it breaks down.

import type { Sdk } from 'rum-sdk'
import { randomId } from '../ids'
import type { Core } from '../stream'

const enum Most {
  /** Records that wait for idle time. */
  Records = 1_000,
  /** Records that are handed over in one go. */
  Slice = 50,
  /** Bodies of a flush: the bound of a loop. */
  Bodies = 10,
}

/** `idle` waits for idle time; `post` sends a body; `flush` is the stream's, which goes on without a core that has broken down. */
export const drive = (
  sdk: Pick<Sdk, 'push' | 'flush'>,
  idle: (take: () => unknown) => unknown,
  post: (body: string) => void,
  flush: () => void,
): Core => {
  let waiting: string[] = []
  let scheduled = false
  let broken = false

  /** After an exception the instance is unusable, and records that it cannot read are no better. */
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
    const records = waiting.splice(0, most)
    if (records.length && sdk.push(`[${records}]`)) throw 0
  }

  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    idle(() => {
      scheduled = false
      if (!ask(() => hand(Most.Slice))) flush()
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
        let body
        for (let bodies = 0; bodies++ < Most.Bodies && (body = sdk.flush(randomId(), Date.now())); ) post(body)
      }),
  }
}
