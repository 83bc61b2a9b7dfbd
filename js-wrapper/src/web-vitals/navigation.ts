// The navigation that began the page, and what may come after it: activation, and restores from the back/forward cache.

/** The navigation entry, if the browser says something valid about it: some versions of some browsers do not. */
export const navigationEntry = (): PerformanceNavigationTiming | undefined => {
  const [entry] = performance.getEntriesByType('navigation')
  if (entry && entry.responseStart > 0 && entry.responseStart < performance.now()) return entry
  return
}

/** When a prerendered page was activated, in ms; 0 of any other. */
export const activationStart = (): number => navigationEntry()?.activationStart ?? 0

/** Now, or when the prerendered page is activated. */
export const whenActivated = (take: () => void): void => {
  if (document.prerendering) addEventListener('prerenderingchange', take, true)
  else take()
}

/** When the page was restored last, in ms; -1 if it was not. */
export let restoredAt = -1

export const onRestore = (take: (event: PageTransitionEvent) => void): void =>
  addEventListener(
    'pageshow',
    (event) => {
      if (event.persisted) {
        restoredAt = event.timeStamp
        take(event)
      }
    },
    true,
  )

/** After the next frame was presented, as well as JavaScript can know. */
export const afterFrame = (take: () => void): void => {
  requestAnimationFrame(() => requestAnimationFrame(() => take()))
}
