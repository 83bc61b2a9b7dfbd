// A page's server and, as another origin, a collector that takes everything and counts.

import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { basename, extname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' }
const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*', 'Access-Control-Allow-Methods': '*', 'Access-Control-Max-Age': '0' }
/** What is not there, by the folder that is asked. */
const MISSING = { '/without-chunk/': /rum-glue/, '/without-wasm/': /\.wasm$/ }
/** How long a file and an answer of the page's own server take, in ms. */
const DELAY = 20

async function listen(answer) {
  const server = createServer((request, response) => answer(request, response).catch((error) => response.destroy(error)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return [server, `http://127.0.0.1:${server.address().port}`]
}

export class Collector {
  origin
  /** Since the last `forget`. */
  counts
  #server

  /** `dist` is the folder of our own files, which a collector serves. */
  static async open(dist) {
    const collector = new Collector()
    collector.forget()
    ;[collector.#server, collector.origin] = await listen((request, response) => collector.#answer(dist, request, response))
    return collector
  }

  forget() {
    this.counts = { requests: 0, preflights: 0, body_bytes: 0 }
  }

  async #answer(dist, request, response) {
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    const { pathname } = new URL(request.url, this.origin)
    const file = join(dist, basename(pathname))
    if (request.method === 'GET' && existsSync(file)) {
      await pause(DELAY)
      if (Object.entries(MISSING).some(([folder, name]) => pathname.startsWith(folder) && name.test(pathname))) return void response.writeHead(404, CORS).end()
      response.writeHead(200, { ...CORS, 'Content-Type': TYPES[extname(file)] }).end(readFileSync(file))
      return
    }
    if (request.method === 'OPTIONS') this.counts.preflights++
    else {
      this.counts.requests++
      this.counts.body_bytes += bytes
    }
    // As each one's own collector answers.
    response.writeHead(request.method === 'OPTIONS' || pathname.endsWith('/v1/batches') ? 204 : 202, CORS).end()
  }

  close() {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

export class Site {
  origin
  #server

  /** `answers` by path: a body and its type. */
  static async open(answers) {
    const site = new Site()
    ;[site.#server, site.origin] = await listen(async (request, response) => {
      await pause(DELAY)
      const { pathname } = new URL(request.url, site.origin)
      const [body, type] = answers[pathname] ?? ['not found', 'text/plain']
      response.writeHead(answers[pathname] ? 200 : 404, { 'Content-Type': type }).end(body)
    })
    return site
  }

  close() {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
