// How far down a view was seen, and for how long its user did something; and the size of the viewport. Nothing here asks for a
// layout: an IntersectionObserver tells after the browser's own.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { keep, put } from './holder'
import { guard, openedAt } from './hooks'

/** ms that a user who did something is taken to look at the page. */
const ATTENTION = 10_000
/** ms between two looks at how far the page is scrolled. */
const PAUSE = 200

export const captureEngagement = (): void => {
  let view: number
  let depth = 0
  let engaged = 0
  /** When the user was last engaged, up to which time is counted. */
  let since = 0
  let until = 0
  let looking = false

  const begin = (): void => {
    if (view == (view = openedAt())) return
    depth = engaged = 0
    // An act that led to the view goes on in it.
    since = view
    look()
  }
  const count = (): void => {
    const time = Math.min(now(), until)
    if (time > since) engaged += time - since
    since = Math.max(since, time)
  }
  const look = (): void => {
    looking = false
    new IntersectionObserver(
      guard(([entry]: IntersectionObserverEntry[], observer: IntersectionObserver) => {
        observer.disconnect()
        const { boundingClientRect: page, rootBounds } = entry!
        begin()
        if (rootBounds && page.height) depth = Math.max(depth, Math.min(1, (rootBounds.height - page.top) / page.height))
      }),
    ).observe(document.documentElement)
  }
  const act = guard(() => {
    begin()
    count()
    if (document.hidden) return
    if (now() > until) since = now()
    until = now() + ATTENTION
  })
  for (const type of ['pointermove', 'pointerdown', 'keydown', 'scroll', 'touchmove'])
    addEventListener(type, act, { capture: true, passive: true })
  addEventListener(
    'scroll',
    guard(() => {
      if (!looking) setTimeout(look, PAUSE)
      looking = true
    }),
    { capture: true, passive: true },
  )
  begin()
  keep(Kind.Cut, (number, t, ...fields) => {
    begin()
    count()
    // Nobody looks at a page that is hidden, although it was touched just before.
    if (document.hidden) until = 0
    put(number, Kind.Cut, t, ...fields, Math.round(depth * 1e3) || null, micros(engaged) || null)
    return true
  })
}
