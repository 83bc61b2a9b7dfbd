// W3C trace context (https://www.w3.org/TR/trace-context/) on requests to the origins that the page lists, and GraphQL operations.

import { now } from '../clock'
import { stopped } from './holder'
import { navigationEntry, options, ordinal, randomId, state, wrap } from './hooks'

type Sent = [number: number, t: number, traceId: string | undefined, spanId: string | undefined, operation: string | null]

/** UTF-16 units of a body that is looked into. */
const LONGEST = 10_000

/** The latest requests. */
const MOST = 100
let sent: Sent[] = []

/** What was sent with the request of that number. Not found by its time: many begin in one moment of a coarse clock. */
export const sentAs = (number: number): [traceId?: string, spanId?: string, operation?: string | null] => {
  const [, , ...known] = sent.find(([other]) => other == number) || [0, 0]
  return known
}

/** The trace of the request for the document, which a server names by `Server-Timing: traceparent;desc="00-…"`. */
export const traceOfLoad = (): string | undefined =>
  navigationEntry()?.serverTiming?.find(({ name }) => name == 'traceparent')?.description.split('-')[1]

/** True if a request was sent since `t` (ms). */
export const sentSince = (t: number): boolean => sent.some(([, at]) => at >= t)

/** The operation of a GraphQL request: what its body says, no more of that is kept. */
const operationOf = (body: unknown): string | null => {
  if (typeof body != 'string' || body.length > LONGEST || !/^\s*\{/.test(body) || !body.includes('"query"')) return null
  try {
    const { query, operationName } = JSON.parse(body)
    const [, type, name] = /^\s*(query|mutation|subscription)?\s*(\w*)/.exec(query)!
    return `${type || 'query'} ${operationName || name}`.trim().slice(0, 100)
  } catch {
    return null
  }
}

/** Remembers a request that is about to be sent. Gives its header, if it goes to one of the origins and has no `own` one. */
const header = (url: unknown, body: unknown, own: () => unknown): string | undefined => {
  let added: string | undefined
  let whole = ''
  attempt(() => {
    // As an attribute it is text.
    if (options.tracing && !stopped && !state()[4] && `${options.tracing}`.split(',').includes(new URL('' + url, document.baseURI).origin))
      whole = '' + (own() || (added = `00-${randomId() + randomId()}-${randomId()}-01`))
  })
  const [, traceId, spanId] = whole.split('-')
  // The capture script takes the next number, in the call.
  sent = [...sent.slice(-MOST), [ordinal() + 1, now(), traceId, spanId, operationOf(body)]]
  return added
}

/** Sets the headers of a trace that begins here. */
const begin = (set: (name: string, value: string) => void, traceparent: string): void => {
  set('traceparent', traceparent)
  if (options.tracestate) set('tracestate', options.tracestate)
}

/** What fails here will fail in the page's own call, which has to tell it. */
export const attempt = (use: () => void): void => {
  try {
    use()
  } catch {}
}

/** Adds the header to requests, and remembers it. What a page has set itself stays. */
export const captureTraces = (): void => {
  wrap(window, 'fetch', (call, _, given) => {
    attempt(() => {
      const [input, init] = given
      // Of what is no request the browser complains, and of ours it would not.
      if (!given.length || (init != null && Object(init) !== init)) return
      // It may be a frame's.
      const request = {}.toString.call(input) == '[object Request]' ? (input as Request) : undefined
      let headers: Headers
      const traceparent = header(request?.url || input, init?.body, () =>
        (headers = new Headers(init?.headers === undefined ? request?.headers : init.headers)).get('traceparent'),
      )
      if (!traceparent) return
      begin((name, value) => headers.set(name, value), traceparent)
      // With any option a Request forgets these.
      const { referrer, referrerPolicy } = Object.keys(init || {})[0] ? ({} as Request) : request || {}
      // Not a copy: a Request may stand there, whose properties are not its own; and not its own proxy, for it may be frozen.
      given[1] = new Proxy({ headers: headers!, referrer, referrerPolicy }, { get: (ours: RequestInit, name) => ours[name as 'body'] ?? init?.[name as 'body'] })
    })
    return call()
  })
  const opened = new WeakMap<XMLHttpRequest, [url: unknown, own?: unknown]>()
  wrap(XMLHttpRequest.prototype, 'open', (call, xhr: XMLHttpRequest, given) => {
    opened.set(xhr, [given[1]])
    return call()
  })
  if (options.tracing)
    wrap(XMLHttpRequest.prototype, 'setRequestHeader', (call, xhr: XMLHttpRequest, [name, value]) => {
      // The browser would add a second one to it.
      if (/^traceparent$/i.test(name)) attempt(() => (opened.get(xhr)![1] = value))
      return call()
    })
  wrap(XMLHttpRequest.prototype, 'send', (call, xhr: XMLHttpRequest, [body]) => {
    const request = opened.get(xhr)
    const traceparent = request && header(request[0], body, () => request[1])
    // It throws for a request that is not open, as `send` will.
    if (traceparent) attempt(() => begin((name, value) => xhr.setRequestHeader(name, value), traceparent))
    return call()
  })
}
