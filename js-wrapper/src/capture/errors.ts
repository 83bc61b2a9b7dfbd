// Errors that nobody caught. Equal ones are one record with a count.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { listen } from '../guard'
import { lose } from '../loss'
import { ordinal, sinkAs, type Fields } from '../stream'
import { beforeCut } from '../view'

const enum Most {
  /** UTF-16 units. */
  Message = 1_000,
  Stack = 4_000,
  /** Different errors of one document. */
  Errors = 50,
}

const enum Source {
  Error,
  Rejection,
}

/** What records an error; of these the time and the count change. */
type Known = [number: number, kind: Kind.Error, t: number, ...fields: Fields<Kind.Error>]
const enum Place {
  T = 2,
  Count = 9,
}

const known = new Map<string, Known>()
/** Counted since they were last recorded. */
const repeated = new Set<Known>()
let busy = false

const record = (error: Known): void => {
  error[Place.T] = now()
  sinkAs(...error)
}

const take = (event: ErrorEvent | PromiseRejectionEvent): void => {
  const rejected = 'reason' in event
  // Elements that cannot be loaded tell by the same name, without a message. And to read an error may run the page's
  // own code, which may fail in its turn.
  if (busy || !(rejected || event.message)) return
  busy = true
  const thrown = rejected ? event.reason : event.error
  let name: string | null = null
  let message = ''
  let stack: string | null = null
  try {
    // The page may dispatch an event of that name with anything in it.
    if (!rejected) message += event.message
    if ('message' in thrown) {
      message = '' + thrown.message
      if (thrown.name) name = '' + thrown.name
      if (thrown.stack) {
        // V8 begins a stack with the message, which may be longer than all the frames.
        stack = `${thrown.stack}`.replace(thrown + '\n', '').replaceAll(location.origin, '\x7f')
      }
    } else message = `{${Object.keys(thrown)}}`
  } catch {
    // No object, or one that does not let itself be read: then what was read before stands.
    if (Object(thrown) !== thrown) message ||= String(thrown)
  }
  busy = false

  let cut = 0
  const short = (text: string, most: number): string => {
    cut += text.length - (text = text.slice(0, most)).length
    return text
  }
  message = short(message, Most.Message)
  stack &&= short(stack, Most.Stack)
  const key = [name, message, stack] + ''
  const again = known.get(key)
  if (again) {
    again[Place.Count]++
    repeated.add(again)
  } else if (known.size < Most.Errors) {
    const source = rejected ? Source.Rejection : Source.Error
    const first = micros(event.timeStamp)
    const error: Known = [ordinal(), Kind.Error, 0, first, source, name, message, stack, 0, 1, cut || null]
    known.set(key, error)
    record(error)
  } else lose()
}

/** `early` are events that the inline stub kept. */
export const captureErrors = (early: Event[]): void => {
  early.forEach((event) => take(event as ErrorEvent))
  listen('error', take)
  listen('unhandledrejection', take)
  beforeCut(() => {
    repeated.forEach(record)
    repeated.clear()
  })
}
