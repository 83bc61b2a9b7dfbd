// Bodies on their way: stored until somebody has acknowledged them, and handed to the browser so that they survive the page.
// The second chunk brings the queue that tries them again, of this page or the next one.

import { address } from './address'
import { wall } from './clock'
import { randomId } from './ids'
import { lose } from './loss'
import { options } from './options'
import { storage } from './session'

/** The page's fetch before anyone, we included, wraps it: our own requests are not the page's. */
export let nativeFetch: typeof fetch
export const fetchBefore = (): void => {
  nativeFetch = fetch
}

/** With the app's key, and what orders and tells apart: where a body is that nobody has acknowledged. */
export const UNSENT = 'wasm-rum '

/** In the place of a body that is given up. It is counted by a page that is seen: only that one will surely tell. */
export const GONE = '-'

/** Keys of the storage, the page's own among them: with more the next body has no room. */
const MOST = 200

/** The bodies that the storage does not take, by their keys. */
const refused = new Map<string, string>()

/** Takes a body to be sent. */
export let post = async (body: string): Promise<number | void> => {
  // Who wants to see events first cannot yet.
  if (options.beforeSend) return lose()
  const key = UNSENT + options.app + ' ' + wall() + randomId()
  // Before it is sent: when the page is gone nobody hears the answer.
  try {
    const there = storage()!
    there[key] = there.length > MOST ? GONE : body
  } catch {
    refused.set(key, body)
  }
  try {
    // A string is text/plain and the mode is cors: no preflight.
    const response = await nativeFetch(address(), { method: 'POST', body, keepalive: true, credentials: 'omit' })
    // Chromium gives the quota of keepalive bodies back only when the answer was read.
    await response.text()
    if (response.status == 204) {
      refused.delete(key)
      delete storage()![key]
    }
  } catch {}
}

/** From now on `queue` takes the bodies. Returns those that wait and could not be stored. */
export const postTo = (queue: (body: string) => void): Map<string, string> => {
  post = queue as typeof post
  return refused
}
