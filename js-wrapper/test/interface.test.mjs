// What a page may say: views, events, numbers, logs, users, and that it is enough.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { object, open } from './features.mjs'
import { Kind, launch, leave, setHidden } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const VIEW = 1

test('events and numbers', async (t) => {
  const { server, tab, complaints } = await open(t, browser)
  await tab.evaluate(() => {
    wasmRum.track('Added to cart', { sku: 'A-7', price: 12.5, gift: false })
    wasmRum.measure('cart', 3.1416, { currency: 'EUR' })
    wasmRum.measure('nonsense', 'x')
    wasmRum.track({ toString: () => 'by its text' })
    for (const odd of [{ toString: () => null.x }, Symbol('s')]) {
      wasmRum.track(odd)
      wasmRum.measure('odd', 7n)
      wasmRum.log('info', odd)
      wasmRum.setUser({ get id() { throw new Error('of the page') } })
    }
  })
  await leave(tab)
  const batch = await server.batch(1)
  const found = batch.named(Kind.Action)
  assert.equal(batch.named(Kind.Cut).at(-1).receipt[1], 9, 'what cannot be read, and what is no number, is counted')
  assert.deepEqual(found.map(({ kind, name, value }) => [kind, name, value]), [
    [2, 'Added to cart', null],
    [3, 'cart', 3142],
    [2, 'by its text', null],
  ])
  assert.deepEqual(object(found[0].attributes), { sku: 'A-7', price: '12.5', gift: 'false' })
  assert.deepEqual(complaints, [])
})

test('calls before the second chunk is there wait for it', async (t) => {
  const { server, tab } = await open(t, browser, {
    head: '<script>addEventListener("DOMContentLoaded", function ask() { if (!window.wasmRum) return setTimeout(ask); wasmRum.push((rum) => rum.track("early")); wasmRum.push(() => { throw new Error("of the page") }) })</script>',
  })
  await leave(tab)
  const batch = await server.batch(1)
  assert.deepEqual(batch.named(Kind.Action).map(({ name }) => name), ['early'])
  assert.deepEqual(batch.named(Kind.Error).map(({ message }) => message), ['of the page'], 'its errors are its own')
})

test('at most 100 calls wait, and what is over is counted', async (t) => {
  const { server, tab } = await open(t, browser, {
    head: '<script>addEventListener("DOMContentLoaded", function ask() { if (!window.wasmRum) return setTimeout(ask); for (let n = 0; n < 105; n++) wasmRum.push((rum) => rum.track(`call ${n}`)) })</script>',
  })
  await leave(tab)
  const batch = await server.batch(1)
  assert.deepEqual(batch.named(Kind.Action).map(({ name }) => name), Array.from({ length: 100 }, (_, n) => `call ${n}`))
  assert.equal(batch.named(Kind.Cut).at(-1).receipt[1], 5)
})

test('lines of a log, and of the console by level', async (t) => {
  const { server, tab } = await open(t, browser, { tag: 'data-console-logs="warn,info"' })
  await tab.evaluate(() => {
    wasmRum.log('info', 'from the page', { step: 2 })
    wasmRum.log('nonsense', 'a level of its own')
    console.warn('careful', [1, 2])
    console.info('known')
    console.debug('not wanted')
    for (let n = 0; n < 200; n++) wasmRum.log('debug', `line ${n}`)
  })
  await leave(tab)
  const batch = await server.batch(1)
  const logs = batch.named(Kind.Log)
  assert.deepEqual(logs.slice(0, 4).map(({ level, message, source }) => [level, message, source]), [
    [2, 'from the page', 0],
    [2, 'a level of its own', 0],
    [3, 'careful [1,2]', 1],
    [2, 'known', 1],
  ])
  assert.deepEqual(object(logs[0].attributes), { step: '2' })
  assert.equal(logs.length, 100, 'bounded in a view')
  assert.equal(batch.named(Kind.Cut).at(-1).receipt[1], 104, 'and counted')
})

