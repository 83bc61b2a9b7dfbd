// Sessions that are in the sample, and what is sent of those that are not.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from './features.mjs'
import { Kind, launch, leave, setHidden } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const VERSION = 5

/** Random bits of the session's id: all zeros are in any sample, all ones in none but the whole. */
const random = (high) => (context) =>
  context.addInitScript((high) => {
    const { getRandomValues } = Crypto.prototype
    let count = 0
    Crypto.prototype.getRandomValues = function (array) {
      getRandomValues.call(this, array)
      // The session's id is the first that a page makes.
      if (count++ === 0) array[0] = high ? 2n ** 64n - 1n : 1n
      return array
    }
  }, high)

/** A page whose session began at a rate. */
const at = (rate, high) => async (context) => {
  await random(high)(context)
  await context.addInitScript((rate) => {
    if (!sessionStorage['wasm-rum']) sessionStorage['wasm-rum'] = `0000000000000000,0,0;1,${rate}`
  }, rate)
}

for (const raw of [true, false])
  test(`what is known of a session goes before the next one begins, which is not in the sample (${raw ? 'raw' : 'wasm'})`, async (t) => {
    const { server, tab } = await open(t, browser, { raw })
    server.collector.answer = () => ({ status: 204, headers: { 'Rum-Rate': '7;0', 'Access-Control-Expose-Headers': 'Rum-Rate' } })
    await setHidden(tab, true)
    await setHidden(tab, false)
    await tab.waitForFunction(() => sessionStorage['wasm-rum']?.endsWith(',7;0'))
    await tab.evaluate(() => {
      wasmRum.track('of the first')
      const now = Date.now
      Date.now = () => now() + 31 * 60_000
    })
    await tab.mouse.click(5, 5)
    const batch = await server.batch(2)
    assert.match(JSON.stringify(batch), /of the first/)
    assert.equal(batch.document[VERSION], null)
    await tab.evaluate(() => wasmRum.track('of the second'))
    await setHidden(tab, true)
    await leave(tab)
    await tab.goto(`${server.origin}/api`)
    assert.equal(server.batches.length, 2)
    assert.doesNotMatch(JSON.stringify(server.batches), /of the second/)
  })

for (const raw of [true, false])
  test(`a session that is not in the sample is not sent (${raw ? 'raw' : 'wasm'})`, async (t) => {
    const { server, tab } = await open(t, browser, { raw, prepare: at('3;0.5', true) })
    await tab.evaluate(() => wasmRum.track('nobody knows'))
    await setHidden(tab, true)
    await leave(tab)
    await tab.goto(`${server.origin}/api`)
    assert.equal(server.batches.length, 0)
  })

test('one that is, is, and says by which rate', async (t) => {
  const { server, tab } = await open(t, browser, { prepare: at('3;0.5', false) })
  await leave(tab)
  assert.equal((await server.batch(1)).document[VERSION], 3)
})

for (const raw of [true, false])
  test(`an error is sent all the same, with what happened before it (${raw ? 'raw' : 'wasm'})`, async (t) => {
    const { server, tab } = await open(t, browser, { raw, prepare: at('3;0.5', true) })
    await tab.evaluate(() => {
      wasmRum.track('what they did')
      return fetch('/api')
    })
    await setHidden(tab, true)
    await setHidden(tab, false)
    assert.equal(server.batches.length, 0)
    await tab.evaluate(() => {
      setTimeout(() => { throw new Error('boom') })
      return new Promise((later) => setTimeout(later, 50))
    })
    await leave(tab)
    const batch = await server.batch(1)
    assert.equal(batch.document[VERSION], 3)
    assert.deepEqual([Kind.Action, Kind.Request, Kind.Error].map((kind) => batch.of(kind).length), [1, 1, 1])
  })

test('unless the rate says that errors are sampled too', async (t) => {
  const { server, tab } = await open(t, browser, { prepare: at('3;0.5;1', true) })
  await tab.evaluate(() => {
    setTimeout(() => { throw new Error('boom') })
    return new Promise((later) => setTimeout(later, 50))
  })
  await leave(tab)
  await tab.goto(`${server.origin}/api`)
  assert.equal(server.batches.length, 0)
})

test('tabs share a session that is kept for the browser', async (t) => {
  const { server, tab, context } = await open(t, browser, { tag: 'data-session="browser"' })
  // Before the first report as well.
  const { id } = await tab.evaluate(() => wasmRum.getSession())
  const other = await context.newPage()
  await other.goto(server.origin)
  await leave(other)
  assert.equal((await server.batch(1)).named(Kind.View)[0].session_id, id)
})
