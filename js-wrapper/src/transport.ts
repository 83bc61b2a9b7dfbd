// Bodies on their way: handed to the browser so that they survive the page. The second chunk brings the queue that
// tries them again; a page that is left before it came could not do so anyway.

import { address } from './address'
import { lose } from './loss'
import { options } from './options'

let nativeFetch: typeof fetch

/** Takes the page's fetch before anyone, we included, wraps it: our own requests are not the page's. */
export const fetchBefore = (): typeof fetch => (nativeFetch ||= fetch)

/** Sends a body once. Rejects with the response, if there was one and it is no success. */
export const send = async (body: string, keepalive = true): Promise<void> => {
  // A string is text/plain and the mode is cors: no preflight.
  const response = await nativeFetch(address(options), { method: 'POST', body, keepalive, credentials: 'omit' })
  // Chromium gives the quota of keepalive bodies back only when the answer was read.
  await response.text()
  if (!response.ok) throw response
}

/** Takes a body to be sent. */
export let post = (body: string): unknown =>
  // Without an answer it may have been too large to survive the page: a tab that is only switched away finishes it.
  // What the page's fetch rejects with may be anything.
  send(body).catch((problem) => (problem?.status ? lose() : send(body, false).catch(lose)))

/** From now on `queue` takes the bodies. */
export const postTo = (queue: typeof post): void => {
  post = queue
}
