// The server of the pages that call fetch and XMLHttpRequest: one page without the SDK, one with it, one whose requests it traces; and another origin, which
// allows nobody anything.

import { createServer } from 'node:http'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const SHAPES = fileURLToPath(new URL('shapes.js', import.meta.url))
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' }
/** What a request says of itself; the rest is the browser's business. */
const HEADERS = ['traceparent', 'content-type', 'x-one', 'x-two', 'accept', 'authorization', 'cookie', 'referer']

const page = (first) => `<!doctype html><title>A page</title><link rel="icon" href="data:,">${first}<script src="/shapes.js"></script>`

export class Server {
  origin
  elsewhere
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
    const answers = {
      plain: () => end(200, 'text/html', page('')),
      wrapped: () => end(200, 'text/html', page('<script src="/sdk/rum.js" data-app="shapes"></script>')),
      traced: () => end(200, 'text/html', page(`<script src="/sdk/rum.js" data-app="shapes" data-tracing="${this.origin}"></script>`)),
      'shapes.js': () => end(200, TYPES['.js'], `window.elsewhere = '${this.elsewhere}'\n${readFileSync(SHAPES, 'utf8')}`),
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
        const file = join(this.#dist, basename(pathname))
        if (request.method === 'POST') response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end()
        else if (existsSync(file)) end(200, TYPES[extname(file)], readFileSync(file))
        else end(404, 'text/plain', 'not found')
      },
    }
    if (own && answers[first]) await answers[first]()
    else end(own ? 404 : 200, 'text/plain', own ? 'not found' : 'elsewhere')
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
