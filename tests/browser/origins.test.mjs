// Who may send, from where, and what they can read of the answer: real pages of several origins, under several referrer policies, in
// frames that have no origin, and with what a browser asks leave for first.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { SHOP_APP } from './fixture/collector.mjs'
import { until } from './fixture/deadline.mjs'
import { Listener } from './fixture/listener.mjs'
import { fromEnvironment, Server } from './fixture/server.mjs'
import { World } from './fixture/world.mjs'

const VIEW_START = Math.floor(Date.now() / 1000)
const TEXT = { 'Content-Type': 'text/plain' }
/** Served to the browser in the name of hosts that do not exist: only so are there pages by https. */
const SHOP = 'https://shop.example'
const EMPTY = '<!doctype html><title>A site</title>'

let world, full, known, stranger
before(async () => {
  known = await Listener.start(site)
  stranger = await Listener.start(site)
  const origins = [known.url, SHOP]
  world = await World.open({
    apps: [
      SHOP_APP,
      { name: 'listed', key: 'listed', origins, more: 'rates = [{ version = 1, share = 0.5 }]\nrate = 1' },
      { name: 'limited', key: 'limited', origins, more: 'batches_per_second = 1\nburst = 1' },
    ],
  })
  full = await Full.start(origins)
})
after(async () => {
  await full?.stop()
  await world?.close()
  await Promise.all([known, stranger].map((listener) => listener?.stop()))
})

/** A page with the policy of its address, perhaps with a frame in it. */
function site({ url }, response) {
  const query = new URL(url, 'http://a').searchParams
  if (query.has('policy')) response.setHeader('Referrer-Policy', query.get('policy'))
  response.setHeader('Content-Type', 'text/html').end(EMPTY + (query.get('frame') ?? ''))
}

/** A collector whose spool is full: its ClickHouse is nowhere. */
class Full {
  url
  #folder
  #server

