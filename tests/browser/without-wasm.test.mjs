// The same visits where Wasm is forbidden, or not there yet: the page sends its records raw, the collector computes them
// with the same core, and the rows are the same.

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
  test(`${page.path} under a policy without wasm-unsafe-eval`, async () => {
    const visit = await world.visit()
    await visitPage(visit, page, 'csp=strict', () => visit.wasmIsRefused())
    const seen = await visit.leave()
    check(await visit.rows(), page, seen, 'unavailable')
  })

  test(`${page.path} left before Wasm is up`, async () => {
    const visit = await world.visit()
    await visit.holdWasm()
    await visitPage(visit, page, '', () => visit.wasmIsAskedFor())
    const seen = await visit.leave()
    check(await visit.rows(), page, seen, 'not-ready')
  })
}

test('a policy with wasm-unsafe-eval lets Wasm run', async () => {
  const visit = await world.visit()
  await visit.open('/', 'csp=wasm')
  await visit.wasmIsUp()
  const seen = await visit.leave()
  const rows = await visit.rows()
  vitalsAreAsSeen(rows, seen)
  cameBy(rows.views, 'wasm')
})

test('a visitor who leaves at the first sight of the page is a row', async () => {
  const visit = await world.visit()
  // The picture keeps the load event, and with it the Wasm, from coming.
  await visit.open('/', 'slow-lcp=30000', 'commit')
  await visit.page.waitForFunction(() => window.__seen?.lcp && window.wasmRum)
  const seen = await visit.leave()
  const rows = await visit.rows()
  vitalsAreAsSeen(rows, seen)
  assert.equal(rows.view.load_ms, null)
  cameBy(rows.views, 'raw', 'not-ready')
})

function check(rows, page, seen, reason) {
  cameBy(rows.views, 'raw', reason)
  viewsAre(rows, page.views ?? [['load', page.path]])
  vitalsAreAsSeen(rows, seen)
  requestsAre(rows, page.requests, world.shop.url)
  assert.ok(rows.actions.some(({ kind }) => kind === 'click'), 'the click is an action')
}
