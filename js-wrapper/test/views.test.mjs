// Views that open after the load: by the page's word, by soft navigations, by the back/forward cache; and what is known
// about the document.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { dist, Kind, launch, leave, manifest, page, secondChunk, serve, setHidden, WITHOUT_WASM } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const open = async (t, routes, prepare = () => {}) => {
  const server = await serve({ ...WITHOUT_WASM, '/': page(), ...routes })
  t.after(server.close)
  const context = await browser.newContext()
  t.after(() => context.close())
  await prepare(context)
  const tab = await context.newPage()
  const complaints = []
  tab.on('pageerror', (error) => complaints.push(error))
  await tab.goto(server.origin)
  return { server, tab, complaints }
}

test('startView opens a view of the page\'s own naming', async (t) => {
  const { server, tab, complaints } = await open(t)
  await tab.waitForFunction(() => window.wasmRum?.startView)
  await tab.evaluate(() => {
    const hostile = { toString() { throw new Error('not a text') } }
    for (const name of [undefined, null, 7, ['a'], Symbol('a'), hostile]) window.wasmRum.startView(name)
    window.wasmRum.startView('Basket')
    window.wasmRum.startView('x'.repeat(1000))
  })
  await leave(tab)
  const views = (await server.batch(1)).named(Kind.View)
  assert.deepEqual(views.map(({ kind, page, page_name }) => [kind, page, page_name?.slice(0, 6) ?? null]), [[0, '/', null], [5, '/', 'Basket'], [5, '/', 'xxxxxx']])
  assert.equal(views[2].page_name.length, 200)
  assert.deepEqual([views[1].parent_id, views[2].parent_id], [views[0].view_id, views[1].view_id])
  assert.deepEqual(complaints, [])
})

test('a view that opens after the machine has slept is at its own time', async (t) => {
  const { server, tab } = await open(t)
  await tab.waitForFunction(() => window.wasmRum?.startView)
  // Less than it takes for a session to end.
  const SLEPT_S = 20 * 60
  await tab.evaluate((slept) => {
    const { now } = Date
    // What counts from the time origin stands still meanwhile, and the wall clock does not.
    Date.now = () => now() + slept * 1e3
    window.wasmRum.startView('After')
  }, SLEPT_S)
  await leave(tab)
  const [before, after] = (await server.batch(1)).named(Kind.View).map(({ view_id }) => parseInt(view_id.slice(0, 8), 16))
  assert.ok(Math.abs(after - before - SLEPT_S) < 60, `${after - before} s lie between them`)
})

test('more views than are kept are counted in the receipt', async (t) => {
  const { server, tab, complaints } = await open(t)
  await tab.waitForFunction(() => window.wasmRum?.startView)
  await tab.evaluate(() => {
    for (let n = 0; n < 400; n++) window.wasmRum.startView(`view ${n}`)
  })
  await leave(tab)
  const batch = await server.batch(1)
  const views = batch.of(Kind.View).length
  const [attached, lost] = batch.named(Kind.Cut).at(-1).receipt
  assert.ok(attached > 0 && views > 200 && views < 401, `${views} views`)
  assert.ok(lost >= 401 - views, `${lost} lost, and ${views} views of 401`)
  assert.deepEqual(complaints, [])
})

/** A page whose button goes to `path` and shows a large text there, as an app would: a soft navigation. */
const app = (path) =>
  page({
    body: `<button>go</button><main><p>first</p></main><script>
      window.softly = 0
      new PerformanceObserver((list) => {
        const all = list.getEntries()
        window.softly += all.length
        window.latest = all.at(-1)
      }).observe({ type: 'soft-navigation', buffered: true })
      document.querySelector('button').addEventListener('click', () => {
        history.pushState(null, '', '${path}')
        document.querySelector('main').innerHTML = '<h1 id="news" style="font-size:60px">' + 'Something new. '.repeat(8) + '</h1>'
      })
    </script>`,
  })

/** Resolves to what the browser says of the soft navigation; our observer has heard of it in the same task. */
const softly = async (tab) => {
  assert.ok(
    await tab.evaluate(() => PerformanceObserver.supportedEntryTypes.includes('soft-navigation')),
    `Chromium ${browser.version()} tells of no soft navigations, as 151 does: update it, or set RUM_CHROMIUM to the path of a newer one`,
  )
  await tab.waitForFunction(() => window.softly > 0)
  return tab.evaluate(() => {
    const { startTime, interactionId, presentationTime, paintTime } = window.latest
    const paint = window.latest.getLargestInteractionContentfulPaint().largestContentfulPaint
    return { start: startTime, id: interactionId, painted: presentationTime || paintTime, paint: paint.startTime }
  })
}

const micros = (ms) => Math.round(ms * 1000)

