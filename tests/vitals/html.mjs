// The documents of a site: a situation's own markup, with the libraries in the head.

/** Without `'wasm-unsafe-eval'`: Wasm is refused, everything else that pages here do is not. */
export const STRICT = "script-src 'self' 'unsafe-inline'"

const tag = (source, attributes = '') => `<script ${attributes} src="${source}"></script>`
const SDK = '/sdk/rum.js'
const KEY = 'data-app="vitals"'

/** How the SDK comes into the page; `late` waits for the visitor. */
const SDK_TAGS = { head: tag(SDK, KEY), async: tag(SDK, `async ${KEY}`), late: '' }

/**
 * A page of a situation: `body` and `head` are markup, `options` the JavaScript source of the libraries' options,
 * `series` what they are asked for if it is not everything, `sdk` one of head, async, late; `libraries` may be late too;
 * `first` is markup before any of them. What the server is told besides: `status`, `headers`, `delay` in ms, and
 * `endless` where more of the HTML seems to come.
 */
export const page = (body, { head = '', first, options, series, sdk = 'head', libraries = 'head', ...answer } = {}) => ({
  ...answer,
  html: (mode) => {
    const scripts = [
      first,
      tag('/probe.js'),
      SDK_TAGS[sdk],
      options && `<script>probe.options = ${options}</script>`,
      series && `<script>probe.series = ${JSON.stringify(series)}</script>`,
      ...(libraries === 'head' ? libraryScripts(mode).map((path) => tag(path)) : []),
      tag('/witness.js'),
    ]
    return document(`${scripts.filter(Boolean).join('')}${head}`, body)
  },
})

/** A page that nobody measures. */
export const bare = (body, answer = {}) => ({ ...answer, html: () => document('', body) })

/** The second part of the SDK does not come: the page is left before. */
export const NEVER_IDLE = '<script>window.requestIdleCallback = () => {}</script>'

/** For handlers that take their time: a function that keeps the main thread for so many ms. */
export const BUSY = `<script>
  const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); }
</script>`

/** The scripts of the libraries beside the SDK. In a raw run the drop-in has nothing to run on. */
export const libraryScripts = (mode) => (mode === 'wasm' ? ['/reference.js', '/drop-in.js'] : ['/reference.js'])

/** Appends a script to a page that is open; what `evaluate` takes. */
export const append = ({ source, app }) =>
  new Promise((done, failed) => {
    const script = Object.assign(document.createElement('script'), { src: source, onload: done, onerror: failed })
    if (app) script.dataset.app = app
    document.head.append(script)
  })

const document = (head, body) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`
