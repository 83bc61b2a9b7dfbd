// Puts the delivery of bodies together.

import { wall } from '../clock'
import { UNSENT } from '../transport'
import { numbersOnly } from './before-send'
import { compress } from './compress'
import { listen, lose, options, postTo, randomId, storage } from './hooks'
import { forget } from './later'
import { queue } from './queue'
import { send } from './send'
import { unsent } from './unsent'

/** Lets go of what waits. */
export let drop: () => void

/** Nobody agrees any more, or not yet again: what waits stays where it is. */
let paused: boolean
let resume: () => void
export const pause = (whether: boolean): void => {
  paused = whether
  forget()
  resume()
}

/** Takes over all bodies, those of earlier pages included. Returns what takes one. */
export const deliver = (answered?: (response: Response) => void): ((body: string) => void) => {
  const post = (body: string): void => {
    forget()
    take(body)
  }
  const refused = postTo((body) => post(options.beforeSend ? numbersOnly(body) : body))
  const prefix = `${UNSENT}${options.app} `
  const bodies = unsent(storage, prefix, refused)
  let taken = 0
  // In the order of their times.
  const keyOf = (): string => prefix + [wall(), taken++, randomId()]
  const { take, go, online } = queue(keyOf, bodies, send, compress, lose, answered, () => paused)
  resume = go
  drop = () => {
    forget()
    for (const [key] of bodies.all(true)) bodies.set(key)
  }
  // These come after the capture script's own, which have just reported.
  listen('pagehide', () => go(true))
  listen('visibilitychange', () => go(document.hidden))
  listen('online', online)
  setTimeout(go)
  return post
}
