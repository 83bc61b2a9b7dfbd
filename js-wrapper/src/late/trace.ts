// W3C trace context (https://www.w3.org/TR/trace-context/) on requests to the origins that the page lists, and GraphQL operations.

import { now } from '../clock'
import { stopped } from './holder'
import { navigationEntry, options, ordinal, plainUrl, randomId, state, wrap } from './hooks'

/** What was sent with a request. */
type Sent = [
  /** The request's; 0 as long as somebody's code between this and the capture script keeps it back. */
  number: number,
  t: number,
  /** As the page had it when it asked: by its end the page may have another path. */
  url?: string,
  signal?: AbortSignal | null,
  operation?: string,
  traceId?: string,
  spanId?: string,
]

/** UTF-16 units of a body that is looked into. */
const LONGEST = 10_000

/** The latest requests. */
const MOST = 100
let sent: Sent[] = []

/**
 * What was sent with the request of that number. Not found by its time: many begin in one moment of a coarse clock. Of one that was
 * kept back the number is not known, but its URL is.
 */
export const sentAs = (number: number, url: string, start: number): Sent => {
  const found = sent.find(([other]) => other == number) || sent.find(([other, t, asked]) => !other && asked == url && t <= start)
  if (found) found[0] = number
  return found || [0, 0]
}

/** The trace of the request for the document, which a server names by `Server-Timing: traceparent;desc="00-…"`. */
export const traceOfLoad = (): string | undefined =>
  navigationEntry()?.serverTiming?.find(({ name }) => name == 'traceparent')?.description.split('-')[1]

/** True if a request was sent since `t` (ms). */
export const sentSince = (t: number): boolean => sent.some(([, at]) => at >= t)

/** The operations of a GraphQL request: what its body says, no more of that is kept. */
const operationOf = (body: unknown): string | undefined => {
  let operations: string | undefined
  if (typeof body == 'string' && body.length < LONGEST && /"(query|operationName)"/.test(body))
    attempt(() => {
      operations = [JSON.parse(body)]
        .flat()
        .map(({ query, operationName }) => {
          // What somebody looks for may be called a query as well.
          const [known, type = 'query', name] = /^\s*(?:(query|mutation|subscription)\b\s*(\w*)[^{]*)?\{/.exec(query) || []
          return `${known ? type : ''} ${/^\w+$/.test(operationName || '') ? operationName : name || ''}`.trim()
        })
        .join()
        .slice(0, 100)
    })
  return operations || undefined
}

/**
 * Makes the call of a request, and remembers it. If it goes to one of the origins its trace is its `own` one, or one that begins here,
 * whose headers are `set`.
 */
const follow = <R>(
  call: () => R,
  url: unknown,
  body: unknown,
  own: () => unknown,
  set: (name: string, value: string) => void,
  signal?: AbortSignal | null,
): R => {
  let whole = ''
  attempt(() => {
    // As an attribute it is text.
    if (!options.tracing || stopped || state()[4] || !`${options.tracing}`.split(',').includes(new URL('' + url, document.baseURI).origin)) return
    whole = '' + (own() || '')
    if (whole) return
    set('traceparent', (whole = `00-${randomId() + randomId()}-${randomId()}-01`))
    if (options.tracestate) set('tracestate', options.tracestate)
  })
  const [, traceId, spanId] = whole.split('-')
  // The capture script takes the next number, in the call.
  const number = ordinal() + 1
  const request: Sent = [number, now(), '', signal, operationOf(body), traceId, spanId]
  sent = [...sent.slice(-MOST), request]
  try {
    return call()
  } finally {
    // It has not: somebody's wrapper, which came between, waits for something.
    if (ordinal() == number) request[0] = 0
    // Not before, for to ask for it may change it.
    request[2] = plainUrl(url as string)
  }
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
    let made = call
    attempt(() => {
      const [input, init] = given
      // Of what is no request the browser complains, and of ours it would not.
      if (!given.length || (init != null && Object(init) !== init)) return
      // It may be a frame's.
      const request = {}.toString.call(input) == '[object Request]' ? (input as Request) : undefined
      let headers: Headers
      const url = request?.url || input
      const body = init?.body
      const signal = (init || request)?.signal
      made = () =>
        follow(
          call,
          url,
          body,
          () => {
            headers = new Headers(init?.headers === undefined ? request?.headers : init.headers)
            const own = headers.get('traceparent')
            // With any option a Request forgets these.
            const { referrer, referrerPolicy } = Object.keys(init || {})[0] ? ({} as Request) : request || {}
            // Not a copy: a Request may stand there, whose properties are not its own; and not its own proxy, for it may be frozen.
            if (!own) given[1] = new Proxy({ headers, referrer, referrerPolicy }, { get: (ours: RequestInit, name) => ours[name as 'body'] ?? init?.[name as 'body'] })
            return own
          },
          (name, value) => headers.set(name, value),
          signal,
        )
    })
    return made()
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
    if (!request) return call()
    // It throws for a request that is not open, as `send` will.
    return follow(call, request[0], body, () => request[1], (name, value) => xhr.setRequestHeader(name, value))
  })
}
