// Bodies on their way: what is tried again, and what is not.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Kind, launch, leave, manifest, page, secondChunk, serve, setHidden } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

/** The second chunk brings the queue; without its Wasm every batch is raw. */
const open = async (t, prepare = () => {}) => {
  const server = await serve({
    '/': page(),
    '/api': () => ({ body: '' }),
    [`/${manifest.wasm[0]}`]: () => ({ status: 404 }),
  })
  t.after(server.close)
  const tab = await browser.newPage()
  t.after(() => tab.close())
  await tab.addInitScript(prepare)
  const refused = tab.waitForResponse(/\.wasm$/)
  await tab.goto(server.origin)
  await refused
  return { server, tab }
}

/** Hides the page, waits until its batch was answered, and shows it again. */
const hide = async (server, tab, count) => {
  const answered = tab.waitForResponse(/v1\/batches/)
  await setHidden(tab, true)
  await server.batch(count)
  await (await answered).finished()
  // One more turn: the script reads the answer.
  await tab.evaluate(() => new Promise((done) => setTimeout(done)))
  await setHidden(tab, false)
}

test('a body that was refused for now is sent again as it was', async (t) => {
  const { server, tab } = await open(t)
  server.collector.answer = () => ({ status: 503 })
  await hide(server, tab, 1)
  server.collector.answer = () => ({ status: 204 })
  await setHidden(tab, true)
  await server.batch(3)
  const [first, ...then] = server.batches
  const again = then.find(({ id }) => id === first.id)
  assert.equal(again.text, first.text, 'the same bytes, so the same id')
  assert.notEqual(again.url.searchParams.get('s'), null)
  assert.equal(new Set(server.batches.map(({ id }) => id)).size, 2)
})

test('Retry-After is kept', async (t) => {
  const { server, tab } = await open(t)
  server.collector.answer = () => ({ status: 429, headers: { 'Retry-After': '3600', 'Access-Control-Expose-Headers': 'Retry-After' } })
  await hide(server, tab, 1)
  await setHidden(tab, true)
  await setHidden(tab, false)
  assert.equal(server.batches.length, 1)
  // An hour later.
  await tab.evaluate(() => {
    const now = Date.now
    Date.now = () => now() + 3_601_000
  })
  server.collector.answer = () => ({ status: 204 })
  await setHidden(tab, true)
  await server.batch(4)
  assert.equal(new Set(server.batches.map(({ id }) => id)).size, 3, 'three reports, of which the first came twice')
})

test('a body that can never be right is not sent again', async (t) => {
  const { server, tab } = await open(t)
  server.collector.answer = () => ({ status: 400 })
  await hide(server, tab, 1)
  await hide(server, tab, 2)
  assert.notEqual(server.batches[0].id, server.batches[1].id)
  assert.equal(server.batches.length, 2)
})

test('before the second chunk a body has one try, and is counted if that fails', async (t) => {
  const server = await serve({ '/': page(), [`/${manifest.glue[0]}`]: () => undefined })
  t.after(server.close)
  const tab = await browser.newPage()
  t.after(() => tab.close())
  await tab.goto(server.origin)
  server.collector.answer = () => ({ status: 503 })
  await hide(server, tab, 1)
  server.collector.answer = () => ({ status: 204 })
  await setHidden(tab, true)
  const second = await server.batch(2)
  assert.equal(server.batches[0].named(Kind.Cut)[0].receipt[1], null)
  assert.equal(second.named(Kind.Cut)[1].receipt[1], 1)
  assert.equal(server.batches.length, 2)
})

test('at most ten bodies wait, and what is given up is counted', async (t) => {
  const { server, tab } = await open(t)
  // The collector is gone: nothing listens at this address.
  await tab.route('**/v1/batches*', (route) => route.abort())
  for (let n = 0; n < 13; n++) {
    await setHidden(tab, true)
    await tab.evaluate(() => new Promise((done) => setTimeout(done, 20)))
    await setHidden(tab, false)
  }
  await tab.unroute('**/v1/batches*')
  await setHidden(tab, true)
  const last = await server.until(() => server.batches.find(({ items }) => items.filter(([kind]) => kind === Kind.Cut).length === 14), 'last')
  const lost = last.named(Kind.Cut).at(-1).receipt[1]
  assert.ok(lost >= 2 && lost <= 4, `${lost} lost`)
  assert.ok(server.batches.length <= 11)
})

test('records that go once are due before the page is left, when they are many', async (t) => {
  const { server, tab } = await open(t)
  await tab.evaluate(async () => {
    for (let n = 0; n < 40; n++) await fetch(`/api?${n}`, { headers: { x: 'y' } }).catch(() => {})
    for (let n = 0; n < 8; n++) setTimeout(() => { throw Object.assign(new Error(n), { stack: 's'.repeat(3000) }) })
  })
  const batch = await server.batch(1)
  assert.ok(batch.text.length > 16_384)
  assert.equal(batch.of(Kind.Cut).length, 0, 'no report: the page is still seen')
})

test('whatever the page\'s own fetch rejects with, nothing is thrown into the page', async (t) => {
  const { server, tab } = await open(t, () => {
    const native = window.fetch
    let attempts = 0
    window.fetch = (url, options) => {
      if (!options?.body || ++attempts > 3) return native(url, options)
      return Promise.reject([undefined, null, { status: 503, headers: {} }][attempts - 1])
    }
  })
  const complaints = []
  tab.on('pageerror', (error) => complaints.push(error))
  await secondChunk(server)
  for (let n = 0; n < 4; n++) {
    await setHidden(tab, true)
    await tab.evaluate(() => new Promise((done) => setTimeout(done, 20)))
    await setHidden(tab, false)
  }
  await leave(tab)
  assert.ok((await server.batch(1)).of(Kind.Cut).length >= 1)
  assert.deepEqual(complaints, [])
})

test('a browser without keepalive uses sendBeacon', async (t) => {
  const { server, tab } = await open(t, () => delete Request.prototype.keepalive)
  await secondChunk(server)
  await leave(tab)
  const batch = await server.batch(1)
  assert.equal(batch.headers['content-type'], 'text/plain;charset=UTF-8')
  assert.equal(batch.headers['sec-fetch-mode'], 'no-cors', 'a fetch of ours is cors')
  assert.equal(batch.of(Kind.Cut).length, 1)
})

test('more than the keepalive quota goes without it', async (t) => {
  const { server, tab } = await open(t, () => {
    const native = window.fetch
    window.sent = []
    window.fetch = (url, options) => {
      if (options) window.sent.push([options.keepalive, options.body.length])
      return native(url, options)
    }
  })
  // Three bytes a character: the quota counts bytes.
  await tab.evaluate(() => {
    for (let n = 0; n < 7; n++) setTimeout(() => { throw Object.assign(new Error(n), { stack: '\u0800'.repeat(4000) }) })
  })
  await server.batch(1)
  const [[keepalive, length]] = await tab.evaluate(() => window.sent)
  assert.ok(length < 60_000)
  assert.equal(keepalive, false)
})
