// Bodies on their way: handed to the browser so that they survive the page. The second chunk brings the queue that keeps
// them until somebody has acknowledged them.

import { address } from './address'
import { lose } from './loss'
import { options } from './options'

/** The page's fetch before anyone, we included, wraps it: our own requests are not the page's. */
export let nativeFetch: typeof fetch
export const fetchBefore = (): void => {
  nativeFetch = fetch
}

/** With the app's key: where its bodies are that nobody has acknowledged, a line each. */
export const UNSENT = 'wasm-rum '

/** Takes a body to be sent. */
export let post = (body: string): unknown =>
  // Who wants to see events first cannot yet. A string is text/plain and the mode is cors: no preflight.
  options.beforeSend
    ? lose()
    : nativeFetch(address(options), { method: 'POST', body, keepalive: true, credentials: 'omit' })
        // Chromium gives the quota of keepalive bodies back only when the answer was read.
        .then((response) => response.text().then(() => response.ok || lose()))
        .catch(lose)

/** From now on `queue` takes the bodies. */
export const postTo = (queue: typeof post): void => {
  post = queue
}
