// Errors: what is recorded of the strangest things that can be thrown, and that the page is none the worse for it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dist, Kind, launch, leave, manifest, page, serve, setHidden } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const RAW = { [`/${manifest.glue[0]}`]: () => ({ status: 404 }) }

const open = async (t, routes) => {
  const server = await serve({ ...RAW, ...routes })
  t.after(server.close)
  const tab = await browser.newPage()
  t.after(() => tab.close())
  await tab.goto(server.origin)
  return { server, tab }
}

/** The fields of error records, by name. */
const errors = (batch) =>
  batch.of(Kind.Error).map(([, ordinal, t, first, source, name, message, stack, handled, count, cut]) => ({
    ordinal, t, source, name, message, stack, handled, count, first, cut: cut ?? null,
  }))

/** Throws what `text` makes, out of a task of its own. */
const thrown = (tab, text) =>
  tab.evaluate((text) => new Promise((done) => (setTimeout(done), setTimeout(`throw ${text}`), setTimeout(done))), text)

const settle = (tab) => tab.evaluate(() => new Promise((done) => setTimeout(done)))

test('an error with its class, message and stack', async (t) => {
  const { server, tab } = await open(t, {
    '/': page({ tag: '<script async src="/rum.js" data-app="demo"></script><script src="/app.js"></script>' }),
    '/app.js': () => ({ body: 'function pay() {\n  null.x\n}\nfunction buy() {\n  pay()\n}', type: 'text/javascript' }),
  })
  await tab.evaluate(() => setTimeout('buy()'))
  await settle(tab)
  await leave(tab)
  const [error] = errors(await server.batch(1))
  assert.equal(error.source, 0)
  assert.equal(error.name, 'TypeError')
  assert.equal(error.message, "Cannot read properties of null (reading 'x')")
  assert.match(error.stack, /^ {4}at pay \(\x7f\/app\.js:2:8\)\n {4}at buy \(\x7f\/app\.js:5:3\)/)
  assert.ok(!error.stack.includes(server.origin))
  assert.deepEqual([error.handled, error.count, error.cut], [0, 1, null])
  assert.ok(error.first <= error.t)
})

test('what is no error', async (t) => {
  const { server, tab } = await open(t, { '/': page() })
  const strange = [
    ['42', null, 'Uncaught 42'],
    ['null', null, 'Uncaught null'],
    ['undefined', null, 'Uncaught undefined'],
    ['Symbol("s")', null, 'Uncaught Symbol(s)'],
    ['(() => { const a = { code: 7 }; a.self = a; return a })()', null, '{code,self}'],
    ['Object.create(null)', null, '{}'],
    ['{ message: "like an error" }', null, 'like an error'],
    ['Object.assign(new Error("m"), { name: { toString() { throw 1 } } })', null, 'm'],
    ['{ get message() { throw new Error("trap") } }', null, /^Uncaught/],
    ['new Proxy({}, { has() { throw 1 }, get() { throw 2 } })', null, /^Uncaught/],
    ['new DOMException("gone", "AbortError")', 'AbortError', 'gone'],
    ['Object.assign(new RangeError("r"), { stack: 42 })', 'RangeError', 'r'],
  ]
  for (const [text] of strange) await thrown(tab, text.startsWith('{') ? `(${text})` : text)
  // A getter that reports an error while we read one.
  await thrown(tab, '({ get message() { dispatchEvent(new ErrorEvent("error", { message: "within" })); return "without" } })')
  await leave(tab)
  const found = errors(await server.batch(1))
  assert.equal(found.length, strange.length + 1)
  strange.forEach(([text, name, message], at) => {
    assert.equal(found[at].name, name, text)
    if (message instanceof RegExp) assert.match(found[at].message, message, text)
    else assert.equal(found[at].message, message, text)
    assert.ok(found[at].stack === null || typeof found[at].stack === 'string', text)
  })
  assert.equal(found.at(-1).message, 'without')
})

test('rejections that nobody handles', async (t) => {
  const { server, tab } = await open(t, { '/': page() })
  for (const reason of ['new TypeError("late")', '"text"', 'undefined', '{ a: 1 }', 'Symbol("s")', 'Object.create(null)'])
    await tab.evaluate((reason) => void setTimeout(`Promise.reject(${reason})`), reason)
  await settle(tab)
  await leave(tab)
  const found = errors(await server.batch(1))
  assert.ok(found.every(({ source }) => source === 1))
  assert.deepEqual(found.map(({ name, message }) => [name, message]), [
    ['TypeError', 'late'],
    [null, 'text'],
    [null, 'undefined'],
    [null, '{a}'],
    [null, 'Symbol(s)'],
    [null, '{}'],
  ])
})

