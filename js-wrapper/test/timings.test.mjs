// Resource timing, User Timing and Element Timing: switched, sampled, bounded.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { dist, Kind, launch, leave, page, secondChunk, serve, setHidden, WITHOUT_WASM } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const tag = (attributes) => `<script async src="/rum.js" data-app="demo" ${attributes}></script>`

/** `random` is what Math.random returns in the page. */
const open = async (t, attributes, routes = {}, { random, head, body } = {}) => {
  const server = await serve({ ...WITHOUT_WASM, '/': page({ tag: tag(attributes), head, body }), ...routes })
  t.after(server.close)
  const context = await browser.newContext()
  t.after(() => context.close())
  if (random !== undefined) await context.addInitScript((random) => (Math.random = () => random), random)
  const tab = await context.newPage()
  await tab.goto(server.origin)
  await secondChunk(server)
  return { server, tab }
}

const micros = (ms) => Math.round(ms * 1000)

test('resources are recorded if the page wants it, but our own requests are not', async (t) => {
  const { server, tab } = await open(t, 'data-resources="1"', {
    '/data': () => ({ body: 'x'.repeat(500), headers: { 'Cache-Control': 'max-age=600' } }),
    '/style.css': () => ({ body: 'h1 { color: teal }', type: 'text/css' }),
  }, { head: '<link rel="stylesheet" href="/style.css">', body: '<h1>A page</h1>' })
  await setHidden(tab, true)
  await server.batch(1)
  await setHidden(tab, false)
  const entry = await tab.evaluate(async () => {
    await (await fetch('/data?token=1')).text()
    await (await fetch('/data?token=1')).text()
    const observed = new Promise((done) => {
      const found = []
      new PerformanceObserver((list) => {
        found.push(...list.getEntries().filter(({ name }) => name.includes('/data')))
        if (found.length === 2) done(found.map((entry) => entry.toJSON()))
      }).observe({ type: 'resource', buffered: true })
    })
    return observed
  })
  await leave(tab)
  const all = [...(await server.batch(1)).named(Kind.Resource), ...(await server.batch(2)).named(Kind.Resource)]
  const [style] = all.filter(({ url }) => url === '/style.css')
  assert.deepEqual([style.initiator, style.render_blocking, style.status], ['link', 1, 200])
  const found = all.filter(({ url }) => url === '/data')
  assert.equal(found.length, 2)
  found.forEach((resource, at) => {
    const { startTime, duration, transferSize, encodedBodySize, decodedBodySize, requestStart, responseStart, responseEnd, connectStart, connectEnd, deliveryType } = entry[at]
    assert.deepEqual(
      [resource.start, resource.duration, resource.initiator, resource.transfer_bytes, resource.encoded_bytes, resource.decoded_bytes, resource.delivery],
      [micros(startTime), micros(duration), 'fetch', transferSize, encodedBodySize, decodedBodySize, deliveryType || null],
    )
    assert.deepEqual([resource.request, resource.response, resource.connect], [micros(responseStart - requestStart), micros(responseEnd - responseStart), micros(connectEnd - connectStart)])
    assert.deepEqual([resource.redirect, resource.tls, resource.weight], [null, null, null])
  })
  assert.equal(found[1].delivery, 'cache')
  assert.ok(all.every(({ url }) => !url.includes('/v1/batches') && !url.includes('token')))
})

test('a view has a hundred; what is over is counted', async (t) => {
  const { server, tab } = await open(t, 'data-user-timing="1"')
  await tab.evaluate(async () => {
    for (let n = 0; n < 130; n++) performance.mark(`mark ${n}`)
    await new Promise((done) => new PerformanceObserver(done).observe({ type: 'mark', buffered: true }))
    window.wasmRum.startView('next')
    performance.mark('of the next view')
  })
  await leave(tab)
  const batch = await server.batch(1)
  const names = batch.named(Kind.UserTiming).map(({ name }) => name)
  assert.deepEqual([names.length, names[99], names[100]], [101, 'mark 99', 'of the next view'])
  assert.equal(batch.named(Kind.Cut).at(-1).receipt[1], 30)
})