test('lines of a log belong to the trace of the page load', async (t) => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const { server, tab } = await open(t, browser, {
    headers: { 'Server-Timing': `db, traceparent;desc="00-${traceId}-b7ad6b7169203331-01"` },
  })
  await tab.evaluate(() => wasmRum.log('info', 'a line'))
  await leave(tab)
  assert.deepEqual((await server.batch(1)).named(Kind.Log).map(({ trace_id, weight }) => [trace_id, weight]), [[traceId, null]])
})

for (const [chance, weights] of [[0.2, [4_000]], [0.3, []]])
  test(`logs of a quarter of all documents, where chance says ${chance}`, async (t) => {
    const prepare = (context) => context.addInitScript((chance) => (Math.random = () => chance), chance)
    const { server, tab } = await open(t, browser, { tag: 'data-logs="0.25" data-console-logs="warn"', prepare })
    await tab.evaluate(() => {
      wasmRum.log('info', 'a line')
      console.warn('another')
    })
    await leave(tab)
    const batch = await server.batch(1)
    assert.deepEqual(batch.named(Kind.Log).map(({ weight }) => weight), weights.flatMap((weight) => [weight, weight]))
    assert.equal(batch.named(Kind.Cut).at(-1).receipt[1], null, 'what is not in the sample is not lost')
  })

test('who the user is, and what holds, for this view and the next ones', async (t) => {
  const { server, tab } = await open(t, browser, { raw: false })
  await tab.evaluate(async () => {
    wasmRum.setUser({ id: 42, plan: 'pro' })
    wasmRum.setContext({ shop: 'north' })
    wasmRum.addTag('team', 'checkout')
    wasmRum.setFlag('new-cart', true)
    wasmRum.startView('second')
    await new Promise((later) => setTimeout(later, 50))
    wasmRum.setUser(null)
    wasmRum.startView('third')
    await new Promise((later) => setTimeout(later, 50))
  })
  await leave(tab)
  const views = (await server.batch(1)).of(VIEW).map((view) => [view[11] ?? null, view[17] ?? null, object(view[18])])
  const rest = { shop: 'north', 'tag.team': 'checkout', 'flag.new-cart': 'true' }
  assert.deepEqual(views, [
    [null, '42', { 'user.plan': 'pro', ...rest }],
    ['second', null, rest],
    ['third', null, rest],
  ])
})

test('the session, and the end of capture', async (t) => {
  const { server, tab } = await open(t, browser)
  const session = await tab.evaluate(() => wasmRum.getSession())
  await tab.evaluate(() => {
    wasmRum.track('before')
    wasmRum.stop()
    wasmRum.track('after')
    setTimeout(() => { throw new Error('after') })
    return new Promise((later) => setTimeout(later, 50))
  })
  await setHidden(tab, true)
  await leave(tab)
  const [batch, ...more] = server.batches
  assert.equal(batch.named(Kind.View)[0].session_id, session.id)
  assert.deepEqual(batch.named(Kind.Action).map(({ name }) => name), ['before'])
  assert.deepEqual([batch.of(Kind.Cut).length, batch.of(Kind.View).length], [1, 1], 'a report of the vitals, and no other view')
  assert.deepEqual(more, [])
})

test('functions among the events that the stub keeps harm nothing', async (t) => {
  const { server, tab } = await open(t, browser, { head: '<script>window.wasmRum = [() => {}, (rum) => rum.track("early")]</script>' })
  await tab.evaluate(() => wasmRum.track('later'))
  await leave(tab)
  assert.deepEqual((await server.batch(1)).named(Kind.Action).map(({ name }) => name), ['later'])
})

test('how far a view was seen, and for how long', async (t) => {
  const { server, tab } = await open(t, browser, { raw: false, body: '<main style="height:3000px">long</main>' })
  await tab.mouse.move(5, 5)
  await tab.mouse.move(9, 9)
  await tab.mouse.wheel(0, 1400)
  await tab.waitForFunction(() => scrollY > 1300)
  await tab.waitForTimeout(500)
  await leave(tab)
  const [view] = (await server.batch(1)).of(VIEW)
  assert.ok(view[19] > 600 && view[19] < 800, `${view[19]} thousandths of ${JSON.stringify(view)}`)
  assert.ok(view[20] > 300_000 && view[20] < 20e6, `${view[20]} µs`)
})