test('a soft navigation upgrades the route view that was opened for it', async (t) => {
  const { server, tab } = await open(t, { '/': app('/second') })
  await secondChunk(server)
  await tab.click('button')
  const entry = await softly(tab)
  await tab.keyboard.press('a')
  await tab.keyboard.press('b')
  await leave(tab)
  const batch = await server.batch(1)
  const views = batch.named(Kind.View)
  assert.deepEqual(views.map(({ kind, page }) => [kind, page]), [[0, '/'], [4, '/second']])
  assert.ok(views[1].t >= micros(entry.start), 'the route was seen when it changed')
  const [soft, ...more] = batch.named(Kind.SoftNavigation)
  assert.deepEqual([soft.t, soft.interaction_id, soft.painted, more.length], [micros(entry.start), entry.id, micros(entry.painted), 0])
  assert.ok(soft.ordinal > views[1].ordinal)
  const paint = batch.named(Kind.SoftPaint).find(({ t }) => t === micros(entry.paint))
  assert.deepEqual([paint.interaction_id, paint.target, paint.url], [entry.id, '#news', null])
  const inputs = batch.named(Kind.Input)
  assert.equal(inputs.length, 2, 'the first of the document, and the first after the soft navigation')
  assert.ok(inputs[1].ordinal > soft.ordinal)
})

test('a soft navigation without another path opens a view where the user acted', async (t) => {
  const { server, tab } = await open(t, { '/': app('/?page=2') })
  await secondChunk(server)
  await tab.click('button')
  const entry = await softly(tab)
  await leave(tab)
  const batch = await server.batch(1)
  assert.deepEqual(batch.named(Kind.View).map(({ kind, t }) => [kind, t]), [[0, 0], [3, micros(entry.start)]])
  assert.equal(batch.named(Kind.SoftNavigation).length, 1)
})

test('a soft navigation from before the second chunk is no rename', async (t) => {
  let give
  const later = new Promise((resolve) => (give = resolve))
  const GLUE = `/${manifest.glue[0]}`
  const { server, tab } = await open(t, { '/': app('/second'), [GLUE]: () => later })
  await tab.click('button')
  const entry = await softly(tab)
  give({ body: readFileSync(join(dist, GLUE)), type: 'text/javascript' })
  await secondChunk(server)
  await leave(tab)
  const batch = await server.batch(1)
  assert.equal(batch.of(Kind.Rename).length, 0)
  assert.deepEqual(batch.named(Kind.View).map(({ kind, t, page }) => [kind, t, page]), [[0, 0, '/'], [3, micros(entry.start), '/second']])
})

/** As in a browser that does not tell of soft navigations. */
const withoutSoftNavigations = (context) =>
  context.addInitScript(() => {
    const { getEntriesByType } = Performance.prototype
    Performance.prototype.getEntriesByType = function (type) {
      return type === 'soft-navigation' ? [] : getEntriesByType.call(this, type)
    }
    const types = PerformanceObserver.supportedEntryTypes.filter((type) => type !== 'soft-navigation')
    Object.defineProperty(PerformanceObserver, 'supportedEntryTypes', { get: () => types })
  })

test('a route to which a click has led before the second chunk is a view since the click', async (t) => {
  let give
  const later = new Promise((resolve) => (give = resolve))
  const GLUE = `/${manifest.glue[0]}`
  const { server, tab } = await open(t, { '/': app('/second'), [GLUE]: () => later }, withoutSoftNavigations)
  await tab.waitForFunction(() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('rum.js')))
  await tab.click('button')
  give({ body: readFileSync(join(dist, GLUE)), type: 'text/javascript' })
  await secondChunk(server)
  await leave(tab)
  const batch = await server.batch(1)
  const [action] = batch.named(Kind.Action)
  assert.equal(batch.of(Kind.Rename).length, 0)
  assert.deepEqual(batch.named(Kind.View).map(({ kind, t, page }) => [kind, t, page]), [[0, 0, '/'], [4, action.t, '/second']])
})

for (const [api, prepare] of [
  ['Navigation', () => {}],
  ['History', (context) => context.addInitScript(() => delete window.navigation)],
])
  test(`${api} API: until the load what replaces the path renames, although the second chunk is there`, async (t) => {
    let give
    const later = new Promise((resolve) => (give = resolve))
    const server = await serve({ ...WITHOUT_WASM, '/': page({ tag: '<script src="/rum.js" data-app="KEY" data-tracing="https://api.example.com"></script>', body: '<img src="/slow.png">' }), '/slow.png': () => later })
    t.after(server.close)
    const context = await browser.newContext()
    t.after(() => context.close())
    await prepare(context)
    const tab = await context.newPage()
    await tab.goto(server.origin, { waitUntil: 'commit' })
    await tab.waitForFunction(() => window.wasmRum?.startView)
    await tab.evaluate(() => {
      history.replaceState(null, '', '/home')
      history.pushState(null, '', '/list')
    })
    give({ body: '', type: 'image/png' })
    await tab.waitForFunction(() => document.readyState === 'complete')
    await tab.evaluate(() => history.replaceState(null, '', '/list/2'))
    await leave(tab)
    const batch = await server.batch(1)
    assert.deepEqual(batch.named(Kind.Rename).map(({ page_name }) => page_name), ['/home'])
    assert.deepEqual(batch.named(Kind.View).map(({ kind, page }) => [kind, page]), [[0, '/'], [4, '/list'], [4, '/list/2']])
  })

