// What a page says too early, or too often; what else it may say is in tests/features, in three engines.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from './features.mjs'
import { Kind, launch, leave } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

test('at most 100 calls wait, and what is over is counted', async (t) => {
  const { server, tab } = await open(t, browser, {
    head: '<script>addEventListener("DOMContentLoaded", function ask() { if (!window.wasmRum) return setTimeout(ask); for (let n = 0; n < 105; n++) wasmRum.push((rum) => rum.track(`call ${n}`)) })</script>',
  })
  await leave(tab)
  const batch = await server.batch(1)
  assert.deepEqual(batch.named(Kind.Action).map(({ name }) => name), Array.from({ length: 100 }, (_, n) => `call ${n}`))
  assert.equal(batch.named(Kind.Cut).at(-1).receipt[1], 5)
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

test('functions among the events that the stub keeps harm nothing', async (t) => {
  const { server, tab } = await open(t, browser, { head: '<script>window.wasmRum = [() => {}, (rum) => rum.track("early")]</script>' })
  await tab.evaluate(() => wasmRum.track('later'))
  await leave(tab)
  assert.deepEqual((await server.batch(1)).named(Kind.Action).map(({ name }) => name), ['later'])
})