  static async start(origins) {
    const full = new Full()
    full.#folder = await mkdtemp(join(tmpdir(), 'rum-full-'))
    const value = JSON.stringify
    const config = join(full.#folder, 'collector.toml')
    const toml = [
      `listen = "127.0.0.1:0"\ndata = ${value(join(full.#folder, 'data'))}`,
      `[[apps]]\nname = "listed"\nkey = "listed"\norigins = ${value(origins)}`,
      `[spool]\nmax_bytes = "1 MiB"\nsegment_bytes = "64 KiB"`,
      `[clickhouse]\nurl = "http://127.0.0.1:9"`,
    ]
    await writeFile(config, toml.join('\n'))
    full.#server = await Server.start(fromEnvironment('RUM_COLLECTOR_BIN'), ['serve', '--config', config])
    full.url = full.#server.url
    let number = 1 << 20
    await until('the spool is full', async () => {
      const sent = Array.from({ length: 16 }, () => fetch(`${full.url}/v1/batches?k=listed`, { method: 'POST', body: batch(number++, 400) }))
      return (await Promise.all(sent)).some(({ status }) => status === 503)
    })
    return full
  }

  async stop() {
    await this.#server?.stop()
    await rm(this.#folder, { recursive: true })
  }
}

/** A good batch of one view, with so many timings. */
function batch(number, timings = 0) {
  const id = (half) => VIEW_START.toString(16).padStart(8, '0') + half.toString(16).padStart(8, '0')
  const now = Date.now()
  const view = [1, 0, 0, id(number), id(number), 0, 0, `/page-${number}`]
  const more = Array.from({ length: timings }, (_, at) => [8, 0, 0, at + 1, [at, 'x'.repeat(200), 1]])
  return JSON.stringify([1, 0, id(number + (1 << 24)), now, [now, known?.url ?? 'http://127.0.0.1', '0.1.0'], [view, ...more]])
}

/** A page at `url`; hosts that end in .example are the test's own. */
async function open(url) {
  const context = await world.browser.newContext()
  // Only for those: where Playwright looks at requests it answers preflights itself.
  if (new URL(url).hostname.endsWith('.example')) {
    // The browser takes them for public, and asks before such a page reaches this machine; an older one does not know the question.
    await context.grantPermissions(['local-network-access']).catch(() => {})
    await context.route(url, (route) => route.fulfill({ contentType: 'text/html', body: EMPTY }))
  }
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** What a page or a frame reads when it asks; null if the browser does not let it. */
function ask(frame, url, init) {
  return frame.evaluate(
    async ([url, init]) => {
      const response = await fetch(url, init).catch(() => null)
      if (!response) return null
      const text = await response.text()
      const { headers, status, type } = response
      const [rate, retryAfter, request] = ['Rum-Rate', 'Retry-After', 'X-Request-Id'].map((name) => headers.get(name))
      return { status, type, rate, retryAfter, request, code: text.startsWith('{') ? JSON.parse(text).error?.code : undefined }
    },
    [url, init],
  )
}

const post = (frame, query, init = {}) =>
  ask(frame, `${world.collector.url}/v1/batches?${query}`, { method: 'POST', headers: TEXT, credentials: 'omit', ...init })

/** Whether the batches with these numbers are in the tables. */
async function stored(...numbers) {
  await world.collector.drained()
  const pages = numbers.map((number) => `'/page-${number}'`)
  const rows = await world.collector.sql(`SELECT DISTINCT page FROM rum.page_views_all WHERE page IN (${pages})`)
  return rows.length === numbers.length
}

/** Requests of a method that the collector has answered under /v1/. */
async function asked(method) {
  const page = await (await fetch(`${world.collector.url}/metrics`)).text()
  const samples = page.matchAll(/^rum_http_requests_total\{route="\/v1\/[^"]*",method="(\w+)",status="\d+"\} (\d+)$/gm)
  return [...samples].reduce((sum, [, of, count]) => sum + (of === method ? Number(count) : 0), 0)
}

let number = 0

for (const policy of ['no-referrer', 'origin', 'same-origin', 'unsafe-url']) {
  test(`under Referrer-Policy ${policy} a listed page sends, and a page that is not listed reads why not`, async () => {
    const listed = await open(`${known.url}/?policy=${policy}`)
    const [fetched, beacon] = [++number, ++number]
    const answer = await post(listed, 'k=listed', { body: batch(fetched) })
    assert.equal(answer?.status, 204)
    assert.equal(answer.rate, '1;0.5', 'the rate that new sessions are to freeze is readable')
    assert.match(answer.request, /^[0-9a-f]{16}$/)
    const url = `${world.collector.url}/v1/batches?k=listed`
    assert.ok(await listed.evaluate(([url, body]) => navigator.sendBeacon(url, body), [url, batch(beacon)]))
    await until('the beacon is stored', () => stored(fetched, beacon))

    const other = await open(`${stranger.url}/?policy=${policy}`)
    const refused = await post(other, 'k=listed', { body: batch(++number) })
    assert.deepEqual([refused?.status, refused?.code], [403, 'origin_not_allowed'])
    assert.equal(await stored(number), false)
  })
}

const places = [
  { what: 'a listed page by https', url: () => SHOP, status: 204 },
  { what: 'its host by http', url: () => SHOP.replace('https', 'http'), status: 403, insecure: true },
  { what: 'its host on another port', url: () => `${SHOP}:8443`, status: 403 },
  { what: 'a host below it', url: () => 'https://www.shop.example', status: 403 },
  { what: 'a host that ends like it', url: () => 'https://evil-shop.example', status: 403 },
  { what: 'a listed page by http', url: () => known.url, status: 204 },
  { what: 'another port of its host', url: () => stranger.url, status: 403 },
  { what: 'another name of its host', url: () => known.url.replace('127.0.0.1', 'localhost'), status: 403 },
]

for (const { what, url, status, insecure } of places) {
  test(`${what} is answered ${status}, which it can read`, async () => {
    const page = await open(url())
    assert.equal(await page.evaluate(() => origin), url())
    const answer = await post(page, 'k=listed', { body: batch(++number) })
    // Chromium lets a page that anybody on the way may change reach no address of this machine.
    if (insecure && answer === null) return assert.equal(await stored(number), false)
    assert.equal(answer?.status, status)
    assert.equal(await stored(number), status === 204)
  })
}

const frames = [
  { what: 'a sandboxed frame', html: `<iframe sandbox="allow-scripts" srcdoc="${EMPTY}"></iframe>` },
  { what: 'a data: URL', html: `<iframe src="data:text/html,${EMPTY}"></iframe>` },
]

for (const { what, html } of frames) {
  test(`${what} has no origin, so it may claim any: its batch is taken and counted as such`, async () => {
    const count = async () => (await (await fetch(`${world.collector.url}/readyz`)).json()).outcomes.origin_opaque ?? 0
    const page = await open(`${stranger.url}/?frame=${encodeURIComponent(html)}`)
    const frame = page.frames()[1]
    assert.equal(await frame.evaluate(() => origin), 'null')
    const before = await count()
    const taken = await post(frame, 'k=listed', { body: batch(++number) })
    assert.equal(taken?.status, 204)
    assert.ok(await stored(number))
    const refused = await post(frame, 'k=nobody', { body: batch(++number) })
    assert.deepEqual([refused?.status, refused?.code], [403, 'unknown_key'])
    assert.equal(await count(), before + 1)
  })
}

test('answers to requests with cookies cannot be read, and no cookie is looked at', async () => {
  const page = await open(known.url)
  assert.equal(await post(page, 'k=listed', { body: batch(++number), credentials: 'include' }), null)
  assert.ok(await stored(number), 'it was sent all the same, and is taken')
})

const refusals = [
  { status: 400, code: 'not_a_batch', query: 'k=listed', init: () => ({ body: 'hello' }) },
  { status: 413, code: 'body_too_large', query: 'k=listed', init: () => ({ body: `[${' '.repeat(300 << 10)}]` }) },
  { status: 415, code: 'unsupported_media_type', query: 'k=listed', init: () => ({ body: batch(++number), headers: { 'Content-Type': 'text/html' } }) },
  { status: 429, code: 'rate_limited', query: 'k=limited', init: () => ({ body: batch(++number) }), again: true },
  { status: 503, code: 'spool_full', query: 'k=listed', init: () => ({ body: batch(++number, 400) }), at: () => full, again: true },
  { status: 405, code: 'method_not_allowed', query: 'k=listed', init: () => ({ method: 'GET', body: undefined }) },
]

for (const { status, code, query, init, at = () => world.collector, again = false } of refusals) {
  test(`a page reads ${status}${again ? ', and when to come again' : ''}`, async () => {
    const page = await open(known.url)
    const url = `${at().url}/v1/batches?${query}`
    const answer = await until(`an answer ${status}`, async () => {
      const answer = await ask(page, url, { method: 'POST', headers: TEXT, credentials: 'omit', ...init() })
      assert.ok(answer, 'the browser lets the page read the answer')
      return answer.status === status && answer
    })
    assert.equal(answer.code, code)
    assert.equal(answer.retryAfter !== null, again, answer.retryAfter)
    if (again) assert.ok(Number(answer.retryAfter) > 0, answer.retryAfter)
  })
}

test('what is for people no page of another site reads, listed or not, by any mode', async () => {
  for (const url of [known.url, SHOP]) {
    const page = await open(url)
    for (const path of ['/healthz', '/readyz', '/readyz/spool', '/metrics']) {
      for (const mode of ['cors', 'no-cors']) {
        assert.equal(await ask(page, world.collector.url + path, { mode }), null, `${path} ${mode}`)
      }
    }
    for (const path of ['/v1/sql', '/v1/login', '/v1/logout']) {
      const init = { method: 'POST', body: 'SELECT 1', headers: TEXT }
      assert.equal(await ask(page, world.collector.url + path, init), null, path)
      const presented = { ...init, headers: { Authorization: 'Bearer rum_x' } }
      assert.equal(await ask(page, world.collector.url + path, presented), null, `${path} with a token`)
    }
  }
})

test('a preflight is answered for what a batch may have, and nothing else gets through', async () => {
  const page = await open(known.url)
  for (const [init, status] of [
    [{ headers: { 'Content-Type': 'application/json' } }, 204],
    [{ headers: { ...TEXT, 'Content-Encoding': 'identity' } }, 204],
    [{ headers: { ...TEXT, 'X-Custom': '1' } }, null],
    [{ headers: { ...TEXT, Authorization: 'Bearer x' } }, null],
    [{ method: 'PUT' }, null],
    [{ method: 'DELETE' }, null],
  ]) {
    const before = { preflights: await asked('OPTIONS'), batches: await asked('POST') }
    const answer = await post(page, 'k=listed', { body: batch(++number), ...init })
    assert.equal(answer?.status ?? null, status, JSON.stringify(init))
    assert.equal((await asked('POST')) - before.batches, status === 204 ? 1 : 0, 'what is refused is never sent')
    // The answer to a preflight is kept for a while: of good ones there need not be one.
    if (status === null) assert.ok((await asked('OPTIONS')) > before.preflights, JSON.stringify(init))
    assert.equal(await stored(number), status === 204)
  }
})

test("the SDK's own way never needs a preflight", async () => {
  const before = { preflights: await asked('OPTIONS'), batches: await asked('POST') }
  const page = await open(world.shop.url)
  await page.waitForFunction(() => window.wasmRum)
  await page.goto('about:blank')
  await until('the page has sent what it saw', async () => (await asked('POST')) > before.batches)
  assert.equal(await asked('OPTIONS'), before.preflights)
})
