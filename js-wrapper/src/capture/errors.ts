// Errors that nobody caught, and resources that could not be loaded. Equal ones are one record with a count.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { listen } from '../guard'
import { lose } from '../loss'
import { ordinal, sinkAs, type Fields } from '../stream'
import { plainUrl } from '../url'
import { beforeCut } from '../view'
import { selector } from './selector'

const enum Most {
  /** UTF-16 units. */
  Message = 1_000,
  Stack = 4_000,
  /** Different errors of one document, … */
  Errors = 50,
  /** … and of those the ones that are told apart by their messages: a loop must not take the places of all others. */
  Told = 25,
}

export const enum ErrorSource {
  Error,
  Rejection,
  Page,
  Console,
  Resource,
  Policy,
  Deprecation,
  Intervention,
}

/** What records an error; of these the time and the count change. */
type Known = [number: number, kind: Kind.Error, t: number, ...fields: Fields<Kind.Error>]
const enum Place {
  T = 2,
  Count = 9,
}

/** Those that were counted since they were last recorded have 0 for a time. */
const known = new Map<string, Known>()
let busy: boolean
/** What was thrown when an error was last recorded: the second chunk looks behind it. */
export let thrown: any

const record = (error: Known): void => {
  error[Place.T] = now()
  sinkAs(...error)
}

/** Takes an error that happened at `t`, and of which a message is `told`; `place` are a selector, a URL, line and column. */
export const takeError = (
  source: ErrorSource,
  t: number,
  error: any,
  told: unknown = '',
  ...place: [target?: string | null, url?: string, line?: number | null, column?: number | null]
): void => {
  // To read an error may run the page's own code, which may fail in its turn.
  if (busy) return
  busy = true
  let message = ''
  let name: string | null = null
  let stack: string | null = null
  try {
    // The page may dispatch an event of that name with anything in it.
    message += told
    // Without an exception: for its message the browser would read the whole script again.
    if (Object(error) !== error) message ||= String(error)
    else if ('message' in error) {
      message = '' + error.message
      name = error.name ? '' + error.name : null
      // V8 begins a stack with the message, which may be longer than all the frames.
      stack = error.stack ? ('' + error.stack).replace(error + '\n', '').replaceAll(location.origin, '\x7f') : null
    } else message = `{${Object.keys(error)}}`
  } catch {
    // It does not let itself be read: then what was read before stands.
  }
  busy = false

  const whole = message + stack
  message = message.slice(0, Most.Message)
  stack &&= stack.slice(0, Most.Stack)
  // What words with digits are, such as numbers and ids, tells no errors apart.
  const key = '' + [name, stack, place, known.size < Most.Told && message.replace(/\d\w*/g, '')]
  const again = known.get(key)
  if (again) {
    again[Place.Count]++
    again[Place.T] = 0
  } else if (known.size < Most.Errors) {
    const fresh: Known = [ordinal(), Kind.Error, 0, micros(t), source, name, message, stack, 0, 1, whole.length - (message + stack).length || null, null, null, ...place]
    known.set(key, fresh)
    thrown = error
    record(fresh)
  } else lose()
}

const take = (event: ErrorEvent | PromiseRejectionEvent): void => {
  const { message, timeStamp, target, error } = event as ErrorEvent & { target: HTMLImageElement & HTMLLinkElement }
  if ('reason' in event) takeError(ErrorSource.Rejection, timeStamp, event.reason)
  else if (message) takeError(ErrorSource.Error, timeStamp, error, message)
  // Elements that cannot be loaded tell by the same name, without a message.
  // A function that a page has put among the stub's events has none.
  else if (target?.localName)
    takeError(ErrorSource.Resource, timeStamp, target.localName, '', selector(target), plainUrl(target.src || target.href))
}

/** `early` are events that the inline stub kept. */
export const captureErrors = (early?: Event[]): void => {
  early?.forEach(take as (event: Event) => void)
  listen('unhandledrejection', take)
  listen('error', take)
  beforeCut(() => known.forEach((error) => error[Place.T] || record(error)))
}
