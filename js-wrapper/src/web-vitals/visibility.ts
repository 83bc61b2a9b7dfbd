// When the page is hidden.

import { core } from './core'
import { activationStart, onRestore } from './navigation'

const takers: (() => void)[] = []
/** The page was hidden since the watch began, the activation or the restore: nothing can be earlier. */
let known = false
let watching = false

const hidden = (t: number) => {
  known = true
  core.page_hidden(t)
}

const isHidden = () => document.visibilityState === 'hidden'

const change = (event: Event) => {
  if (!isHidden()) return
  const hides = event.type === 'visibilitychange'
  if (hides) for (const take of takers) take()
  // A page that is hidden when it is activated was opened in the background.
  if (!known) hidden(hides ? event.timeStamp : 0)
}

/** Where no entries say more, a page that is hidden now always was; one that prerenders does not count as hidden. */
const look = () => {
  if (isHidden() && !document.prerendering) hidden(0)
}

/** What is painted from now on was seen, until the page is hidden. */
export const visible = (): void => {
  known = false
  core.page_visible()
}

/** Must be called before `core.page_seen` is asked. */
export const watchVisibility = (): void => {
  if (watching) return
  watching = true
  const activation = activationStart()
  const entry = document.prerendering
    ? undefined
    : performance.getEntriesByType('visibility-state').find(({ name, startTime }) => name === 'hidden' && startTime >= activation)
  if (entry) hidden(entry.startTime)
  else look()
  addEventListener('visibilitychange', change, true)
  // While a page prerenders it is 'hidden' for other reasons.
  addEventListener('prerenderingchange', change, true)
  onRestore(() =>
    // Not every browser has changed the state yet: https://bugs.chromium.org/p/chromium/issues/detail?id=1133363
    setTimeout(() => {
      visible()
      look()
    }),
  )
}

/** Calls `take` whenever the page is hidden, while the event is captured. */
export const onHidden = (take: () => void): void => {
  takers.push(take)
}

/** When the browser has nothing to do, at the latest after a second, or as soon as the page is hidden. */
export const whenIdleOrHidden = (take: () => void): void => {
  if (isHidden()) return take()
  const [request, cancel, timeout] = 'requestIdleCallback' in globalThis
    ? [requestIdleCallback, cancelIdleCallback, 1000]
    : [setTimeout as unknown as typeof requestIdleCallback, clearTimeout, 0]
  const once = () => {
    removeEventListener('visibilitychange', once, true)
    cancel(handle)
    take()
  }
  addEventListener('visibilitychange', once, true)
  const handle = request(once, { timeout })
}
