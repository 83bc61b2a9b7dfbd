// First in every page: what the browser itself says of what the SDK is about to record, and the page's timers.
{
  const { clearTimeout, setTimeout } = window

  /** Timers of the SDK that wait, by their ids: how long, and what then. Drivers have their own in the page. */
  const timers = new Map()
  window.setTimeout = (run, ms, ...given) => {
    if (!new Error().stack.includes('/sdk/')) return setTimeout(run, ms, ...given)
    const then = () => {
      timers.delete(id)
      run(...given)
    }
    const id = setTimeout(then, ms)
    timers.set(id, { ms, then })
    return id
  }
  window.clearTimeout = (id) => {
    timers.delete(id)
    clearTimeout(id)
  }
  const waiting = (least, most) => [...timers].filter(([, { ms }]) => ms >= least && ms <= most)

  const told = (thing) => (thing instanceof Error ? { name: thing.name, message: thing.message, stack: thing.stack, text: `${thing}` } : null)

  let instances = 0
  const probe = (window.probe = {
    /** Errors that nobody caught, and rejections, as the browser tells of them. */
    uncaught: [],
    /** The SDK's Wasm has taken over. */
    core: false,
    /** Names of the resources that the browser has told observers of. */
    resources: [],

    /** How many timers of the SDK wait that were set for so many ms. */
    waits: (least, most = least) => waiting(least, most).length,
    /** Their time is over at once. */
    expire(least, most = least) {
      for (const [id, { then }] of waiting(least, most)) {
        clearTimeout(id)
        then()
      }
    },
    /** Their time never comes. */
    hold(least, most = least) {
      for (const [id] of waiting(least, most)) window.clearTimeout(id)
    },

    /** Runs something in a task of its own, so that nobody catches what it throws. */
    later: (run) =>
      new Promise((done) =>
        setTimeout(() => {
          setTimeout(done)
          run()
        }),
      ),

    /** Keeps what outlives the page. */
    note: (name, value) => localStorage.setItem(`probe ${name}`, JSON.stringify(value)),
    noted: (name) => JSON.parse(localStorage.getItem(`probe ${name}`)),

    /** From now on notes each body that is handed to the browser. */
    overhear() {
      const note = (way, more) => probe.note('heard', [...(probe.noted('heard') ?? []), { way, hidden: document.hidden, ...more }])
      const isOurs = (url) => String(url).includes('/v1/batches')
      const { fetch } = window
      window.fetch = (...given) => {
        const [url, options] = given
        if (isOurs(url)) note('fetch', { keepalive: options.keepalive })
        return fetch(...given)
      }
      const { sendBeacon } = Navigator.prototype
      Navigator.prototype.sendBeacon = function (url, body) {
        if (isOurs(url)) note('beacon')
        return sendBeacon.call(this, url, body)
      }
    },
  })

  addEventListener('error', ({ message, error }) => message && probe.uncaught.push({ message, error: told(error) }))
  addEventListener('unhandledrejection', ({ reason }) => probe.uncaught.push({ error: told(reason) }))
  new PerformanceObserver((list) => probe.resources.push(...list.getEntries().map(({ name }) => name))).observe({ type: 'resource', buffered: true })

  // The first instance is a rehearsal. When the second one's promise has told everybody, the core is attached.
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = async (...given) => {
    const instance = await instantiate(...given)
    if (++instances === 2) setTimeout(() => (probe.core = true))
    return instance
  }
}