test('limits: what is cut is counted, and the page works', async (t) => {
  const { server, tab } = await open(t, { '/': page({ body: '<button onclick="this.textContent = \'works\'">x</button>' }) })
  await thrown(tab, 'new Error("m".repeat(1000000))')
  await thrown(tab, 'Object.assign(new Error("deep"), { stack: "s".repeat(5000) })')
  for (let n = 0; n < 60; n++) await thrown(tab, `Object.assign(new Error("more"), { stack: "at ${n}" })`)
  await tab.click('button')
  assert.equal(await tab.textContent('button'), 'works')
  await leave(tab)
  const batch = await server.until(() => server.batches.find((batch) => batch.of(Kind.Cut).length), 'cut')
  const found = server.batches.flatMap(errors)
  assert.equal(found[0].message, 'm'.repeat(1000))
  assert.equal(found[0].cut, 1_000_000 - 1000)
  assert.match(found[0].stack, /^ {4}at /, 'the frames are not lost behind the message')
  assert.deepEqual([found[1].stack.length, found[1].cut], [4000, 1000])
  assert.equal(found.length, 50)
  assert.equal(batch.named(Kind.Cut)[0].receipt[1], 12, 'refused ones are counted in the receipt')
})

test('equal errors are one record with a count', async (t) => {
  const { server, tab } = await open(t, { '/': page({ head: '<script>function fail() { throw new Error("again") }</script>' }) })
  const fail = (times) =>
    tab.evaluate((times) => new Promise((done) => { for (let n = 0; n < times; n++) setTimeout('fail()'); setTimeout(done) }), times)
  await fail(3)
  await setHidden(tab, true)
  const first = errors(await server.batch(1))
  await setHidden(tab, false)
  await fail(2)
  await setHidden(tab, true)
  const second = errors(await server.batch(2))
  await setHidden(tab, false)
  await setHidden(tab, true)
  const third = errors(await server.batch(3))
  assert.equal(first.at(-1).count, 3)
  assert.deepEqual(second.map(({ count, ordinal }) => [count, ordinal]), [[5, first[0].ordinal]])
  assert.equal(second[0].first, first[0].first)
  assert.ok(second[0].t > first[0].t)
  assert.deepEqual(third, [], 'not repeated while it does not grow')
})

test('errors from before the script are kept by the stub', async (t) => {
  const stub = readFileSync(join(dist, manifest.stub), 'utf8')
  assert.ok(Buffer.byteLength(stub) <= 300)
  let give
  const later = new Promise((resolve) => (give = resolve))
  const server = await serve({
    ...RAW,
    '/': page({
      head: `<script>${stub}</script><script>setTimeout(() => { throw new Error('early') })
        Promise.reject(new Error('early too'))
        setTimeout(() => setTimeout(() => { document.title = 'thrown' }))</script><link rel="stylesheet" href="/missing.css">`,
    }),
    '/rum.js': () => later.then(() => ({ body: readFileSync(join(dist, 'rum.js')), type: 'text/javascript' })),
  })
  t.after(server.close)
  const tab = await browser.newPage()
  t.after(() => tab.close())
  await tab.goto(server.origin, { waitUntil: 'commit' })
  await tab.waitForFunction(() => document.title === 'thrown' && window.wasmRum.length >= 2)
  give()
  await tab.waitForFunction(() => !Array.isArray(window.wasmRum))
  await thrown(tab, 'new Error("late")')
  await leave(tab)
  const batch = await server.batch(1)
  const found = errors(batch)
  assert.deepEqual(found.map(({ message, count }) => [message, count]).sort(), [['early too', 1], ['early', 1], ['late', 1], ['link', 1]])
  assert.ok(found.every(({ first, message }) => message === 'late' || first < batch.named(Kind.Cut)[0].receipt[0]), 'they have their own time')
})

test('where nothing can be recorded any more nothing is sent, and the page does not notice', async (t) => {
  const { server, tab } = await open(t, { '/': page(), '/api': () => ({ body: 'fine' }) })
  const complaints = []
  tab.on('pageerror', (error) => complaints.push(error.message))
  // Nothing can be recorded any more.
  const answer = await tab.evaluate(() => {
    JSON.stringify = () => {
      throw new Error('not ours')
    }
    return fetch('/api').then((response) => response.text())
  })
  assert.equal(answer, 'fine')
  await tab.click('h1')
  await leave(tab)
  await tab.goto(server.origin)
  await leave(tab)
  await server.batch(1)
  assert.equal(server.batches[0].of(Kind.Cut).length, 1, 'the only batch is of the second document')
  assert.equal(server.batches.length, 1)
  assert.deepEqual(complaints, [])
})

test('an event of the page that is called error', async (t) => {
  const { server, tab } = await open(t, { '/': page() })
  await tab.waitForFunction(() => window.wasmRum)
  await tab.evaluate(() => {
    for (const message of [{ a: 1 }, 7, Symbol('s'), { toString: () => null.x }])
      dispatchEvent(Object.assign(new Event('error'), { message }))
  })
  await thrown(tab, `Error('and a real one')`)
  await leave(tab)
  assert.ok(errors(await server.batch(1)).some(({ message }) => message === 'and a real one'))
})

test('a script that does not know its own element does nothing', async (t) => {
  const { server, tab } = await open(t, {
    '/': page({ tag: '' }),
    '/module': page({ tag: '<script type="module" src="/rum.js" data-app="demo"></script>' }),
    '/named': page({ head: '<img name="currentScript" src="data:,">' }),
  })
  const uncaught = []
  tab.on('pageerror', (error) => uncaught.push(error))
  for (const path of ['/module', '/named']) {
    await tab.goto(server.origin + path)
    assert.equal(await tab.evaluate(() => window.wasmRum), undefined, path)
  }
  assert.deepEqual(uncaught, [])
})
