// A page whose browser is played by the test: entries, idle time, frames and the clock come when they are told to. It is
// loaded before the libraries.

window.world = (() => {
  const observers = []
  const tasks = []
  let clock = 1000

  class Observer {
    static supportedEntryTypes = [
      'event', 'first-input', 'interaction-contentful-paint', 'largest-contentful-paint', 'layout-shift', 'long-animation-frame',
      'navigation', 'paint', 'resource', 'soft-navigation', 'visibility-state',
    ]
    types = []
    records = []
    constructor(take) {
      this.take = take
      observers.push(this)
    }
    observe({ type }) {
      this.types.push(type)
    }
    disconnect() {
      this.types = []
    }
    takeRecords() {
      return this.records.splice(0)
    }
  }

  const later = (take) => tasks.push({ take })
  const defined = (value) => ({ value, configurable: true, writable: true })
  let hidden = false
  Object.defineProperties(window, {
    PerformanceObserver: defined(Observer),
    PerformanceSoftNavigation: defined(class { getLargestInteractionContentfulPaint() {} }),
    requestIdleCallback: defined(later),
    cancelIdleCallback: defined((handle) => tasks[handle - 1] && (tasks[handle - 1].take = undefined)),
    requestAnimationFrame: defined(later),
    setTimeout: defined(later),
  })
  Object.defineProperty(performance, 'now', defined(() => clock))
  Object.defineProperty(performance, 'interactionCount', defined(0))
  Object.defineProperty(document, 'visibilityState', { get: () => (hidden ? 'hidden' : 'visible'), configurable: true })

  return {
    /** The clock moves to `t`, if that is later. */
    set now(t) {
      clock = Math.max(clock, t)
    },
    get now() {
      return clock
    },
    /** Forgets who observes and what waits. Listeners stay: they are the library's, once a page. */
    reset() {
      observers.length = tasks.length = 0
    },
    /** Entries for whoever observes their types; those that nobody has taken by the time the page hides are taken then. */
    deliver(entries, { held = false } = {}) {
      for (const observer of observers) {
        const mine = entries.filter(({ entryType }) => observer.types.includes(entryType))
        if (mine[0] && held) observer.records.push(...mine)
        else if (mine[0]) observer.take({ getEntries: () => [...mine] })
      }
      // The libraries wait for a microtask.
      return Promise.resolve()
    },
    /** Idle time, frames and timers, until nothing waits. */
    run() {
      for (let at = 0; at < tasks.length; at++) tasks[at].take?.({})
      tasks.length = 0
    },
    hide(is) {
      hidden = is
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
    },
    restore() {
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    },
  }
})()
