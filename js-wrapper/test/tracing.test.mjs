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

test('of a query stays what the page allows by name', async (t) => {
  const { server, tab } = await open(t, browser, { tag: 'data-queries="page,sort by"', routes: { '/late': '<p>late' } })
  await tab.evaluate(async () => {
    for (const query of ['?page=2&token=secret&page=3#part', '?pag=1&sort+by=a%20b', '?x', '']) await fetch(`/api${query}`)
    history.pushState({}, '', '/list?token=secret&page=4')
    await new Promise((later) => setTimeout(later, 100))
  })
  await leave(tab)
  const batch = await server.batch(1)
  assert.deepEqual(batch.named(Kind.Request).map(({ url }) => url), ['/api?page=2&page=3', '/api?sort+by=a+b', '/api', '/api'])
  assert.deepEqual(batch.named(Kind.View).map(({ page }) => page), ['/', '/list?page=4'])
  assert.doesNotMatch(batch.text, /secret/)
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

test('tracestate goes with the traces that begin in the page', async (t) => {
  const other = await serve({ '/api': () => ({ body: '{}', headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' } }) })
  t.after(other.close)
  const { tab } = await open(t, browser, { tag: `data-tracing="${other.origin}" data-tracestate="shop=one"` })
  await tab.evaluate(async (url) => {
    await fetch(url)
    await fetch(url, { headers: { traceparent: '00-11111111111111111111111111111111-2222222222222222-01', tracestate: 'own=1' } })
    await new Promise((done) => {
      const xhr = new XMLHttpRequest()
      xhr.onloadend = done
      xhr.open('GET', url)
      xhr.send()
    })
  }, `${other.origin}/api`)
  const sent = other.requests.filter(({ method }) => method === 'GET').map(({ headers }) => headers.tracestate)
  assert.deepEqual(sent, ['shop=one', 'own=1', 'shop=one'])
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

test('traceparent goes to listed origins only, and its ids are on the row', async (t) => {
  const other = await serve({ '/api': () => ({ body: '{}', headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' } }) })
  const unlisted = await serve({ '/api': () => ({ body: '{}', headers: { 'Access-Control-Allow-Origin': '*' } }) })
  t.after(other.close)
  t.after(unlisted.close)
  const { server, tab } = await open(t, browser, { tag: `data-tracing="https://x.example,${other.origin}"` })
  await tab.evaluate(async ([listed, unlisted]) => {
    await fetch(`${listed}/api`, { headers: { 'X-Own': '1' }, method: 'POST', body: 'b' })
    await fetch(new Request(`${listed}/api`, { headers: { 'X-Own': '2' } }))
    await fetch(`${listed}/api`, { headers: { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' } })
    await new Promise((done) => {
      const xhr = new XMLHttpRequest()
      xhr.onloadend = done
      xhr.open('GET', `${listed}/api`)
      xhr.send()
    })
    await fetch(`${unlisted}/api`)
    await fetch('/api')
  }, [other.origin, unlisted.origin])
  await leave(tab)
  const sent = other.requests.filter(({ method }) => method !== 'OPTIONS').map(({ headers }) => headers)
  for (const [at, own] of [[0, '1'], [1, '2']]) assert.equal(sent[at]['x-own'], own)
  assert.equal(sent[2].traceparent, '00-11111111111111111111111111111111-2222222222222222-01', 'the page’s own stays')
  const rows = (await requests(server)).filter(({ url }) => url.startsWith(other.origin)).sort((a, b) => a.start - b.start)
  for (const at of [0, 1, 3]) assert.equal(sent[at].traceparent, `00-${rows[at].trace_id}-${rows[at].span_id}-01`)
  assert.equal(new Set(sent.map(({ traceparent }) => traceparent)).size, 4)
  assert.ok(unlisted.requests.every(({ headers }) => !headers.traceparent))
  assert.ok(server.requests.every(({ headers }) => !headers.traceparent), 'nor our own')
  const untraced = (await requests(server)).filter(({ url }) => !url.startsWith(other.origin))
  assert.deepEqual(untraced.map(({ trace_id }) => trace_id), [null, null])
})

test('the operation of a GraphQL request', async (t) => {
  const { server, tab } = await open(t, browser, { routes: { '/graphql': () => ({ body: '{}' }) } })
  await tab.evaluate(async () => {
    const send = (body) => fetch('/graphql', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })
    await send({ query: 'query Products($n: Int) { a }' })
    await send({ query: '{ a }', operationName: 'Named' })
    await send({ query: 'mutation { buy }' })
    await send('{"query": broken')
    await send('a text')
  })
  await leave(tab)
  assert.deepEqual((await requests(server)).map(({ operation }) => operation), ['query Products', 'query Named', 'mutation', null, null])
})
