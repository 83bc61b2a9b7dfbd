// W3C trace context (https://www.w3.org/TR/trace-context/) on requests to the origins that the page lists, and GraphQL operations.

import { now } from '../clock'
import { randomId } from '../ids'
import { options, wrap } from './hooks'

type Sent = [t: number, traceId: string | null, spanId: string | null, operation: string | null]

/** The latest requests. */
const MOST = 100
let sent: Sent[] = []

/** What was sent with the request that began at `t` (ms). */
export const sentAt = (t: number): [traceId: string | null, spanId: string | null, operation: string | null] => {
  // The capture script's own wrapper is inside of this one, and looks at the clock after it.
  const [, ...known] = sent.filter(([at]) => at <= t + 0.001 && t - at < 1).pop() || [0, null, null, null]
  return known as [string | null, string | null, string | null]
}

/** True if a request was sent since `t` (ms). */
export const sentSince = (t: number): boolean => sent.some(([at]) => at >= t)

/** The operation of a GraphQL request: what its body says, no more of that is kept. */
const operationOf = (body: unknown): string | null => {
  if (typeof body != 'string' || !/^\s*\{/.test(body) || !body.includes('"query"')) return null
  try {
    const { query, operationName } = JSON.parse(body)
    const [, type, name] = /^\s*(query|mutation|subscription)?\s*(\w*)/.exec(query)!
    return `${type || 'query'} ${operationName || name}`.trim().slice(0, 100)
  } catch {
    return null
  }
}

/** The header for a request to `url`, if it goes to one of the origins. */
const header = (url: unknown, body: unknown): string | undefined => {
  let ids: [string | null, string | null] = [null, null]
  attempt(() => {
    // As an attribute it is text.
    if (`${options.tracing}`.split(',').includes(new URL('' + url, document.baseURI).origin)) ids = [randomId() + randomId(), randomId()]
  })
  sent = [...sent.slice(-MOST), [now(), ...ids, operationOf(body)]]
  return ids[0] ? `00-${ids.join('-')}-01` : undefined
}

/** What fails here will fail in the page's own call, which has to tell it. */
const attempt = (use: () => void): void => {
  try {
    use()
  } catch {}
}

/** Adds the header to requests, and remembers it. What a page has set itself stays. */
export const captureTraces = (): void => {
  wrap(window, 'fetch', (call, _, given) => {
    attempt(() => {
      const [input, init] = given
      const request = input instanceof Request ? input : undefined
      const traceparent = header(request?.url || input, init?.body)
      if (!traceparent) return
      const headers = new Headers(init?.headers || request?.headers)
      if (!headers.has('traceparent')) headers.set('traceparent', traceparent)
      // Not a copy: a Request may stand there, whose properties are not its own.
      given[1] = new Proxy(init || {}, { get: (init, name) => (name == 'headers' ? headers : init[name as 'body']) })
    })
    return call()
  })
  const urls = new WeakMap<XMLHttpRequest, unknown>()
  wrap(XMLHttpRequest.prototype, 'open', (call, xhr: XMLHttpRequest, given) => {
    urls.set(xhr, given[1])
    return call()
  })
  wrap(XMLHttpRequest.prototype, 'send', (call, xhr: XMLHttpRequest, [body]) => {
    const traceparent = urls.has(xhr) && header(urls.get(xhr), body)
    // It throws for a request that is not open, as `send` will.
    if (traceparent) attempt(() => xhr.setRequestHeader('traceparent', traceparent))
    return call()
  })
}

