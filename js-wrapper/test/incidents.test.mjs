// Errors from every source, and what is known of them besides.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { object, open } from './features.mjs'
import { dist, Kind, launch, leave, manifest } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const errors = async (server, count = 1) => (await server.batch(count)).named(Kind.Error)

test('a resource that cannot be loaded, also before the second chunk is there', async (t) => {
  const { server, tab } = await open(t, browser, {
    // Late enough for a script that is async.
    routes: { '/late.js': () => ({ status: 404 }), '/missing.png': () => new Promise((later) => setTimeout(later, 300, { status: 404 })) },
    body: '<img id="hero" src="/missing.png?token=1"><h1>A page</h1>',
  })
  await tab.evaluate(() => new Promise((failed) => {
    const script = Object.assign(document.createElement('script'), { src: '/late.js', onerror: failed })
    document.head.append(script)
  }))
  await leave(tab)
  const found = (await errors(server)).map(({ source, message, url, target }) => [source, message, url, target])
  assert.deepEqual(found.sort(), [[4, 'img', '/missing.png', '#hero'], [4, 'script', '/late.js', 'html>head>script']])
})

test('causes, errors of an AggregateError, and what is no Error', async (t) => {
  const { server, tab } = await open(t, browser)
  await tab.evaluate(() => {
    const later = (throws) => new Promise((done) => setTimeout(() => { setTimeout(done); throws() }))
    return later(() => { throw new Error('outer', { cause: new TypeError('inner', { cause: 'the root' }) }) })
      .then(() => later(() => { throw new AggregateError([new RangeError('one'), 'two'], 'all failed') }))
      .then(() => later(() => { const loop = new Error('loop'); loop.cause = loop; throw loop }))
  })
  await leave(tab)
  const [outer, all, loop] = await errors(server)
  assert.deepEqual(outer.causes.map(([name, message]) => [name, message]), [['TypeError', 'inner'], [null, 'the root']])
  assert.match(outer.causes[0][2], /:\d+:\d+/, 'its stack')
  assert.deepEqual(all.causes.map(([name, message]) => [name, message]), [['RangeError', 'one'], [null, 'two']])
  assert.equal(loop.causes, null)
})

test('what the page reports by itself, with what it knows', async (t) => {
  const { server, tab, complaints } = await open(t, browser)
  await tab.evaluate(() => {
    wasmRum.push((rum) => rum.captureError(new TypeError('caught'), { order: 7, cart: { items: 2 }, empty: undefined }))
    wasmRum.push((rum) => rum.captureError('a text'))
    const circular = { a: 1n }
    wasmRum.push((rum) => rum.captureError(new Error('unreadable context'), circular))
  })
  await leave(tab)
  const [caught, text, circular] = await errors(server)
  assert.deepEqual([caught.source, caught.handled, caught.class_, caught.message], [2, 1, 'TypeError', 'caught'])
  assert.deepEqual(object(caught.attributes), { order: '7', cart: '{"items":2}', empty: 'undefined' })
  assert.deepEqual([text.message, text.attributes], ['a text', null])
  assert.deepEqual([circular.message, circular.attributes], ['unreadable context', null])
  assert.deepEqual(complaints, [])
})

test('violations of the policy, and what the browser intervenes in', async (t) => {
  const policy = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; img-src 'self' data:"
  const { server, tab } = await open(t, browser, { head: `<meta http-equiv="Content-Security-Policy" content="${policy}">` })
  await tab.evaluate(() => new Promise((refused) => {
    document.addEventListener('securitypolicyviolation', refused)
    document.body.append(Object.assign(document.createElement('img'), { src: 'https://elsewhere.example/pixel?id=1' }))
  }))
  await leave(tab)
  const [found] = (await errors(server)).filter(({ source }) => source === 5)
  assert.deepEqual([found.message, found.url], ['img-src (enforce)', 'https://elsewhere.example/pixel'])
})

test('console.error, where the page wants it', async (t) => {
  const { server, tab } = await open(t, browser, { tag: 'data-console-errors="true"' })
  const native = await tab.evaluate(() => {
    console.error('broken', { at: 3 }, 7)
    console.error('with', new RangeError('a real one'))
    return `${console.error}`
  })
  await leave(tab)
  const found = await errors(server)
  assert.deepEqual(found.map(({ source, class_, message }) => [source, class_, message]), [[3, null, 'broken {"at":3} 7'], [3, 'RangeError', 'a real one']])
  assert.match(native, /native code/)
})

test('without being asked, console.error stays what it was', async (t) => {
  const { server, tab } = await open(t, browser)
  await tab.evaluate(() => console.error('broken'))
  await leave(tab)
  assert.deepEqual(await errors(server), [])
})

test('errors that nobody wants', async (t) => {
  const { server, tab } = await open(t, browser, {
    routes: { '/npm.js': undefined },
    tag: '',
    head: '<script>window.options = { ignoreErrors: ["ResizeObserver loop", /^ignored \\d+$/], denyUrls: [/\\/vendor\\//] }</script>',
    prepare: (context) =>
      // As an app does that calls init(): these have no form as attributes.
      context.addInitScript(() => {
        const { assign } = Object
        Object.defineProperty(HTMLScriptElement.prototype, 'dataset', { get: () => assign({ app: 'demo' }, window.options) })
      }),
  })
  await tab.evaluate(() => {
    const throws = (error) => new Promise((done) => setTimeout(() => { setTimeout(done); throw error }))
    const vendor = new Error('in a vendor script')
    vendor.stack = 'Error: in a vendor script\n    at x (https://cdn.example/vendor/a.js:1:2)'
    return throws(new Error('ResizeObserver loop limit')).then(() => throws(new Error('ignored 7'))).then(() => throws(vendor)).then(() => throws(new Error('ignored seven')))
  })
  await leave(tab)
  assert.deepEqual((await errors(server)).map(({ message }) => message), ['ignored seven'])
})

test('the stub makes place for what hears by itself', async (t) => {
  const { server, tab, complaints } = await open(t, browser, { head: `<script>${readFileSync(join(dist, manifest.stub), 'utf8')}</script><img id="early" src="data:,">` })
  await tab.evaluate(() => {
    setTimeout(() => { throw new Error('once') })
    return new Promise((later) => setTimeout(later, 100))
  })
  await leave(tab)
  assert.deepEqual((await errors(server)).map(({ source, message, target, count }) => [source, message, target, count]), [[4, 'img', '#early', 1], [0, 'once', null, 1]])
  assert.deepEqual(complaints, ['once'])
})

test('a loop that throws 100,000 times is one record with a count', async (t) => {
  const { server, tab } = await open(t, browser)
  await tab.evaluate(() => {
    const error = new Error('again')
    for (let n = 0; n < 100_000; n++) dispatchEvent(new ErrorEvent('error', { error, message: error.message }))
  })
  await leave(tab)
  const found = await errors(server)
  assert.deepEqual(found.map(({ count }) => count), [1, 100_000], 'the first, and the count at the report')
  assert.equal(found[0].ordinal, found[1].ordinal)
})
