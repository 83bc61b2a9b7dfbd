// A server of pages, of the SDK, and of a collector that has its bad minutes. It writes down every body, and what became
// of it.

import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** Nothing that is waited for takes this long, in ms. */
export const DEADLINE = 120_000

const DIST = process.env.RUM_DIST ?? fileURLToPath(new URL('../../js-wrapper/dist', import.meta.url))
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' }

/** What a body may meet: how many in a row, again and again. */
const WEATHER = [
  ['kept', 50],
  ['refused', 45],
  ['kept', 25],
  ['refused, wait', 15],
  ['kept', 20],
  ['reset', 12],
  ['answer lost', 12],
]
const ROUND = WEATHER.flatMap(([fate, times]) => Array(times).fill(fate))

/** Where a body's document says why it is raw, and what it says of a page that was left before the Wasm was up. */
const RAW_REASON = 9
const NOT_READY = 1

/** A body with this in it is refused for good. */
export const POISON = 'poison'

/** `pageOf` makes the HTML for a URL of a page. */
export async function serve(pageOf) {
  const arrivals = []
  const calm = new Set()
  const waiters = new Set()
  let secondChunks = 0

  const fateOf = (app, text) => (text.includes(POISON) ? 'never' : calm.has(app) ? 'kept' : ROUND[arrivals.length % ROUND.length])

  const take = (request, url, bytes, response) => {
    const app = url.searchParams.get('k')
    const zipped = url.searchParams.get('z') === 'gzip'
    const text = (zipped ? gunzipSync(bytes) : bytes).toString()
    const fate = fateOf(app, text)
    const [, content, id, , document] = JSON.parse(text)
    arrivals.push({ app, id, text, raw: content === 1, early: document[RAW_REASON] === NOT_READY, zipped, fate, beacon: request.headers['sec-fetch-mode'] === 'no-cors' })
    const headers = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After' }
    if (fate === 'kept') response.writeHead(204, headers).end()
    else if (fate === 'never') response.writeHead(400, headers).end()
    else if (fate === 'refused') response.writeHead(503, headers).end('{"code":"spool_full"}')
    else if (fate === 'refused, wait') response.writeHead(503, { ...headers, 'Retry-After': '1' }).end()
    else request.socket.resetAndDestroy()
    waiters.forEach((look) => look())
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://x')
    const chunks = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      // Its tab was killed.
      return
    }
    if (url.pathname === '/v1/batches') return take(request, url, Buffer.concat(chunks), response)
    if (url.pathname.startsWith('/api/')) return response.end()
    const file = join(DIST, url.pathname)
    // The second chunk takes its time, so that some pages are left before it came.
    if (url.pathname.startsWith('/rum-glue')) await new Promise((later) => setTimeout(later, (secondChunks++ % 4) * 150))
    if (TYPES[extname(file)] && existsSync(file)) return response.writeHead(200, { 'Content-Type': TYPES[extname(file)] }).end(readFileSync(file))
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(pageOf(url))
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))

  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    arrivals,
    /** From now on this app's bodies are kept. */
    calm: (app) => calm.add(app),
    /** Resolves when a body of the app that holds `what` was kept. */
    kept: (app, what) =>
      new Promise((resolve, reject) => {
        const deadline = setTimeout(() => reject(new Error(`${app}: ${what} was not kept in ${DEADLINE} ms`)), DEADLINE)
        const look = () => {
          if (!arrivals.some((one) => one.app === app && isKept(one) && one.text.includes(what))) return
          waiters.delete(look)
          clearTimeout(deadline)
          resolve()
        }
        waiters.add(look)
        look()
      }),
    close: () => {
      server.closeAllConnections()
      return new Promise((closed) => server.close(closed))
    },
  }
}

/** The collector has it, whether the page has heard so or not. */
export const isKept = ({ fate }) => fate === 'kept' || fate === 'answer lost'
