// The second chunk: the core takes over, or the page goes on without it; and what comes with the chunk.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { dist, Kind, launch, leave, manifest, noteWasm, page, serve, setHidden, wasmUp } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const GLUE = `/${manifest.glue[0]}`
const WASM = `/${manifest.wasm[0]}`
const EVENTS = 0
const RECORDS = 1
/** Event kinds that records do not have. */
const VITAL = 2

const open = async (t, routes, prepare = () => {}) => {
  const server = await serve({ '/': page(), '/api': () => ({ body: '' }), ...routes })
  t.after(server.close)
  const context = await browser.newContext()
  t.after(() => context.close())
  await prepare(context)
  await noteWasm(context)
  const tab = await context.newPage()
  const complaints = []
  tab.on('console', (message) => complaints.push(message.text()))
  tab.on('pageerror', (error) => complaints.push(error.message))
  await tab.goto(server.origin)
  return { server, tab, complaints }
}

const asked = (server, path) => server.requests.filter((request) => request.path === path).length

test('the core computes in the page', async (t) => {
  const { server, tab, complaints } = await open(t)
  await wasmUp(tab)
  await tab.evaluate(() => fetch('/api'))
  await leave(tab)
  const batch = await server.batch(1)
  assert.equal(batch.content, EVENTS)
  assert.equal(batch.document[9] ?? null, null, 'not raw')
  assert.deepEqual(batch.of(VITAL).map((vital) => vital[3]).sort(), [1, 2, 4, 5], 'LCP, CLS, FCP, TTFB')
  assert.equal(batch.of(Kind.Request).length, 1, 'its own requests are not among the page\'s')
  assert.deepEqual([asked(server, GLUE), asked(server, WASM)], [1, 1])
  assert.deepEqual(complaints, [])
})

test('the core takes over what was captured and reported before it came', async (t) => {
  let give
  const later = new Promise((resolve) => (give = resolve))
  const { server, tab } = await open(t, { [GLUE]: () => later })
  await tab.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length)
  await setHidden(tab, true)
  const raw = await server.batch(1)
  await setHidden(tab, false)
  await tab.evaluate(() => fetch('/api'))
  give({ body: readFileSync(join(dist, GLUE)), type: 'text/javascript' })
  await wasmUp(tab)
  await leave(tab)
  const batch = await server.batch(2)
  assert.deepEqual([raw.content, raw.document[9]], [RECORDS, 1])
  assert.equal(batch.content, EVENTS)
  const view = raw.of(Kind.View)[0]
  assert.equal(batch.items[0][3], view[3], 'the same view')
  assert.equal(batch.of(VITAL).filter(([, , , metric]) => metric === 4)[0][5], raw.of(Kind.Paint)[0][2], 'FCP from before')
  assert.equal(batch.of(Kind.Request).length, 1)
})

test('a policy that forbids Wasm costs no download of it', async (t) => {
  const policy = "script-src 'self' 'unsafe-inline'"
  const { server, tab } = await open(
    t,
    { '/': () => ({ body: page(), type: 'text/html', headers: { 'Content-Security-Policy': policy } }) },
    (context) =>
      context.addInitScript(() =>
        addEventListener('securitypolicyviolation', ({ blockedURI }) => (window.refused = blockedURI)),
      ),
  )
  await tab.waitForFunction(() => window.refused === 'wasm-eval')
  await leave(tab)
  const batch = await server.batch(1)
  assert.deepEqual([batch.content, batch.document[9]], [RECORDS, 2])
  assert.equal(asked(server, WASM), 0)
})

test('Wasm that is served with another type is compiled all the same', async (t) => {
  const { server, tab, complaints } = await open(t, {
    [WASM]: () => ({ body: readFileSync(join(dist, WASM)), type: 'application/octet-stream' }),
  })
  await wasmUp(tab)
  await leave(tab)
  assert.equal((await server.batch(1)).content, EVENTS)
  assert.deepEqual(complaints, [])
})

/** Makes every cut trap after the first `works`; the first one of all is the rehearsal. */
const trap = (works) => (context) =>
  context.addInitScript((works) => {
    const instantiate = WebAssembly.instantiate
    window.cuts = 0
    WebAssembly.instantiate = async (...given) => {
      const { exports } = await instantiate(...given)
      const push = (kind, t) => {
        if (kind !== 11 || window.cuts++ < works) return exports.push(kind, t)
        throw new WebAssembly.RuntimeError('unreachable')
      }
      return { exports: { ...exports, push } }
    }
  }, works)

