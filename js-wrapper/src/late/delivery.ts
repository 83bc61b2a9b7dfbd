// Puts the delivery of bodies together.

import { wall } from '../clock'
import { UNSENT } from '../transport'
import { numbersOnly } from './before-send'
import { compress } from './compress'
import { get, listen, lose, options, postTo, randomId, storage } from './hooks'
import { forget } from './later'
import { queue } from './queue'
import { KEEPALIVE, sendBy } from './send'
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
  const { take, go, leave, look, online } = queue(keyOf, bodies, sendBy(get), compress, lose, answered, () => paused)
  resume = go
  drop = () => {
    forget()
    for (const [key] of bodies.all(true)) bodies.set(key)
  }
  // These come after the capture script's own, which have just reported.
  listen('pagehide', leave)
  listen('visibilitychange', look)
  listen('online', online)
  setTimeout(go)
  return post
}

/**
 * Lets a body be sent by nobody. Chromium looks up where each function stands that leads to a request, and parses it again for that: better
 * now than while the page is being left. A stack asks for the same.
 */
export const rehearse = (): void => {
  // A beacon would go to somebody.
  if (!KEEPALIVE) return
  const look = async (): Promise<void> => void Error().stack
  const { take, leave } = queue(() => '', unsent(() => undefined, '', new Map()), sendBy(look), compress, lose)
  // It may be gone: what comes then goes at once.
  leave()
  take(`[1,0,"0",${wall()}`)
}