test('a discarded tab that is loaded again', async (t) => {
  const { server, tab } = await open(t, {}, (context) =>
    context.addInitScript(() => Object.defineProperty(Document.prototype, 'wasDiscarded', { get: () => true })),
  )
  await secondChunk(server)
  await leave(tab)
  assert.equal((await server.batch(1)).named(Kind.Navigation).at(-1).kind, 4)
})

test('surroundings: once a document, and again after a restore', async (t) => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const timing = `cache;desc="Hit, warm";dur=2.5, db;dur=53, miss, traceparent;desc="00-${traceId}-b7ad6b7169203331-01"`
  const { server, tab } = await open(t, {
    '/': () => ({ body: page(), type: 'text/html', headers: { 'Server-Timing': timing } }),
    '/two': '<!doctype html><p>two',
  })
  await secondChunk(server)
  const known = await tab.evaluate(() => ({
    downlink: navigator.connection.downlink * 1000,
    rtt: navigator.connection.rtt,
    save_data: Number(navigator.connection.saveData),
    device_memory: navigator.deviceMemory === undefined ? null : navigator.deviceMemory * 1024,
    cores: navigator.hardwareConcurrency,
    pixel_ratio: devicePixelRatio * 1000,
  }))
  await tab.goto(`${server.origin}/two`)
  const [{ kind, ordinal, t: at, viewport_width, viewport_height, ...first }, ...none] = (await server.batch(1)).named(Kind.Surroundings)
  assert.deepEqual(none, [])
  assert.deepEqual([viewport_width, viewport_height], [1280, 720])
  const told = `cache;dur=2.5;desc=Hit, warm,db;dur=53,miss,traceparent;desc=00-${traceId}-b7ad6b7169203331-01`
  assert.deepEqual(first, { server_timing: told, trace_id: traceId, not_restored: null, ...known, delivery: null })

  await tab.evaluate(() => 0)
  await tab.goBack({ waitUntil: 'commit' })
  await leave(tab)
  const batch = await server.batch(2)
  assert.equal(batch.named(Kind.View)[1]?.kind, 1, 'the SDK does not keep a page out of the back/forward cache')
  const [, again] = batch.named(Kind.Surroundings)
  assert.equal(again.trace_id, null, 'nothing was asked of the server')
  assert.ok(again.ordinal > batch.named(Kind.View)[1].ordinal)
})

test('why a page was not in the back/forward cache', async (t) => {
  const { server, tab } = await open(t, {
    '/': page({ body: '<h1>A page</h1><script>addEventListener("unload", () => {})</script>' }),
    '/two': '<!doctype html><p>two',
  })
  await secondChunk(server)
  await tab.goto(`${server.origin}/two`)
  await tab.goBack()
  await secondChunk(server, 2)
  const reasons = await tab.evaluate(() => performance.getEntriesByType('navigation')[0].notRestoredReasons.reasons.map(({ reason }) => reason))
  assert.ok(reasons.length > 0)
  await leave(tab)
  const batch = await server.batch(2)
  assert.equal(batch.named(Kind.Navigation)[0].kind, 2)
  assert.equal(batch.named(Kind.Surroundings)[0].not_restored, reasons.join())
})

test('hidden, and seen again, before the script came, and left before the second part', async (t) => {
  let give
  const later = new Promise((resolve) => (give = resolve))
  const server = await serve({ [`/${manifest.glue[0]}`]: () => ({ status: 404 }), '/': page(), '/rum.js': () => later })
  t.after(server.close)
  const context = await browser.newContext()
  t.after(() => context.close())
  // Headless Chromium has no tabs to switch: the browser's list of entries says it.
  await context.addInitScript(() => {
    const { getEntriesByType } = Performance.prototype
    Performance.prototype.getEntriesByType = function (type) {
      return type === 'visibility-state'
        ? [{ name: 'visible', startTime: 0 }, { name: 'hidden', startTime: 12.5 }, { name: 'visible', startTime: 20 }]
        : getEntriesByType.call(this, type)
    }
  })
  const tab = await context.newPage()
  await tab.goto(server.origin, { waitUntil: 'commit' })
  give({ body: readFileSync(join(dist, 'rum.js')), type: 'text/javascript' })
  await tab.waitForFunction(() => window.wasmRum?.app)
  // The script starts in several tasks.
  await tab.evaluate(() => new Promise((done) => setTimeout(done)))
  await setHidden(tab, true)
  const [before] = (await server.batch(1)).named(Kind.Visibility)
  assert.deepEqual([before.t, before.hidden], [12_500, 1])
})
