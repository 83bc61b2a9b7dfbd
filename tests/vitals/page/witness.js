// Last in every page's head: sees what the libraries before it have seen, so that a visitor can wait for it, and leaves
// a word when the page goes.
{
  const { probe } = window
  /** Entries that are kept of a type. */
  const MOST = 500

  /** What observers were told so far, by type. Observers are called in the order in which they were made. */
  probe.seen = Object.fromEntries(PerformanceObserver.supportedEntryTypes.map((type) => [type, []]))
  for (const [type, seen] of Object.entries(probe.seen)) {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (seen.length < MOST) seen.push(entry)
    }).observe({ type, buffered: true, durationThreshold: 16 })
  }

  // When the visitor acted last.
  for (const type of ['pointerdown', 'pointerup', 'click', 'keydown', 'keyup']) {
    addEventListener(type, ({ isTrusted, timeStamp }) => isTrusted && (probe.acted = timeStamp), { capture: true, passive: true })
  }

  const seen = () => probe.tell('open', location.pathname)
  document.prerendering ? addEventListener('prerenderingchange', seen) : seen()

  // At the window in the bubbling phase: behind every listener that a library may have.
  addEventListener('visibilitychange', () => {
    if (!document.hidden) return probe.tell('left')
    probe.hides++
    probe.tell('left', 'now')
  })
  // Nothing hides a page that was never visible.
  addEventListener('pagehide', () => document.hidden && probe.tell('left', 'now'))
}
