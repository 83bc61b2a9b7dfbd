// Puts the delivery of bodies together.

import { UNSENT } from '../transport'
import { numbersOnly } from './before-send'
import { compress } from './compress'
import { listen, lose, options, postTo, storage } from './hooks'
import { forget } from './later'
import { queue } from './queue'
import { send } from './send'
import { unsent } from './unsent'

/** Lets go of what waits. */
export let drop: () => void

/** Takes over all bodies, those of earlier pages included. Returns what takes one. */
export const deliver = (answered?: (response: Response) => void): ((body: string) => void) => {
  const post = (body: string): void => {
    forget()
    take(body)
  }
  const refused = postTo((body) => post(options.beforeSend ? numbersOnly(body) : body))
  const waiting = unsent(storage, UNSENT + options.app, refused)
  const { take, go, online } = queue(waiting, send, compress, lose, answered)
  drop = () => {
    forget()
    waiting(() => [])
  }
  // These come after the capture script's own, which have just reported.
  listen('pagehide', () => go(true))
  listen('visibilitychange', () => go(document.hidden))
  listen('online', online)
  setTimeout(go)
  return post
}
