// Bodies on their way: stored until somebody has acknowledged them, and handed to the browser so that they survive the page.
// The second chunk brings the queue that tries them again, of this page or the next one.

import { address } from './address'
import { lose } from './loss'
import { options } from './options'
import { storage } from './session'

/** The page's fetch before anyone, we included, wraps it: our own requests are not the page's. */
export let nativeFetch: typeof fetch
export const fetchBefore = (): void => {
  nativeFetch = fetch
}

/** With the app's key: where its bodies are that nobody has acknowledged, a line each. */
export const UNSENT = 'wasm-rum '

/** In the place of a body that is given up. It is counted by a page that is seen: only that one will surely tell. */
export const GONE = '-'

/** UTF-16 units of bodies that wait: with so many the next one has no room. */
const MOST = 1e5

/** The lines that the storage does not take. */
let rest = ''

/** Changes the lines of this app. */
const edit = (change: (lines: string) => string): void => {
  try {
    const key = UNSENT + options.app
    storage()[key] = change(storage()[key] || '')
  } catch {
    rest = change(rest)
  }
}

/** Takes a body to be sent. */
export let post = async (body: string): Promise<void> => {
  // Who wants to see events first cannot yet.
  if (options.beforeSend) return lose()
  let line = body + '\n'
  // Before it is sent: when the page is gone nobody hears the answer.
  edit((lines) => lines + (line = lines[MOST] ? GONE + '\n' : line))
  try {
    // A string is text/plain and the mode is cors: no preflight.
    const response = await nativeFetch(address(options), { method: 'POST', body, keepalive: true, credentials: 'omit' })
    // Chromium gives the quota of keepalive bodies back only when the answer was read.
    await response.text()
    if (response.ok) edit((lines) => lines.replace(line, ''))
  } catch {}
}

/** From now on `queue` takes the bodies. Returns those that wait and could not be stored. */
export const postTo = (queue: (body: string) => void): string => {
  post = queue as typeof post
  return rest
}
