// What is known of a request besides: its timing, its trace, its GraphQL operation.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from './features.mjs'
import { Kind, launch, leave, serve } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const requests = async (server) => (await server.batch(1)).named(Kind.Request)

test('timing and sizes, of early requests too', async (t) => {
  const body = 'x'.repeat(5_000)
  const { server, tab } = await open(t, browser, {
    routes: { '/slow': () => new Promise((later) => setTimeout(later, 120, { body })), '/early': () => ({ body }) },
    head: '<script>addEventListener("load", () => fetch("/early?at=once").then((response) => response.text()))</script>',
  })
  await tab.evaluate(async () => {
    await (await fetch('/slow?x=1')).text()
    await new Promise((done) => {
      const xhr = new XMLHttpRequest()
      xhr.onload = done
      xhr.open('POST', '/slow')
      xhr.send('x')
    })
    await new Promise((later) => setTimeout(later, 100))
  })
  await leave(tab)
  const all = await requests(server)
  const slow = all.filter(({ url }) => url === '/slow')
  assert.equal(slow.length, 2)
  for (const one of slow) {
    assert.ok(one.request > 100_000 && one.request < 2e6, `${one.request} µs until the first byte`)
    assert.ok(one.response >= 0)
    assert.equal(one.encoded_bytes, 5_000)
    assert.ok(one.transfer_bytes > 5_000)
    assert.equal(one.decoded_bytes, null, 'as many as encoded')
    assert.equal(one.protocol, 'http/1.1')
  }
  const early = all.filter(({ url }) => url === '/early')
  assert.equal(new Set(early.map(({ ordinal }) => ordinal)).size, 1, 'one row')
  assert.equal(early.at(-1).encoded_bytes, 5_000)
})

test('a request keeps its referrer policy when it is given a trace', async (t) => {
  const other = await serve({ '/api': () => ({ body: '{}', headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' } }) })
  t.after(other.close)
  const { tab } = await open(t, browser, { tag: `data-tracing="${other.origin}"` })
  await tab.evaluate(async (url) => {
    await fetch(new Request(url, { referrerPolicy: 'no-referrer' }))
    await fetch(new Request(url, { referrerPolicy: 'no-referrer' }), { referrerPolicy: 'origin' })
    await fetch(new Request(url))
  }, `${other.origin}/api`)
  const sent = other.requests.filter(({ method }) => method === 'GET').map(({ headers }) => [!!headers.traceparent, !!headers.referer])
  assert.deepEqual(sent, [[true, false], [true, true], [true, true]])
})

test('no trace is begun after the end of capture', async (t) => {
  const other = await serve({ '/api': () => ({ body: '{}', headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' } }) })
  t.after(other.close)
  const { tab } = await open(t, browser, { tag: `data-tracing="${other.origin}"` })
  await tab.evaluate(async (url) => {
    await fetch(url)
    wasmRum.stop()
    await fetch(url)
  }, `${other.origin}/api`)
  const sent = other.requests.filter(({ method }) => method === 'GET').map(({ headers }) => !!headers.traceparent)
  assert.deepEqual(sent, [true, false])
})

