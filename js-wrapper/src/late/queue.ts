// The queue of bodies: what could not be sent is tried again with the next one.

import { wall } from '../clock'
import type { lose } from '../loss'
import type { send } from '../transport'

/** Browsers allow 64 KiB of keepalive bodies in flight, the page's own included. */
const QUOTA = 60_000
const MOST_WAITING = 10
/** Statuses that may pass. */
const FOR_NOW = /408|425|429|5../

/** Takes bodies and sends them, each until it was answered for good; what is given up goes to `lost`. */
export const queue = (attempt: typeof send, lost: typeof lose): ((body: string) => void) => {
  const waiting: string[] = []
  const encoder = new TextEncoder()
  // What runs for the first time is slow, and the next body may be a page's last.
  encoder.encode('')
  let inFlight = 0
  /** In ms since the epoch: what the collector asked for. */
  let notBefore = 0

  const wait = (body: string): void => {
    if (waiting.push(body) > MOST_WAITING) {
      waiting.shift()
      lost()
    }
  }

  const sendOne = async (body: string): Promise<void> => {
    const size = encoder.encode(body).length
    // What does not fit goes without keepalive: a tab that is only switched away finishes it.
    const charge = inFlight + size > QUOTA ? 0 : size
    inFlight += charge
    try {
      await attempt(body, charge > 0)
    } catch (problem) {
      // No response: the network failed, or the page's own fetch, with whatever it likes.
      const { status, headers } = (problem || {}) as Partial<Response>
      if (status && !FOR_NOW.test('' + status)) lost()
      else {
        notBefore = wall() + 1e3 * +(headers?.get?.('Retry-After') || 0)
        wait(body)
      }
    }
    inFlight -= charge
  }

  return (body) => {
    // The same bytes each time, so the same batch.
    wait(body)
    // Retry-After may be a date, which is no number: then any time will do.
    if (!(wall() < notBefore)) waiting.splice(0).forEach(sendOne)
  }
}
