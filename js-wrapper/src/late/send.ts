// One try of one body.

import { address } from './hooks'

/** ms for an answer while the page is seen: until it is there no other body goes. */
const PATIENCE = 60_000

/** Looked up before a page is left: `Request` is slow when it is used for the first time. A page may have its own. */
export const KEEPALIVE = 'keepalive' in Object(Request?.prototype)

/**
 * Sends a body, gzipped if it is no text; the page may be gone after it if it is `away`, and the browser has room for it among
 * the bodies that survive the page if it `fits`. Resolves to the answer, if one is told; rejects with whatever the page's
 * fetch rejects with.
 */
export type Send = (body: string | ArrayBuffer, away: boolean, fits: boolean) => Promise<Response | void>

/** What sends by `get`, the page's own fetch. */
export const sendBy =
  (get: (url: string, options: RequestInit) => ReturnType<Send>): Send =>
  async (body, away, fits) => {
    const url = address() + ((body as string).length ? '' : '&z=gzip')
    // Requests end with the page in Firefox before 133. The answer to a beacon is not told.
    if (away && !KEEPALIVE) {
      if (navigator.sendBeacon(url, body)) return
      throw 0
    }
    // A string is text/plain, bytes have no type, and the mode is cors: no preflight.
    return get(url, { method: 'POST', body, keepalive: fits, credentials: 'omit', signal: away ? null : AbortSignal.timeout?.(PATIENCE) })
  }
