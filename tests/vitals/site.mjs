// The server of one run: an origin of its own, so that nothing is left in it by another run.
//
// Every path understands two parameters: `delay` holds the answer back for so many ms, and `tao` shows its timing to
// other origins.

import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { basename, extname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { DIST } from './libraries.mjs'
import { bare, STRICT } from './html.mjs'
import { NOISE } from './noise.mjs'

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.png': 'image/png' }
const BATCHES = '/sdk/v1/batches'
/** WebKit's clock has whole ms: a first byte that comes at 0 is for nobody one. */
const LEAST_DELAY = 3

/** Ports of this process's sites: the system gives them again, and a browser keeps what it has of an origin. */
const used = new Set()

/** Where a visit ends: same origin, so that what the pages kept can be read there. */
export const AFTER = '/after'

export class Site {
  /** Paths that were asked for. */
  requests = []
  /** Bodies of the SDK that arrived. */
  bodies = []
  origin
  /** The same server as another origin. */
  elsewhere
  #servers = []
  #mode
  #pages
  #scripts

  /** `pages` by path, see `html.mjs`, or functions of the site that make them; `mode` is wasm or raw. */
  static async open({ pages, mode, scripts }) {
    const site = new Site()
    site.#mode = mode
    site.#scripts = scripts
    site.#servers = await Promise.all([1, 2].map(() => site.#listen()))
    const [origin, elsewhere] = site.#servers.map((server) => `http://127.0.0.1:${server.address().port}`)
    Object.assign(site, { origin, elsewhere })
    site.#pages = { [AFTER]: bare('<p>It is over.</p>'), ...(typeof pages === 'function' ? pages(site) : pages) }
    return site
  }

  async close() {
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
    }
  }

  async #listen() {
    const server = createServer((request, response) =>
      this.#answer(request, response).catch((error) => response.destroy(error)),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address()
    if (!used.has(port)) {
      used.add(port)
      return server
    }
    server.close()
    return this.#listen()
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://site')
    this.requests.push(pathname)
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    if (pathname === BATCHES) {
      this.bodies.push(Buffer.concat(chunks).toString())
      response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end()
      return
    }
    const { status = 200, type, body, headers = {}, delay = 0, endless = false } = this.#find(pathname)
    await pause(Math.max(LEAST_DELAY, searchParams.get('delay') ?? delay))
    if (searchParams.has('tao')) headers['Timing-Allow-Origin'] = '*'
    response.writeHead(status, { ...(type && { 'Content-Type': type }), ...headers })
    if (endless) response.write(body)
    else response.end(body)
  }

  #find(path) {
    const page = this.#pages[path]
    if (page?.html) {
      const policy = this.#mode === 'raw' && { 'Content-Security-Policy': STRICT }
      return { ...page, type: 'text/html', body: page.html(this.#mode), headers: { ...policy, ...page.headers } }
    }
    if (page) return page
    if (this.#scripts[path]) return { type: TYPES['.js'], body: this.#scripts[path] }
    if (basename(path) === 'noise.png') return { type: TYPES['.png'], body: NOISE }
    const file = join(DIST, path.replace(/^\/sdk\//, ''))
    if (path.startsWith('/sdk/') && existsSync(file)) return { type: TYPES[extname(file)], body: readFileSync(file) }
    return { status: 404, body: 'not found' }
  }
}
