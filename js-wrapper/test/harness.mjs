// What the browser tests stand on: a collector that writes down what it gets, pages, and one Chromium a test file.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { chromium } from 'playwright-core'

const here = dirname(fileURLToPath(import.meta.url))
export const dist = join(here, '../dist')
export const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'))

/** Nothing that is waited for takes this long, in ms. */
const DEADLINE = 60_000

const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html', '.css': 'text/css' }

/** Record kinds, as rum-core numbers them. */
export const Kind = {
  View: 1,
  Rename: 2,
  Navigation: 3,
  Visibility: 4,
  Paint: 5,
  LargestPaint: 6,
  Input: 7,
  Shift: 8,
  Interaction: 9,
  Restore: 10,
  Cut: 11,
  InteractionFrame: 12,
  SoftNavigation: 13,
  SoftPaint: 14,
  PaintResource: 15,
  Surroundings: 16,
  Request: 64,
  Error: 65,
  Action: 66,
  LongFrame: 67,
  Resource: 68,
  UserTiming: 69,
  ElementTiming: 70,
  Log: 71,
  Context: 17,
}

const TAG = '<script async src="/rum.js" data-app="demo" data-release="r1" data-environment="test"></script>'

/** A page with the script tag; `head` comes before it. */
export const page = ({ head = '', tag = TAG, body = '<h1>A page</h1>' } = {}) =>
  `<!doctype html><html><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">${head}${tag}</head><body>${body}</body></html>`

const notFound = { status: 404, body: 'not found' }

/** What a request for `path` is answered with. */
const file = (root, path) => {
  const name = join(root, path)
  if (!existsSync(name) || path === '/') return notFound
  return { body: readFileSync(name), type: TYPES[extname(name)] }
}

/**
 * A server for pages, for dist/ and for batches, on a port of its own. `routes` maps paths to HTML, or to functions of
 * the request's body that return `{ status, body, type, headers }`, a promise of it, or undefined to never answer.
 * `collector.answer` does the same for batches. As the real one does, it knows a batch that it has kept by its id.
 */
export const serve = async (routes = {}, root = dist) => {
  const batches = []
  const requests = []
  const waiters = new Set()
  const kept = new Set()
  const changed = () => waiters.forEach((look) => look())
  const collector = { answer: () => ({ status: 204 }) }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://x')
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const text = (url.searchParams.get('z') === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    requests.push({ method: request.method, path: url.pathname, url: request.url, headers: request.headers, text })
    let answer
    if (url.pathname === '/v1/batches' && request.method === 'POST') {
      const batch = { url, headers: request.headers, bytes: bytes.length, text, ...read(text) }
      // What was kept and comes again, because nobody heard the answer, is no batch.
      const isKnown = kept.has(batch.id)
      if (!isKnown) batches.push(batch)
      const given = isKnown ? { status: 204 } : await collector.answer(batch)
      if (given?.status < 300) kept.add(batch.id)
      answer = given && { ...given, headers: { 'Access-Control-Allow-Origin': '*', ...given.headers } }
    } else {
      const route = routes[url.pathname]
      answer =
        typeof route === 'function'
          ? await route(text)
          : route === undefined
            ? file(root, url.pathname)
            : { body: route, type: TYPES['.html'] }
    }
    if (answer) {
      const { status = 200, body = '', type = 'text/plain', headers = {} } = answer
      response.writeHead(status, { 'Content-Type': type, ...headers }).end(body)
    }
    changed()
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  const origin = `http://127.0.0.1:${server.address().port}`

  /** Resolves to what `look` returns, as soon as that is truthy. */
  const until = (look, what) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(check)
        reject(new Error(`no ${what} in ${DEADLINE} ms; ${batches.length} batches came: ${batches.map(({ text }) => text).join('\n')}`))
      }, DEADLINE)
      const check = () => {
        const found = look()
        if (!found) return
        clearTimeout(timer)
        waiters.delete(check)
        resolve(found)
      }
      waiters.add(check)
      check()
    })

  return {
    origin,
    batches,
    requests,
    collector,
    /** The batch number `count` (from 1). */
    batch: (count) => until(() => batches[count - 1], `batch ${count}`),
    until,
    close: () => {
      server.closeAllConnections()
      return new Promise((closed) => server.close(closed))
    },
  }
}

