// Wrapped fetch and XMLHttpRequest: records, and that the page cannot tell the difference.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Kind, launch, leave, manifest, page, serve } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const RAW = { [`/${manifest.glue[0]}`]: () => ({ status: 404 }) }

const open = async (t, routes) => {
  const server = await serve({ ...RAW, '/': page(), ...routes })
  t.after(server.close)
  const tab = await browser.newPage()
  t.after(() => tab.close())
  await tab.goto(server.origin)
  return { server, tab }
}

/** Initiator, method, URL, status and outcome of the requests of a batch. */
const requests = (batch) =>
  batch.of(Kind.Request).map(([, , , , initiator, method, url, status, , outcome]) => [initiator, method, url, status, outcome])

test('a fetch is what it was', async (t) => {
  const { server, tab } = await open(t, { '/api': (text) => ({ status: 201, body: text, headers: { 'X-Own': 'yes' } }) })
  const seen = await tab.evaluate(async () => {
    const promise = fetch('/api?q#f', { method: 'POST', body: 'ping' })
    const response = await promise
    const clone = response.clone()
    return {
      promise: promise instanceof Promise && promise.constructor === Promise,
      response: response instanceof Response,
      unread: !response.bodyUsed,
      texts: [await response.text(), await clone.text()],
      own: response.headers.get('X-Own'),
      status: response.status,
      name: fetch.name,
      length: fetch.length,
      text: `${fetch}`,
      properties: Object.keys(fetch),
    }
  })
  assert.deepEqual(seen, {
    promise: true, response: true, unread: true, texts: ['ping', 'ping'], own: 'yes', status: 201, name: 'fetch', length: 1,
    text: 'function () { [native code] }', properties: [],
  })
  await leave(tab)
  assert.deepEqual(requests(await server.batch(1)), [[0, 'POST', '/api', 201, 0]])
})

test('a fetch that fails, fails as before', async (t) => {
  const { server, tab } = await open(t, { '/never': () => undefined })
  const seen = await tab.evaluate(async () => {
    const unhandled = []
    addEventListener('unhandledrejection', (event) => {
      event.preventDefault()
      unhandled.push(event.reason)
    })
    const next = () => new Promise((done) => setTimeout(done, 0))
    const wait = async () => { while (!unhandled.length) await next() }

    // Nobody handles it: the browser says so, once, with the reason of the promise that the page has.
    const lone = fetch('http://127.0.0.1:1/')
    await wait()
    const once = unhandled.length === 1
    const reason = await lone.catch((reason) => reason)
    const same = reason === unhandled[0] && reason instanceof TypeError
    unhandled.length = 0

    // The page handles it: the browser says nothing.
    await fetch('http://127.0.0.1:1/').catch(() => {})
    const controller = new AbortController()
    const own = { mine: true }
    const aborted = fetch('/never', { signal: controller.signal }).catch((reason) => reason)
    controller.abort(own)
    const abortedBy = await aborted
    const abortedPlainly = await fetch('/never', { signal: AbortSignal.abort() }).catch(({ name }) => name)
    const timedOut = await fetch('/never', { signal: AbortSignal.timeout(1) }).catch(({ name }) => name)
    const invalid = await fetch('http://[').catch((reason) => reason.constructor.name)
    const none = await fetch().catch((reason) => reason.constructor.name)
    const trap = { get method() { throw own } }
    const trapped = await fetch('/never', trap).catch((reason) => reason === own)
    await next()
    return { once, same, own: abortedBy === own, abortedPlainly, timedOut, invalid, none, trapped, unhandled: unhandled.length }
  })
  assert.deepEqual(seen, {
    once: true, same: true, own: true, abortedPlainly: 'AbortError', timedOut: 'TimeoutError', invalid: 'TypeError', none: 'TypeError',
    trapped: true, unhandled: 0,
  })
  await leave(tab)
  const batch = await server.batch(1)
  const found = requests(batch)
  assert.deepEqual(found.map(([, , , status, outcome]) => [status, outcome]), [
    [null, 1], [null, 1], [null, 1], [null, 2], [null, 3], [null, 1], [null, 1],
  ], "an abort for a reason of the page's own is a failure")
  assert.equal(found[0][2], 'http://127.0.0.1:1/')
  assert.equal(batch.of(Kind.Error).filter(([, , , , source]) => source === 1).length, 1)
})

test('every form of input', async (t) => {
  const { server, tab } = await open(t, { '/a/b': () => ({ body: '' }) })
  await tab.evaluate(async () => {
    await fetch(new URL('/a/b?x', location))
    await fetch(new Request('/a/b?y', { method: 'PUT', body: '1' }))
    await fetch(new Request('/a/b', { method: 'PUT', body: '1' }), { method: 'PATCH' })
    await fetch({ toString: () => '/a/b' })
    await fetch('data:text/plain,secret')
    await window.fetch.call(undefined, '/a/b')
  })
  await leave(tab)
  assert.deepEqual(requests(await server.batch(1)).map(([, method, url]) => [method, url]), [
    ['GET', '/a/b'], ['PUT', '/a/b'], ['PATCH', '/a/b'], ['GET', '/a/b'], ['GET', 'data:'], ['GET', '/a/b'],
  ])
})

test('XMLHttpRequest', async (t) => {
  const { server, tab } = await open(t, { '/x': (text) => ({ body: `got ${text}` }), '/never': () => undefined })
  const seen = await tab.evaluate(async () => {
    const xhr = new XMLHttpRequest()
    const ended = (xhr) => new Promise((done) => xhr.addEventListener('loadend', () => done(xhr.responseText), { once: true }))
    xhr.open('post', '/x?q')
    xhr.send('1')
    const texts = [await ended(xhr)]
    // The same object again, which must not be recorded twice.
    xhr.open('GET', 'http://127.0.0.1:1/')
    xhr.send()
    texts.push(await ended(xhr))
    xhr.open('GET', '/never')
    xhr.send()
    const aborted = ended(xhr)
    xhr.abort()
    texts.push(await aborted)
    xhr.open('GET', '/never')
    xhr.timeout = 1
    xhr.send()
    texts.push(await ended(xhr))
    const synchronous = new XMLHttpRequest()
    synchronous.open('GET', '/x', false)
    synchronous.send()
    texts.push(synchronous.responseText)
    let thrown
    try {
      new XMLHttpRequest().send()
    } catch ({ name }) {
      thrown = name
    }
    return { texts, thrown, names: [xhr.open.name, xhr.send.name] }
  })
  assert.deepEqual(seen, { texts: ['got 1', '', '', '', 'got '], thrown: 'InvalidStateError', names: ['open', 'send'] })
  await leave(tab)
  assert.deepEqual(requests(await server.batch(1)), [
    [1, 'POST', '/x', 200, 0],
    [1, 'GET', 'http://127.0.0.1:1/', null, 1],
    [1, 'GET', '/never', null, 2],
    [1, 'GET', '/never', null, 3],
    [1, 'GET', '/x', 200, 0],
  ])
})
