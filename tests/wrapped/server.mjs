// The server of the pages that call fetch and XMLHttpRequest: one page without the SDK, one with it, one whose requests it traces, and the
// same under /worked/, where a service worker may control them; and another origin, which takes batches and allows nobody anything else.

import { createServer } from 'node:http'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

const FILES = ['observe.js', 'shapes.js', 'worked.js', 'worker.js']
const file = (name) => readFileSync(new URL(name, import.meta.url))
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' }
/** What a request says of itself; the rest is the browser's business. */
const HEADERS = ['traceparent', 'content-type', 'x-one', 'x-two', 'accept', 'authorization', 'cookie', 'referer']

/** The pages, by what their script tag says besides: of one without it there is no such tag. */
const PAGES = {
  plain: () => null,
  wrapped: ({ elsewhere }) => `data-endpoint="${elsewhere}"`,
  // Batches go to an origin whose requests are traced.
  traced: ({ origin }) => `data-tracing="${origin}" data-endpoint="${origin}"`,
}
const page = (site, name, shapes) => {
  const given = PAGES[name](site)
  return `<!doctype html><title>A page</title><link rel="icon" href="data:,">
    ${given === null ? '' : `<script src="/sdk/rum.js" data-app="shapes" ${given}></script>`}
    <script>window.elsewhere = '${site.elsewhere}'</script><script type="module" src="/${shapes}"></script>`
}

export class Server {
  origin
  elsewhere
  /** Batches that arrived at either origin: `url`, `headers` and the body as `text`. */
  batches = []
  #servers
  #dist

  static async open(dist) {
    const server = new Server()
    server.#dist = dist
    server.#servers = [1, 2].map((at) => createServer((request, response) => server.#answer(at === 1, request, response)))
    const [origin, elsewhere] = await Promise.all(
      server.#servers.map(async (each) => {
        await once(each.listen(0, '127.0.0.1'), 'listening')
        return `http://127.0.0.1:${each.address().port}`
      }),
    )
    return Object.assign(server, { origin, elsewhere })
  }

  close() {
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
    }
  }

  async #answer(own, request, response) {
    const chunks = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      // Broken off by the page.
      return
    }
    const { pathname, searchParams } = new URL(request.url, this.origin)
    const [, first, second] = pathname.split('/')
    const end = (status, type, body) => response.writeHead(status, { 'Content-Type': type }).end(body)
    if (pathname === '/v1/batches') {
      if (request.method === 'POST') this.#keep(request, Buffer.concat(chunks))
      return void response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end()
    }
    if (own && PAGES[first]) return void end(200, 'text/html', page(this, first, 'shapes.js'))
    if (own && first === 'worked' && PAGES[second]) return void end(200, 'text/html', page(this, second, 'worked.js'))
    if (own && FILES.includes(first)) return void end(200, TYPES['.js'], file(first))
    const answers = {
      echo: () => end(200, 'application/json', JSON.stringify(echo(request, Buffer.concat(chunks)))),
      status: () => response.writeHead(Number(second)).end(second === '204' || second === '304' ? undefined : `status ${second}`),
      slow: async () => {
        await pause(Number(second))
        end(200, 'text/plain', 'late')
      },
      stream: async () => {
        response.writeHead(200, { 'Content-Type': 'text/plain' })
        for (let part = 0; part < 3; part++) {
          response.write(`part ${part}\n`)
          await pause(15)
        }
        if (second === 'breaks') response.destroy()
        else response.end()
      },
      redirect: () => response.writeHead(302, { Location: searchParams.get('to') ?? '/echo' }).end(),
      broken: () => response.destroy(),
      xml: () => end(200, 'application/xml', '<a><b>c</b></a>'),
      bytes: () => end(200, 'application/octet-stream', Buffer.from([0, 1, 2, 253, 254, 255])),
      // The SDK's own.
      sdk: () => {
        const name = join(this.#dist, basename(pathname))
        if (existsSync(name)) end(200, TYPES[extname(name)], readFileSync(name))
        else end(404, 'text/plain', 'not found')
      },
    }
    if (own && answers[first]) await answers[first]()
    else end(own ? 404 : 200, 'text/plain', own ? 'not found' : 'elsewhere')
  }

  #keep({ url, headers }, bytes) {
    const { href, searchParams } = new URL(url, `http://${headers.host}`)
    const text = (searchParams.get('z') === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    this.batches.push({ url: href, headers, text })
  }
}

/** Of multipart bodies the border is random; and the two pages are one. */
const echo = (request, body) => ({
  method: request.method,
  url: request.url,
  headers: Object.fromEntries(HEADERS.flatMap((name) => (request.headers[name] ? [[name, same(request.headers[name])]] : []))),
  body: same(body.toString('latin1')),
})
const same = (text) => text.replace(/----\w+/g, '----').replace(/\/(plain|wrapped|traced)$/, '/')
