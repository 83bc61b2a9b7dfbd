// What is known of a request besides: its resource timing, the action it followed, its trace and its GraphQL operation.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { actionBefore } from './actions'
import { keep, put } from './holder'
import { beforeCut, delay, early, guard, observe, plainUrl } from './hooks'
import { sentAs } from './trace'

/** ms that a request waits for its timing: the browser tells that once the body is there. */
const PATIENCE = 5_000
/** Requests that wait. */
const MOST = 100

type Fields = [start: number, initiator: number, method: string, url: string, status: number | null, duration: number, outcome: number]
const enum Place {
  Url = 3,
  Outcome = 6,
}
const enum Outcome {
  Failed = 1,
  Aborted,
}
type Waiting = { number: number; t: number; fields: Fields; rest: unknown[] }

export const captureRequestTimings = (): void => {
  let waiting: Waiting[] = []

  const end = (request: Waiting, entry?: PerformanceResourceTiming): void => {
    waiting = waiting.filter((other) => other != request)
    const { number, t, fields, rest } = request
    const span = (from: number, to: number): number | null => (entry && from && to ? micros(to - from) : null)
    const known = (bytes: number | undefined): number | null => (entry?.requestStart ? bytes! : bytes || null)
    put(
      number,
      Kind.Request,
      t,
      ...fields,
      ...(entry
        ? [
            span(entry.requestStart, entry.responseStart),
            span(entry.responseStart, entry.responseEnd),
            known(entry.transferSize),
            known(entry.encodedBodySize),
            entry.decodedBodySize != entry.encodedBodySize ? known(entry.decodedBodySize) : null,
            entry.nextHopProtocol || null,
            span(entry.redirectStart, entry.redirectEnd),
            // On a connection that was open already nothing of these happened.
            span(entry.domainLookupStart, entry.domainLookupEnd) || null,
            span(entry.connectStart, entry.connectEnd) || null,
            span(entry.secureConnectionStart, entry.connectEnd) || null,
          ]
        : Array(10)),
      ...rest,
    )
  }
  const take = (number: number, t: number, ...fields: Fields): true => {
    const start = fields[0] / 1e3
    const [, , , , url, signal, ...sent] = sentAs(number, fields[Place.Url], start)
    fields[Place.Url] = url || fields[Place.Url]
    // A page may abort with a reason of its own, with which the call fails then.
    if (fields[Place.Outcome] == Outcome.Failed && signal?.aborted) fields[Place.Outcome] = Outcome.Aborted
    const request: Waiting = { number, t, fields, rest: [actionBefore(start), ...sent] }
    if (waiting.push(request) > MOST) end(waiting[0]!)
    delay(
      guard(() => waiting.includes(request) && end(request)),
      PATIENCE,
    )
    return true
  }

  // Those that the capture script has recorded already are recorded again, with what is known now.
  for (const [, number, t, ...fields] of early(Kind.Request)) take(number, t / 1e3, ...(fields as Fields))
  keep(Kind.Request, (number, t, ...fields) => take(number, t, ...(fields as Fields)))
  observe('resource', (entry: PerformanceResourceTiming) => {
    const url = plainUrl(entry.name)
    // Of several the one that began last before it: a request may wait for its turn.
    const request = waiting
      .filter(({ t, fields }) => fields[Place.Url] == url && fields[0] <= micros(entry.startTime) && entry.startTime <= t)
      .pop()
    if (request && /^(fetch|xml)/.test(entry.initiatorType)) end(request, entry)
  })
  // No report waits, and none looks across.
  beforeCut(() => waiting.forEach((request) => end(request)))
}
