// A server of pages, of the SDK, and of the way to the collector, which has its bad minutes: what gets through is handed on
// to a real one. It writes down every body, and what became of it.

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

/** A body with this in it comes to the collector under a key that it does not know: it is refused for good. */
export const POISON = 'poison'
const STRANGER = 'nobody'

/** What the collector reads of a request's headers; in the URL is the rest. */
const HANDED_ON = ['content-type', 'origin', 'user-agent']
/** What a page of this server reads of an answer. */
const SHOWN = ['access-control-allow-origin', 'access-control-expose-headers', 'content-type', 'retry-after', 'rum-rate']

const some = (names, given) => Object.fromEntries(names.filter((name) => given(name) != null).map((name) => [name, given(name)]))

/** `pageOf` makes the HTML for a URL of a page, `collector` is the URL of the one that keeps the bodies. */
export async function serve(pageOf, collector) {
  const arrivals = []
  const calm = new Set()
  const waiters = new Set()
  /** Bodies that are being taken. */
  const underway = new Set()
  const failures = []
  let secondChunks = 0

  const fateOf = (app, text) => (text.includes(POISON) ? 'never' : calm.has(app) ? 'kept' : ROUND[arrivals.length % ROUND.length])

  /** Hands a body on. */
  const handOn = async (request, url, bytes, app) => {
    url.searchParams.set('k', app)
    // Who calls itself headless is a bot, and in none of the views for people.
    const headers = some(HANDED_ON, (name) => request.headers[name]?.replace('HeadlessChrome', 'Chrome'))
    const answer = await fetch(`${collector}${url.pathname}${url.search}`, { method: 'POST', headers, body: bytes })
    return { status: answer.status, headers: some(SHOWN, (name) => answer.headers.get(name)), text: await answer.text() }
  }

  const take = async (request, url, bytes, response) => {
    const app = url.searchParams.get('k')
    const zipped = url.searchParams.get('z') === 'gzip'
    const text = (zipped ? gunzipSync(bytes) : bytes).toString()
    const fate = fateOf(app, text)
    const [, content, id, , document] = JSON.parse(text)
    const arrival = { app, id, text, raw: content === 1, early: document[RAW_REASON] === NOT_READY, zipped, fate, beacon: request.headers['sec-fetch-mode'] === 'no-cors' }
    arrivals.push(arrival)
    const refuse = (more) => response.writeHead(503, { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After', ...more })
    if (fate === 'refused') return refuse().end('{"code":"spool_full"}')
    if (fate === 'refused, wait') return refuse({ 'Retry-After': '1' }).end()
    if (fate === 'reset') return request.socket.resetAndDestroy()
    const answer = await handOn(request, url, bytes, fate === 'never' ? STRANGER : app)
    arrival.status = answer.status
    if (fate === 'answer lost') request.socket.resetAndDestroy()
    else response.writeHead(answer.status, answer.headers).end(answer.text)
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
    if (url.pathname === '/v1/batches') {
      const taken = take(request, url, Buffer.concat(chunks), response).catch((error) => {
        failures.push(`${error}`)
        response.destroy(error)
      })
      underway.add(taken)
      return taken.finally(() => underway.delete(taken))
    }
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
    /** What was no body, or did not get through to the collector. */
    failures,
    /** From now on this app's bodies get through. */
    calm: (app) => calm.add(app),
    /** Resolves when the collector has a body of the app that holds `what`. */
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
    /** Nothing more arrives, and of all that did it is known what became of it. */
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await Promise.all(underway)
    },
  }
}

/** The collector has it, whether the page has heard so or not. */
export const isKept = ({ status }) => status === 204
/** It was let through to the collector. */
export const isThrough = ({ fate }) => fate === 'kept' || fate === 'answer lost'
