// Every page of the shop, in Chromium with Wasm: the rows in ClickHouse are what the page's own observers saw.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { cameBy, requestsAre, viewsAre, vitalsAreAsSeen } from './fixture/expect.mjs'
import { PAGES, visitPage } from './fixture/shop-pages.mjs'
import { World } from './fixture/world.mjs'

let world
before(async () => {
  world = await World.open()
})
after(() => world?.close())

for (const page of PAGES) {
  test(`${page.path}: vitals, requests and views are what the page saw`, async () => {
    const visit = await world.visit()
    await visitPage(visit, page, '', () => visit.wasmIsUp())
    const seen = await visit.leave()
    const rows = await visit.rows()

    cameBy(rows.views, 'wasm')
    viewsAre(rows, page.views ?? [['load', page.path]])
    vitalsAreAsSeen(rows, seen)
    requestsAre(rows, page.requests, world.shop.url)
    assert.deepEqual(rows.errors, [])
    assert.ok(rows.actions.some(({ kind }) => kind === 'click'), 'the click is an action')
    if (page.switches?.includes('slow-click')) {
      const inp = rows.vitals.find(({ metric }) => metric === 'INP')
      assert.ok(inp.value >= 300, `a click that blocks for 300 ms has an INP of ${inp.value}`)
      assert.equal(inp.target, '#add-to-cart')
      const parts = inp.input_delay_ms + inp.processing_ms + inp.presentation_ms
      assert.ok(Math.abs(parts - inp.value) <= 1, `its parts are ${parts} ms together`)
    }
  })
}

test('a banner without reserved height is a layout shift with its element', async () => {
  const visit = await world.visit()
  await visit.open('/', 'shift=1')
  await visit.wasmIsUp()
  await visit.page.waitForFunction(() => window.__seen.shifts > 0)
  await visit.click('.late-banner')
  const seen = await visit.leave()
  const rows = await visit.rows()

  assert.ok(seen.cls > 0)
  vitalsAreAsSeen(rows, seen)
  const cls = rows.vitals.find(({ metric }) => metric === 'CLS')
  assert.ok(cls.target && cls.at_ms >= 600, `the shift of ${cls.target} came at ${cls.at_ms} ms`)
  cameBy(rows.views, 'wasm')
})

test('a slow hero picture is the largest paint', async () => {
  const visit = await world.visit()
  await visit.open('/', 'slow-lcp=1500')
  await visit.wasmIsUp()
  await visit.heroIsPainted()
  const seen = await visit.leave()
  const rows = await visit.rows()

  vitalsAreAsSeen(rows, seen)
  const lcp = rows.vitals.find(({ metric }) => metric === 'LCP')
  assert.ok(lcp.value >= 1500, `${lcp.value} ms`)
  assert.equal(lcp.detail, seen.lcpUrl.split('?')[0])
  cameBy(rows.views, 'wasm')
})

test('a thrown error has type, message and stack; so has a rejection that nobody handles', async () => {
  const visit = await world.visit()
  await visit.open('/', 'throw=1&reject=1')
  await visit.wasmIsUp()
  await visit.page.waitForFunction(() => document.readyState === 'complete')
  await visit.leave()
  const { errors, views } = await visit.rows()

  const [thrown, rejected] = ['error', 'unhandledrejection'].map((name) => errors.find(({ source }) => source === name))
  assert.equal(errors.length, 2)
  assert.equal(thrown.type, 'TypeError')
  assert.equal(thrown.message, "Cannot read properties of undefined (reading 'percent')")
  const calls = ['discountShare', 'discountedPrice', 'offerText', 'showNotice', 'announceOffer']
  const places = calls.map((call) => thrown.stack.indexOf(`at ${call} (${world.shop.url}/assets/shop.js`))
  assert.ok(places.every((place, at) => place > (places[at - 1] ?? -1)), `${calls} in this order:\n${thrown.stack}`)
  assert.equal(rejected.type, 'Error')
  assert.equal(rejected.message, 'the loyalty card has expired')
  assert.match(rejected.stack, /readLoyaltyCard/)
  for (const error of errors) assert.deepEqual([error.count, error.handled, error.cut], [1, false, 0])
  assert.notEqual(thrown.group_id, rejected.group_id)
  cameBy(views, 'wasm')
})

for (const [how, status, outcome] of [
  ['500', 500, 'ok'],
  ['404', 404, 'ok'],
  ['network', null, 'failed'],
  ['abort', null, 'aborted'],
]) {
  test(`a fetch that ends with ${how} says so`, async () => {
    const visit = await world.visit()
    await visit.open('/', `fail-fetch=${how}`)
    await visit.wasmIsUp()
    await visit.page.waitForSelector('.apology')
    await visit.leave()
    const { requests, views } = await visit.rows()

    assert.deepEqual(
      requests.map((request) => [request.method, request.path, request.status, request.outcome]),
      [['GET', '/api/recommendations', status, outcome]],
    )
    if (how === 'abort') assert.ok(requests[0].duration_ms >= 2_990, `${requests[0].duration_ms} ms`)
    cameBy(views, 'wasm')
  })
}
