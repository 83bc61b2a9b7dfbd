// Requests that the page makes by fetch and XMLHttpRequest.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { guard } from '../guard'
import { ordinal, sinkAs } from '../stream'
import { plainUrl } from '../url'
import { wrap } from '../wrap'

const enum Initiator {
  Fetch,
  Xhr,
}

const enum Outcome {
  Answered,
  Failed,
  Aborted,
  TimedOut,
}

/** What a DOMException has for its name (https://webidl.spec.whatwg.org/#dfn-error-names-table). */
const enum Code {
  Abort = 20,
  Timeout = 23,
}

/** `number` was taken when the request was sent: by it the second chunk knows what else was sent. */
const record = (
  number: number,
  initiator: Initiator,
  method: unknown,
  url: unknown,
  start: number,
  status: number | undefined,
  outcome: Outcome,
): void => {
  const end = now()
  sinkAs(
    number,
    Kind.Request,
    end,
    micros(start),
    initiator,
    ('' + method).toUpperCase(),
    plainUrl(url as string),
    status || null,
    micros(end - start),
    outcome,
  )
}

/** Wraps fetch. Our own transport has taken the page's before. */
export const captureFetch = (): void =>
  wrap(window, 'fetch', (call, _, [input, init]) => {
    const start = now()
    const number = ordinal()
    const request = input as Request | undefined
    const end = (response?: Response, reason?: { code: number }): void => {
      try {
        record(
          number,
          Initiator.Fetch,
          init?.method || request?.method || 'GET',
          request?.url || request,
          start,
          response?.status,
          // In the order of Outcome, which any other reason comes before.
          response ? Outcome.Answered : Outcome.Aborted + [Code.Abort, Code.Timeout].indexOf(reason?.code!),
        )
        // The page's own getters may throw, and have made the request fail.
      } catch {}
    }
    const made = call()
    // Somebody's fetch before ours may give anything. Of a promise the page gets the one behind it: a rejection that it
    // does not handle is still unhandled.
    return (
      made?.then?.(
        (response) => {
          end(response)
          return response
        },
        (reason) => {
          end(undefined, reason)
          throw reason
        },
      ) ?? made
    )
  })

/** Wraps XMLHttpRequest. */
export const captureXhr = (): void => {
  /** What an object was opened for, and when that was sent. */
  const opened = new WeakMap<XMLHttpRequest, unknown[]>()
  wrap(XMLHttpRequest.prototype, 'open', (call, xhr: XMLHttpRequest, [method, url]: unknown[]) => {
    // What is no request throws here.
    const given = call()
    // Once an object, which may be used again. In the order of Outcome.
    if (!opened.has(xhr))
      ['load', 'error', 'abort', 'timeout'].forEach((type, outcome) =>
        xhr.addEventListener(
          type,
          guard(() => {
            const [method, url, start, number] = opened.get(xhr)!
            if (start) record(number as number, Initiator.Xhr, method, url, start as number, xhr.status, outcome)
          }),
        ),
      )
    opened.set(xhr, [method, url])
    return given
  })
  wrap(XMLHttpRequest.prototype, 'send', (call, xhr: XMLHttpRequest) => {
    opened.get(xhr)?.push(now(), ordinal())
    return call()
  })
}
