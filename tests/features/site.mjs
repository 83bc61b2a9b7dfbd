// The servers of one situation, three origins of its own: of its pages, of the collector, and of somebody else. The collector
// is a stranger to the page, as it is in life, so whatever needs a preflight shows.

import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

import { DIST } from '../vitals/libraries.mjs'
import { AFTER } from '../vitals/site.mjs'

const PROBE = readFileSync(fileURLToPath(new URL('probe.js', import.meta.url)))
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' }
const BATCHES = '/v1/batches'
/** WebKit's clock has whole ms: a first byte that comes at 0 is for nobody one. */
const LEAST_DELAY = 3
/** A browser's connection shall not be closed while it sends, in ms. */
const KEPT = 120_000
const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*', 'Access-Control-Allow-Methods': '*' }

/** The app's key. */
export const APP = 'features'
/** Names of the SDK's files. */
export const FILES = JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8'))

/** The text of one of them. */
export const sdkFile = (name) => readFileSync(join(DIST, name), 'utf8')

/** Answers that are none: the connection breaks, or nothing comes. */
export const BREAKS = 'breaks'
export const NEVER = 'never'

/** Ports of this process's sites: the system gives them again, and a browser keeps what it has of an origin. */
const used = new Set()

/** The markup around `given`: `first` comes before the SDK, `head` behind it. */
const html = ({ first = '', sdk = '', head = '', body = '' }) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">
  <script src="/probe.js"></script>${first}${sdk}${head}</head><body>${body}</body></html>`

/**
 * A page with the SDK: by its script tag, with more attributes in `tag`; or by the npm package, with `options` as JavaScript
 * source. `overheard` notes what is sent.
 */
export const page = ({ tag = '', options, first = '', head, body = '<h1>A page</h1>', overheard } = {}) => (site) => {
  const start = `init({ app: '${APP}', endpoint: '${site.collector}', ...${options} })`
  return html({
    first: (overheard ? '<script>probe.overhear()</script>' : '') + first,
    sdk: options
      ? `<script type="module">import { init } from '/sdk/npm/index.js'; ${start}</script>`
      : `<script async src="/sdk/rum.js" data-app="${APP}" data-endpoint="${site.collector}" ${tag}></script>`,
    head,
    body,
  })
}

/** A page without it. */
export const bare = (body) => () => html({ body })

export class Site {
  origin
  /** The collector's origin, and somebody else's. */
  collector
  elsewhere
  /** All that was asked for: the `origin`, `method`, `path`, `headers`, and the body as `text`. */
  asked = []
  /** What arrived at the collector: `url`, `headers`, the number of `bytes`, the body as `text`, and its `id`. */
  batches = []
  /** What the collector answers a batch; see `#end`. */
  answer = () => ({ status: 204 })
  #servers
  #pages
  #headers
  #routes

  /** `pages` are made by functions of the site, by path, and may have `headers`; `routes` answer all other paths, see `#end`. */
  static async open({ pages = { '/': page() }, headers = {}, routes = {} }) {
    const site = new Site()
    const names = ['origin', 'collector', 'elsewhere']
    site.#servers = await Promise.all(names.map((name) => site.#listen(name)))
    names.forEach((name, at) => (site[name] = `http://127.0.0.1:${site.#servers[at].address().port}`))
    site.#pages = { [AFTER]: bare('<p>It is over.</p>'), ...pages }
    site.#headers = headers
    site.#routes = routes
    return site
  }

  close() {
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
    }
  }

  /** For `Visitor`: paths. */
  get requests() {
    return this.asked.map(({ path }) => path)
  }

  async #listen(name) {
    const server = createServer((request, response) => this.#answer(name, request, response).catch((error) => response.destroy(error)))
    server.keepAliveTimeout = KEPT
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address()
    if (!used.has(port)) {
      used.add(port)
      return server
    }
    server.close()
    return this.#listen(name)
  }

  async #answer(name, request, response) {
    const { method, headers } = request
    const url = new URL(request.url, this[name])
    const chunks = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      // Broken off by the page.
      return
    }
    const bytes = Buffer.concat(chunks)
    const asked = { origin: this[name], method, path: url.pathname, headers, text: bytes.toString() }
    this.asked.push(asked)
    if (url.pathname === BATCHES) return this.#end(response, method === 'POST' ? this.answer(this.#keep(url, headers, bytes)) : { status: 405 }, { 'Access-Control-Allow-Origin': '*' })
    if (name !== 'origin') return this.#end(response, method === 'OPTIONS' ? { status: 204 } : (this.#routes[url.pathname]?.(asked) ?? {}), CORS)
    this.#end(response, this.#find(asked))
  }

  #keep(url, headers, bytes) {
    const text = (url.searchParams.get('z') === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    const [, , id] = JSON.parse(text)
    const batch = { url, headers, bytes: bytes.length, text, id, at: performance.now() }
    this.batches.push(batch)
    return batch
  }

  #find(asked) {
    const { path } = asked
    if (this.#routes[path]) return this.#routes[path](asked)
    if (this.#pages[path]) return { type: 'text/html', body: this.#pages[path](this), headers: this.#headers[path], delay: LEAST_DELAY }
    if (path === '/probe.js') return { type: TYPES['.js'], body: PROBE }
    const file = join(DIST, path.replace(/^\/sdk\//, ''))
    if (path.startsWith('/sdk/') && existsSync(file)) return { type: TYPES[extname(file)], body: readFileSync(file) }
    return { status: 404, body: 'not found' }
  }

  /** Ends with `status`, `type`, `body` and `headers`, after `delay` ms; or by `BREAKS` or `NEVER`. */
  async #end(response, answer, more = {}) {
    if (answer === NEVER) return
    if (answer === BREAKS) return void response.destroy()
    const { status = 200, type = 'text/plain', body = '', headers = {}, delay = 0 } = answer
    await pause(delay)
    const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) }
    response.writeHead(status, { 'Content-Type': type, ...length, ...more, ...headers }).end(body)
  }
}
