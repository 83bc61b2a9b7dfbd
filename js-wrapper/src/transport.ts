// Bodies on their way: handed to the browser so that they survive the page, and kept until they were answered.

import { wall } from './clock'
import { lose } from './loss'
import { options } from './options'

/** Browsers allow 64 KiB of keepalive bodies in flight, the page's own included. */
const QUOTA = 6e4
const MOST_WAITING = 10

let nativeFetch: typeof fetch
let waiting: string[] = []
let inFlight = 0
/** Not before this, in ms since the epoch: what the collector asked for. */
let notBefore = 0

/** Takes the page's fetch before anyone, we included, wraps it: our own requests are not the page's. */
export const fetchBefore = (): typeof fetch => (nativeFetch ||= fetch)

const wait = (body: string): void => {
  if (waiting.push(body) > MOST_WAITING) {
    waiting.shift()
    lose()
  }
}

const send = async (body: string): Promise<void> => {
  const size = new Blob([body]).size
  // What does not fit goes without keepalive: a tab that is only switched away finishes it.
  const charge = inFlight + size > QUOTA ? 0 : size
  inFlight += charge
  try {
    const url = `${options.endpoint}/v1/batches?k=${encodeURIComponent(options.app)}&s=${wall()}`
    if ('keepalive' in Request.prototype) {
      // A string is text/plain and the mode is cors: no preflight.
      const response = await nativeFetch(url, { method: 'POST', body, keepalive: !!charge, credentials: 'omit' })
      // Chromium gives the quota back only when the answer was read.
      await response.text()
      if (/408|425|429|5../.test('' + response.status)) {
        notBefore = wall() + 1e3 * +response.headers.get('Retry-After')!
        throw 0
      }
    } else if (!navigator.sendBeacon(url, body)) throw 0
  } catch {
    wait(body)
  }
  inFlight -= charge
}

/** Sends a body, and those that wait for another try: the same bytes, so the same batch. */
export const post = (body: string): void => {
  wait(body)
  // Retry-After may be a date, which is no number: then any time will do.
  if (!(wall() < notBefore)) waiting.splice(0).forEach(send)
}