/** The names of the fields of each kind of record, prefix included, as the generated types have them. */
const NAMES = Object.fromEntries(
  [...readFileSync(join(here, '../src/generated/wire.ts'), 'utf8').matchAll(/^export type \w+Record = \[\n  kind: Kind\.(\w+),\n(.*?)^\]/gms)].map(
    ([, kind, fields]) => [Kind[kind], [...fields.matchAll(/^  (\w+)\??: /gm)].map(([, name]) => name)],
  ),
)

/** A record with its fields by name; `null` where it ends early. */
const record = ([kind, ...values]) => Object.fromEntries(NAMES[kind].map((name, at) => [name, values[at] ?? null]))

/** A compact body, taken apart. */
const read = (text) => {
  let body
  try {
    body = JSON.parse(text)
  } catch {
    return { unreadable: true }
  }
  const [version, content, id, sentAt, document, items] = body
  const of = (kind) => items.filter((item) => item[0] === kind)
  return { version, content, id, sentAt, document, items, of, named: (kind) => of(kind).map(record) }
}

const chromiumPath = () => {
  const found = [process.env.RUM_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    (path) => path && existsSync(path),
  )
  if (!found) throw new Error('no Chromium: install it (Debian: apt-get install chromium) or say where it is in RUM_CHROMIUM')
  return found
}

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

export const launch = () =>
  chromium.launch({
    executablePath: chromiumPath(),
    // Playwright switches the back/forward cache off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: FLAGS,
  })

/** A Chromium that nobody drives, at `url`: one that is driven does not prerender. Returns what ends it. */
export const launchAlone = (url) => {
  const profile = mkdtempSync(join(tmpdir(), 'wasm-rum-chromium-'))
  const browser = spawn(chromiumPath(), [...FLAGS, '--headless', `--user-data-dir=${profile}`, url], { stdio: 'ignore' })
  return async () => {
    const ended = new Promise((resolve) => browser.once('exit', resolve))
    browser.kill()
    await ended
    // Its children may still write into it for a while, and rmSync does not look again at what it has emptied.
    for (let tries = 0; tries < 100; tries++)
      try {
        return rmSync(profile, { recursive: true, force: true })
      } catch {
        await new Promise((later) => setTimeout(later, 100))
      }
  }
}

/** Runs in the page before everything else, and notes when the Wasm has been instantiated. */
export const noteWasm = (context) =>
  context.addInitScript(() => {
    const instantiate = WebAssembly.instantiate
    WebAssembly.instantiate = async (...given) => {
      const instance = await instantiate(...given)
      window.wasmIsUp = true
      return instance
    }
  })

/** Routes of a collector that has the second chunk, but no Wasm: records are sent as they are, and all of them are there. */
export const WITHOUT_WASM = { [`/${manifest.glue[0]}`]: undefined, [`/${manifest.wasm[0]}`]: () => ({ status: 404 }) }

/** Resolves when the second chunk captures: after that it asks for the Wasm. */
export const secondChunk = (server, documents = 1) =>
  server.until(
    () => server.requests.filter(({ path }) => path === `/${manifest.wasm[0]}`).length >= documents,
    'second chunk',
  )

/** Resolves when the core has taken over. */
export const wasmUp = (page) => page.waitForFunction(() => window.wasmIsUp)

/** Leaves the page, as a user would who types another address: pagehide, then visibilitychange. */
export const leave = (page) => page.goto('about:blank')

/** Switches the tab away, or back. Headless Chromium has no tabs to switch, so the page is told so by the same events. */
export const setHidden = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
    Object.defineProperty(document, 'visibilityState', { value: hidden ? 'hidden' : 'visible', configurable: true })
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
  }, hidden)
