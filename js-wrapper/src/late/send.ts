// One try of one body.

import { address, get } from './hooks'

/** ms for an answer while the page is seen: until it is there no other body goes. */
const PATIENCE = 60_000

/** How a body goes. */
export type Way = {
  /** The page may be gone after this. */
  away: boolean
  /** The browser has room for it among the bodies that survive the page. */
  fits: boolean
}

/**
 * Sends a body, gzipped if it is no text. Resolves to the answer, if one is told; rejects with it if it is no success, or
 * with whatever the page's fetch rejects with.
 */
export type Send = (body: string | ArrayBuffer, way: Way) => Promise<Response | void>

export const send: Send = async (body, { away, fits }) => {
  const url = address() + (typeof body == 'string' ? '' : '&z=gzip')
  // Requests end with the page in Firefox before 133. The answer to a beacon is not told.
  if (away && !('keepalive' in Request.prototype)) {
    if (navigator.sendBeacon(url, body)) return
    throw 0
  }
  // A string is text/plain, bytes have no type, and the mode is cors: no preflight.
  const response = await get(url, { method: 'POST', body, keepalive: fits, credentials: 'omit', signal: away ? null : AbortSignal.timeout?.(PATIENCE) })
  // Chromium gives the quota of keepalive bodies back only when the answer was read.
  await response.text()
  // Who says anything else is not the collector, but something on the way to it.
  if (response.status != 204) throw response
  return response
}