test('a core that traps when it is tried out is not used', async (t) => {
  const { server, tab, complaints } = await open(t, {}, trap(0))
  await tab.waitForFunction(() => window.cuts)
  await tab.evaluate(() => fetch('/api'))
  await leave(tab)
  const batch = await server.batch(1)
  assert.equal(batch.content, RECORDS)
  assert.equal(batch.of(Kind.Request).length, 1)
  assert.deepEqual(complaints, [])
})

test('after a trap the whole document goes raw, for good', async (t) => {
  const { server, tab, complaints } = await open(t, {}, trap(1))
  await tab.waitForFunction(() => window.cuts)
  await tab.evaluate(() => fetch('/api'))
  await setHidden(tab, true)
  const first = await server.batch(1)
  await setHidden(tab, false)
  await setHidden(tab, true)
  const second = await server.batch(2)
  for (const batch of [first, second]) assert.deepEqual([batch.content, batch.document[9]], [RECORDS, 3])
  assert.equal(first.of(Kind.View).length, 1)
  assert.equal(first.of(Kind.Request).length, 1, 'what Wasm had taken is not lost')
  assert.equal(second.of(Kind.Request).length, 0)
  assert.equal(await tab.evaluate(() => window.cuts), 2)
  assert.deepEqual(complaints, [])
})

for (const [name, browserHas] of [['the Navigation API', true], ['the History API alone', false]])
  test(`routes by ${name}`, async (t) => {
    const { server, tab } = await open(t, { '/list/2': page() }, (context) =>
      browserHas ? undefined : context.addInitScript(() => delete window.navigation),
    )
    await wasmUp(tab)
    const returned = await tab.evaluate(async () => {
      const returned = history.pushState({ a: 1 }, '', '/list?page=1')
      history.replaceState(null, '', '/list?page=2#x')
      history.pushState(null, '', '/list/2')
      history.back()
      await new Promise((moved) => addEventListener('popstate', moved, { once: true }))
      return [returned, history.state, location.pathname, history.pushState.name, history.pushState.length]
    })
    assert.deepEqual(returned, [undefined, null, '/list', 'pushState', 2])
    await setHidden(tab, true)
    const views = (await server.batch(1)).of(Kind.View)
    assert.deepEqual(views.map((view) => [view[5], view[7]]), [[0, '/'], [4, '/list'], [4, '/list/2'], [4, '/list']])
    views.slice(1).forEach((view, at) => assert.equal(view[9], views[at][3], 'its parent'))
  })

test('a router that puts the first path right renames the view', async (t) => {
  const { server, tab } = await open(t, { '/': page({ head: '<script>history.replaceState(null, "", "/home")</script><script>addEventListener("load", () => history.replaceState(null, "", "/home/start"))</script>' }) })
  await wasmUp(tab)
  await leave(tab)
  const views = (await server.batch(1)).of(Kind.View)
  assert.equal(views.length, 1)
  assert.equal(views[0][11], '/home/start')
})

test('a route view has interactions of its own', async (t) => {
  const slow = 'const end = performance.now() + 60; while (performance.now() < end);'
  const { server, tab } = await open(t, { '/': page({ body: `<button onclick="${slow}">x</button>` }) })
  await wasmUp(tab)
  const painted = () => tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  // Ten long ones in the first view leave no place among the document's longest.
  await tab.evaluate(() => document.querySelector('button').addEventListener('click', () => { const end = performance.now() + (window.extra ?? 200); while (performance.now() < end); }))
  for (let n = 0; n < 10; n++) await tab.click('button')
  await painted()
  await tab.evaluate(() => { window.extra = 0; history.pushState(null, '', '/second') })
  await tab.click('button')
  await painted()
  await leave(tab)
  const batch = await server.batch(1)
  const inp = batch.of(VITAL).filter(([, , , metric, scope]) => metric === 3 && scope === 1)
  const second = inp.find(([, view]) => view === 1)
  assert.ok(second[5] >= 56_000 && second[5] < 250_000, `${second[5]} µs`)
})
