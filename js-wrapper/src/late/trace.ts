// W3C trace context (https://www.w3.org/TR/trace-context/) on requests to the origins that the page lists, and GraphQL operations.

import { now } from '../clock'
import { stopped } from './holder'
import { navigationEntry, options, ordinal, plainUrl, randomId, state, wrap } from './hooks'

/** What was sent with a request. */
type Sent = [
  /** Of the numbers that were taken in its call, the first one, … */
  first: number,
  /** … and the one behind the last. */
  end: number,
  t: number,
  asked: string,
  /** As the page had it then: by its end it may have another path. */
  url: string,
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
 * What was sent with the request of that number: it was taken in the call, by the capture script. Not found by its time: many begin in
 * one moment of a coarse clock. Where somebody's wrapper between waits for something its URL tells, unless that may be another one's: no
 * trace is better than a wrong one.
 */
export const sentAs = (number: number, url: string, start: number): Sent | [] => {
  let found: Sent[] = []
  for (const one of sent) {
    const [first, end, , asked, known] = one
    if (number < first || number >= end) continue
    if (known == url || plainUrl(asked) == url) found = [one]
    // In its call somebody has asked for something else first.
    else one[1] = first
  }
  if (!found[0]) found = sent.filter(([first, end, t, , known]) => first == end && t <= start && known == url)
  sent = sent.filter((one) => !found.includes(one))
  return (!found[1] && found[0]) || []
}

/** The trace of the request for the document, which a server names by `Server-Timing: traceparent;desc="00-…"`. */
export const traceOfLoad = (): string | undefined =>
  navigationEntry()?.serverTiming?.find(({ name }) => name == 'traceparent')?.description.split('-')[1]

/** True if a request was sent since `t` (ms). */
export const sentSince = (t: number): boolean => sent.some(([, , at]) => at >= t)

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
          return `${known ? type : ''} ${operationName || name || ''}`.trim()
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
  set: (name: string, value: string) => unknown,
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
  const first = ordinal() + 1
  const t = now()
  try {
    return call()
  } finally {
    // Not before, for to ask an object for its URL may change it.
    attempt(() => {
      const asked = '' + url
      sent = [...sent.slice(-MOST), [first, ordinal(), t, asked, plainUrl(asked), signal, operationOf(body), traceId, spanId]]
    })
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
      let plain: Record<string, string> | false
      const url = request?.url || input
      const body = init?.body
      const signal = init?.signal ?? request?.signal
      made = () =>
        follow(
          call,
          url,
          body,
          () => {
            const { headers: theirs = request?.headers }: { headers?: any } = init || {}
            headers = new Headers(theirs)
            // Somebody's wrapper between may copy these, and a copy of `Headers` has none.
            plain = !theirs?.[Symbol.iterator] && { ...theirs }
            const own = headers.get('traceparent')
            // With any option a Request forgets these.
            const { referrer, referrerPolicy } = Object.keys(init || {})[0] ? ({} as Request) : request || {}
            // Not only a copy: a Request may stand there, whose properties are not its own; and not its own proxy, for it may be frozen.
            if (!own) given[1] = new Proxy({ ...init, headers: plain || headers, referrer, referrerPolicy }, { get: (ours: RequestInit, name) => ours[name as 'body'] ?? init?.[name as 'body'] })
            return own
          },
          (name, value) => (plain ? (plain[name] = value) : headers.set(name, value)),
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