test('marks and measures', async (t) => {
  const { server, tab } = await open(t, 'data-user-timing')
  await tab.evaluate(() => {
    performance.mark('started', { startTime: 10 })
    performance.measure('m'.repeat(300), { start: 10.5, duration: 20.25 })
  })
  await leave(tab)
  const found = (await server.batch(1)).named(Kind.UserTiming)
  assert.deepEqual(found.map(({ start, name, duration, weight }) => [start, name.length, duration, weight]), [
    [10_000, 7, null, null],
    [10_500, 200, 20_250, null],
  ])
})

test('elements, at most a hundred a view', async (t) => {
  // The browser keeps 150 of them for whoever comes later.
  const many = Array.from({ length: 200 }, (_, n) => `<p id="p${n}" elementtiming="part ${n}" style="font-size:3px;margin:0">some text ${n}</p>`).join('')
  const { server, tab } = await open(t, '', {}, { body: many })
  const first = await tab.evaluate(
    () => new Promise((done) => new PerformanceObserver((list) => done(list.getEntries()[0].toJSON())).observe({ type: 'element', buffered: true })),
  )
  await leave(tab)
  const batch = await server.batch(1)
  const found = batch.named(Kind.ElementTiming)
  assert.equal(found.length, 100)
  assert.deepEqual([found[0].painted, found[0].name, found[0].target, found[0].url, found[0].weight], [micros(first.startTime), 'part 0', '#p0', null, null])
  // What the browser itself has forgotten of this type it does not count.
  assert.equal(batch.named(Kind.Cut).at(-1).receipt[1], 50)
})

test('nothing that was not asked for', async (t) => {
  const { server, tab } = await open(t, 'data-element-timing="0" data-long-frames="false"', { '/data': () => ({ body: 'x' }) }, {
    body: '<h1 elementtiming="title">A page</h1>',
  })
  await tab.evaluate(async () => {
    performance.mark('mine')
    await (await fetch('/data')).text()
    const end = performance.now() + 70
    while (performance.now() < end);
    await new Promise((done) => new PerformanceObserver(done).observe({ type: 'long-animation-frame', buffered: true }))
  })
  await leave(tab)
  const batch = await server.batch(1)
  for (const kind of [Kind.UserTiming, Kind.Resource, Kind.ElementTiming, Kind.LongFrame]) assert.equal(batch.of(kind).length, 0, `kind ${kind}`)
})

for (const [random, weights] of [[0.24, [4000]], [0.25, []]])
  test(`a rate of a quarter, where chance says ${random}`, async (t) => {
    const { server, tab } = await open(t, 'data-user-timing="0.25"', {}, { random })
    await tab.evaluate(() => performance.mark('mine'))
    await leave(tab)
    assert.deepEqual((await server.batch(1)).named(Kind.UserTiming).map(({ weight }) => weight), weights)
  })

test('what the browser had forgotten before anyone observed is in the receipt, by type', async (t) => {
  // Both observers of resources are told of it; it counts once. The script comes after the page has fetched its data.
  let give
  const fetched = new Promise((resolve) => (give = resolve))
  const head = `<script>
    performance.setResourceTimingBufferSize(1)
    const all = Array.from({ length: 5 }, (_, n) => fetch('/data?' + n).then((response) => response.text()))
    Promise.all(all).then(() => setTimeout(() => fetch('/fetched')))
  </script>`
  const { server, tab } = await open(t, 'data-resources="1"', {
    '/': page({ head, tag: tag('data-resources="1"') }),
    '/data': () => ({ body: 'x' }),
    '/fetched': () => (give({ body: readFileSync(join(dist, 'rum.js')), type: 'text/javascript' }), {}),
    '/rum.js': () => fetched,
  })
  await leave(tab)
  const [attached, , dropped] = (await server.batch(1)).named(Kind.Cut).at(-1).receipt
  assert.ok(attached > 0)
  assert.equal(dropped.length, 1)
  const [[type, count]] = dropped
  assert.equal(type, 'resource')
  assert.ok(count >= 3, `${count}`)
})
