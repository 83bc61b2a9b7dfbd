// First in every page: keeps what the libraries report, and what the SDK sends, where it outlives the page.
//
// Local storage is written synchronously, so a report made while the page goes is kept as any other. Every key begins
// with the document's time origin:
//
//   <time origin> report <ordinal>   a report, see `keep`
//   <time origin> open               the path of a page that was seen
//   <time origin> left               it is hidden now, and all listeners were told
//   <time origin> core               what became of the SDK's Wasm: up or refused
//   <time origin> warning <ordinal>  what was said in the console
//   <time origin> body <ordinal>     a body that the SDK gave to the browser to send
//
// Not what the server got: whether a last body arrives is for other tests.
{
  const METRICS = ['CLS', 'FCP', 'INP', 'LCP', 'TTFB']
  /** Nothing that is compared is nested deeper. */
  const DEEPEST = 7

  const key = (what) => `${performance.timeOrigin} ${what}`

  const names = new WeakMap()
  /** Names a node so that another node of the page has another name; once, for it may move between two reports. */
  const path = (node) => {
    if (!names.has(node)) names.set(node, pathNow(node))
    return names.get(node)
  }
  const pathNow = (node) => {
    const place = (at) => (at.parentNode ? [...at.parentNode.childNodes].indexOf(at) : 'root')
    const steps = []
    for (let at = node; at && at.nodeType !== Node.DOCUMENT_NODE; at = at.parentNode || at.host) steps.unshift(`${at.nodeName}[${place(at)}]`)
    return steps.join('/')
  }

  /** A copy of anything that JSON can hold, with the attributes of the browser's own objects. */
  const plain = (value, depth = 0) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value !== 'object' || value === null) return value
    if (depth > DEEPEST) return '…'
    if (value instanceof Node) return path(value)
    if (value instanceof Window) return 'window'
    if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1))
    const of = Object.prototype.toString.call(value)
    const copy = of === '[object Object]' ? {} : { of }
    // The attributes of a platform object are getters of its prototype, which only this loop finds.
    for (const name in value) if (typeof value[name] !== 'function') copy[name] = plain(value[name], depth + 1)
    return copy
  }

  let kept = 0
  const next = () => String(kept++).padStart(6, '0')

  const probe = (window.probe = {
    /** Options of the libraries; functions too, so pages set them by script. */
    options: {},
    /** What is registered, see `register`. */
    series: ['final', 'all', 'plain'],
    /** How often the page's own last listener has seen it hidden, and restored from the back/forward cache. */
    hides: 0,
    restores: 0,
    /** What became of the SDK's Wasm: up or refused. */
    core: undefined,

    /** Registers for every metric, in the ways that are compared. */
    register(library, exports) {
      const register = (series, options) => {
        if (!probe.series.includes(series)) return
        for (const name of METRICS) exports[`on${name}`]((metric) => probe.keep(library, series, metric), options)
      }
      register('final', { ...probe.options })
      register('all', { ...probe.options, reportAllChanges: true })
      // What the SDK's rows are compared with: they know no options.
      if (library === 'reference') register('plain', {})
      // And its views' own rows, where the browser tells of soft navigations.
      if (library === 'reference' && PerformanceObserver.supportedEntryTypes.includes('soft-navigation')) register('soft', { reportSoftNavs: true })
    },

    keep(library, series, metric) {
      const report = {
        library,
        series,
        hides: probe.hides,
        restores: probe.restores,
        // The event during which the callback ran, if any.
        during: window.event?.type ?? null,
        metric: plain(metric),
      }
      probe.tell(`report ${next()}`, JSON.stringify(report))
    },

    /** Keeps `value`, or forgets it if there is none. */
    tell(what, value) {
      if (value === undefined) localStorage.removeItem(key(what))
      else localStorage.setItem(key(what), value)
    },
  })

  // Before the libraries, which open new metrics in listeners of their own.
  addEventListener('pageshow', ({ persisted }) => persisted && probe.restores++, true)

  const { warn } = console
  console.warn = (...given) => {
    probe.tell(`warning ${next()}`, given.join(' '))
    warn(...given)
  }

  // Where it is measured what the SDK costs, none of that may be ours.
  if (!window.unheard) {
    const { fetch } = window
    window.fetch = (...given) => {
      const [url, options] = given
      // Not what the page before this one had sent, and nobody had answered while it was there.
      const own = `,[${Math.round(performance.timeOrigin)},`
      if (String(url).includes('/v1/batches') && String(options.body).includes(own)) probe.tell(`body ${next()}`, options.body)
      return fetch(...given)
    }
  }
  // Not the drop-in's, which is synchronous. Chromium and Firefox refuse to compile, WebKit to instantiate.
  const became = (state) => probe.tell('core', (probe.core = state))
  for (const [name, state] of Object.entries({ compile: undefined, instantiate: 'up' })) {
    const make = WebAssembly[name]
    WebAssembly[name] = async (...given) => {
      try {
        const made = await make(...given)
        became(state)
        return made
      } catch (error) {
        became('refused')
        throw error
      }
    }
  }
}
