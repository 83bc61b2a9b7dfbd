// Bodies on their way: what is tried again, and what is not.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { dist, Kind, launch, leave, manifest, noteWasm, page, secondChunk, serve, setHidden, wasmUp } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const refuse = () => ({ status: 503 })
const accept = () => ({ status: 204 })
const neverAnswer = () => undefined

const tagged = (attributes = '') => page({ tag: `<script async src="/rum.js" data-app="demo" ${attributes}></script>` })

/** The second chunk brings the queue; without its Wasm every batch is raw. `/plain` is a page without us. */
const site = async (t, attributes) => {
  const server = await serve({
    '/': tagged(attributes),
    '/plain': page({ tag: '' }),
    '/api': () => ({ body: '' }),
    [`/${manifest.wasm[0]}`]: () => ({ status: 404 }),
  })
  t.after(server.close)
  return server
}

/** A tab of a profile of its own. */
const newTab = async (t) => {
  const context = await browser.newContext()
  t.after(() => context.close())
  return context.newPage()
}

/** Goes to the site's page, and waits until the second chunk is there. */
const visit = async (server, tab) => {
  const refused = tab.waitForResponse(/\.wasm$/)
  await tab.goto(server.origin)
  await refused
}

const open = async (t, prepare = () => {}, attributes) => {
  const server = await site(t, attributes)
  const tab = await newTab(t)
  await tab.addInitScript(prepare)
  await visit(server, tab)
  return { server, tab }
}

/** What waits in the tab, as its next page will find it. */
const waiting = (tab) =>
  tab.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('wasm-rum demo ')).sort().map((key) => sessionStorage[key]))
/** Until nothing waits any more. */
const answered = (tab) => tab.waitForFunction(() => !Object.keys(sessionStorage).some((key) => key.startsWith('wasm-rum demo ')))

const collectors = new WeakMap()
/** The address of a collector of another origin. */
const elsewhere = async (t) => {
  const collector = await serve()
  t.after(collector.close)
  collectors.set(t, collector)
  return collector.origin
}

const idsOf = ({ batches }) => batches.map(({ id }) => id)

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

test('a body that was refused for now is sent again as it was, without another reason', async (t) => {
  const { server, tab } = await open(t)
  server.collector.answer = refuse
  await hide(server, tab, 1)
  server.collector.answer = accept
  const again = await server.batch(2)
  assert.equal(again.text, server.batches[0].text, 'the same bytes, so the same id')
  assert.ok(Math.abs(again.url.searchParams.get('s') - Date.now()) < 60_000, 'when it was sent, not when it was built')
  await answered(tab)
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
    const { now } = Performance.prototype
    performance.now = () => now.call(performance) + 3_601_000
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

/** A page whose second chunk is on its way until `arrive` is called, and whose Wasm never comes. */
const early = async (t, attributes) => {
  const glue = `/${manifest.glue[0]}`
  let arrive
  const arrived = new Promise((resolve) => (arrive = () => resolve({ body: readFileSync(join(dist, glue)), type: 'text/javascript' })))
  const server = await serve({
    '/': tagged(attributes),
    '/plain': page({ tag: '' }),
    [glue]: () => arrived,
    [`/${manifest.wasm[0]}`]: () => ({ status: 404 }),
  })
  t.after(server.close)
  const tab = await newTab(t)
  await tab.goto(server.origin)
  await tab.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0])
  return { server, tab, arrive }
}

test('before the second chunk a body is stored until its answer', async (t) => {
  const { server, tab } = await early(t)
  let storedBefore
  server.collector.answer = async () => {
    storedBefore = await waiting(tab)
    return { status: 204 }
  }
  await hide(server, tab, 1)
  assert.deepEqual(storedBefore, [server.batches[0].text])
  assert.deepEqual(await waiting(tab), [])
})

test('a page that is left at once: the next page of the tab sends what was refused, the same bytes', async (t) => {
  const { server, tab, arrive } = await early(t)
  server.collector.answer = refuse
  await tab.goto(`${server.origin}/plain`)
  const bounce = await server.batch(1)
  assert.equal(bounce.document[9], 1, 'not ready yet')
  assert.deepEqual(await waiting(tab), [bounce.text])
  server.collector.answer = accept
  arrive()
  await tab.goto(server.origin)
  assert.equal((await server.batch(2)).text, bounce.text)
  await answered(tab)
})

test('what is refused before the second chunk goes again once that is there', async (t) => {
  for (const session of ['tab', 'memory']) {
    const { server, tab, arrive } = await early(t, `data-session="${session}"`)
    server.collector.answer = refuse
    await hide(server, tab, 1)
    await hide(server, tab, 2)
    const bodies = server.batches.map(({ text }) => text)
    assert.deepEqual(await waiting(tab), session === 'tab' ? bodies : [])
    server.collector.answer = accept
    arrive()
    await server.batch(4)
    assert.deepEqual(server.batches.map(({ text }) => text), [...bodies, ...bodies])
  }
})

test('without a second chunk bodies wait up to 200 keys, and what has no room is counted, unless it arrives', async (t) => {
  const { server, tab, arrive } = await early(t)
  // With the session and 50 bodies there are more.
  await tab.evaluate(() => {
    for (let n = 0; n < 150; n++) sessionStorage[`own ${n}`] = n
  })
  server.collector.answer = refuse
  for (let n = 1; n <= 52; n++) await hide(server, tab, n)
  const bodies = server.batches.map(({ text }) => text)
  assert.deepEqual(await waiting(tab), [...bodies.slice(0, 50), '-', '-'])
  server.collector.answer = accept
  await hide(server, tab, 53)
  assert.deepEqual(await waiting(tab), [...bodies.slice(0, 50), '-', '-'])
  arrive()
  await server.batch(103)
  await setHidden(tab, true)
  const last = await server.until(() => server.batches.find(({ items }) => items.filter(([kind]) => kind === Kind.Cut).length === 54), 'last')
  assert.equal(last.named(Kind.Cut).at(-1).receipt[1], 2)
})

test('at most 100,000 characters wait, and what is given up is counted', async (t) => {
  const { server, tab } = await open(t)
  // The collector is gone: nothing listens at this address.
  await tab.route('**/v1/batches*', (route) => route.abort())
  for (let n = 0; n < 54; n++) {
    await setHidden(tab, true)
    await tab.evaluate(() => new Promise((done) => setTimeout(done, 20)))
    await setHidden(tab, false)
  }
  const bodies = await waiting(tab)
  assert.ok(bodies.length < 54 && bodies.join('').length > 90_000 && bodies.join('').length < 100_000)
  await tab.unroute('**/v1/batches*')
  await setHidden(tab, true)
  const last = await server.until(() => server.batches.find(({ items }) => items.filter(([kind]) => kind === Kind.Cut).length === 55), 'last')
  assert.equal(last.named(Kind.Cut).at(-1).receipt[1], 54 - bodies.length)
  // Those of the last hide may have taken the places of the oldest.
  await server.batch(bodies.length - 2)
  assert.equal(new Set(idsOf(server)).size, server.batches.length, 'each once')
})

test('records that go once are due before the page is left, when they are many', async (t) => {
  const { server, tab } = await open(t)
  await tab.evaluate(async () => {
    for (let n = 0; n < 40; n++) await fetch(`/api?${n}`, { headers: { x: 'y' } }).catch(() => {})
    for (let n = 0; n < 8; n++) setTimeout(() => { throw Object.assign(new Error('loud'), { stack: n + 's'.repeat(3000) }) })
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
  assert.ok((await server.batch(1)).of(Kind.Cut).length >= 1)
  assert.deepEqual(complaints, [])
})

test('a browser without keepalive uses sendBeacon when it is left, and hands a body over once', async (t) => {
  const { server, tab } = await open(t, () => delete Request.prototype.keepalive)
  await tab.goto(`${server.origin}/plain`)
  const batch = await server.batch(1)
  assert.equal(batch.headers['content-type'], 'text/plain;charset=UTF-8')
  assert.equal(batch.headers['sec-fetch-mode'], 'no-cors', 'a fetch of ours is cors')
  assert.equal(batch.of(Kind.Cut).length, 1)
  assert.deepEqual(await waiting(tab), [])
})

test('while the page is seen that browser hears the answers', async (t) => {
  const { server, tab } = await open(t, () => delete Request.prototype.keepalive)
  server.collector.answer = refuse
  await tab.evaluate(() => {
    for (let n = 0; n < 5; n++) reportError(Object.assign(new Error('loud'), { stack: n + 's'.repeat(4000) }))
  })
  const first = await server.batch(1)
  assert.equal(first.headers['sec-fetch-mode'], 'cors')
  server.collector.answer = accept
  assert.equal((await server.batch(2)).text, first.text)
})

test('a beacon that the browser refuses is for the next page', async (t) => {
  const { server, tab } = await open(t, () => {
    delete Request.prototype.keepalive
    Navigator.prototype.sendBeacon = () => false
  })
  await tab.goto(`${server.origin}/plain`)
  const [body] = await waiting(tab)
  await visit(server, tab)
  assert.equal((await server.batch(1)).text, body)
})

test('a large body is compressed while the page is seen, without a preflight', async (t) => {
  const { server, tab } = await open(t, () => {
    const native = window.fetch
    window.sent = []
    window.fetch = (url, options) => {
      if (options) window.sent.push([options.keepalive, Object.keys(sessionStorage).filter((key) => key.startsWith('wasm-rum demo ')).map((key) => sessionStorage[key])])
      return native(url, options)
    }
  }, `data-endpoint="${await elsewhere(t)}"`)
  await tab.evaluate(() => {
    for (let n = 0; n < 7; n++) reportError(Object.assign(new Error('loud'), { stack: n + '\u0800'.repeat(4000) }))
  })
  const collector = collectors.get(t)
  const batch = await collector.batch(1)
  const [[keepalive, line]] = await tab.evaluate(() => window.sent)
  assert.equal(batch.url.searchParams.get('z'), 'gzip')
  assert.equal(batch.text, line[0])
  assert.ok(Buffer.byteLength(batch.text) > 84_000)
  assert.ok(batch.bytes < 5_000, `${batch.bytes} bytes`)
  assert.equal(keepalive, true, 'what is on the wire fits the quota')
  assert.equal(batch.headers['content-type'], undefined)
  assert.equal(batch.headers['sec-fetch-mode'], 'cors')
  assert.notEqual(batch.headers.origin, batch.url.origin)
  assert.deepEqual(collector.requests.map(({ method }) => method), ['POST'])
  assert.equal(server.batches.length, 0)
  await answered(tab)
})

test('where streams cannot be compressed a body goes as it is', async (t) => {
  const { server, tab } = await open(t, () => delete window.CompressionStream)
  await tab.evaluate(() => {
    for (let n = 0; n < 5; n++) reportError(Object.assign(new Error('loud'), { stack: n + 's'.repeat(4000) }))
  })
  const batch = await server.batch(1)
  assert.equal(batch.url.searchParams.get('z'), null)
  assert.ok(batch.bytes > 16_384)
})

test('at hide nothing waits for a compression, and more than the keepalive quota goes without it', async (t) => {
  const { server, tab } = await open(t, () => {
    const native = window.fetch
    window.sent = []
    window.fetch = (url, options) => {
      if (options) window.sent.push(options.keepalive)
      return native(url, options)
    }
  })
  // Three bytes a character: the quota counts bytes. Hidden in the same task: they are due at once.
  await tab.evaluate(() => {
    for (let n = 0; n < 7; n++) reportError(Object.assign(new Error('loud'), { stack: n + '\u0800'.repeat(4000) }))
    Object.defineProperty(document, 'hidden', { value: true })
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
  })
  const batch = await server.batch(1)
  assert.ok(batch.text.length < 60_000 && batch.bytes > 84_000)
  assert.deepEqual([batch.url.searchParams.get('z'), await tab.evaluate(() => window.sent)], [null, [false]])
})

test('a page that is left without an answer: the next one in the tab sends the same bytes, the one after that does not', async (t) => {
  const { server, tab } = await open(t)
  server.collector.answer = neverAnswer
  await tab.goto(`${server.origin}/plain`)
  const first = await server.batch(1)
  assert.deepEqual(await waiting(tab), [first.text])
  server.collector.answer = accept
  await visit(server, tab)
  assert.equal((await server.batch(2)).text, first.text)
  await answered(tab)
  await hide(server, tab, 3)
  assert.equal(new Set(idsOf(server)).size, 2)
})

test('a tab that is killed: its next page sends what was not acknowledged', async (t) => {
  const { server, tab } = await open(t)
  server.collector.answer = neverAnswer
  await setHidden(tab, true)
  const first = await server.batch(1)
  const session = await tab.context().newCDPSession(tab)
  const crashed = tab.waitForEvent('crash')
  session.send('Page.crash').catch(() => {})
  await crashed
  server.collector.answer = accept
  // Playwright leaves a tab that has crashed alone.
  session.send('Page.navigate', { url: server.origin }).catch(() => {})
  assert.equal((await server.batch(2)).text, first.text)
})

test("session 'browser': another tab sends what one has left behind; 'tab' keeps it to itself", async (t) => {
  for (const [session, batches] of [['browser', 2], ['tab', 1]]) {
    const { server, tab } = await open(t, undefined, `data-session="${session}"`)
    server.collector.answer = refuse
    await setHidden(tab, true)
    const first = await server.batch(1)
    const other = await tab.context().newPage()
    await tab.close()
    server.collector.answer = accept
    await visit(server, other)
    if (session === 'tab') await hide(server, other, 2)
    else assert.equal((await server.batch(2)).text, first.text)
    assert.equal(idsOf(server).filter((id) => id === first.id).length, batches)
  }
})

test("session 'memory': nothing is stored, and the page itself tries again", async (t) => {
  const { server, tab } = await open(t, undefined, 'data-session="memory"')
  server.collector.answer = refuse
  await hide(server, tab, 1)
  assert.deepEqual(await tab.evaluate(() => Object.keys(localStorage).concat(Object.keys(sessionStorage)).filter((key) => key != 'wasm-rum')), [])
  server.collector.answer = accept
  assert.equal((await server.batch(2)).text, server.batches[0].text)
})

for (const [what, prepare] of [
  ['forbidden', () => Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError') } })],
  ['full', () => {
    const text = 'x'.repeat(1 << 20)
    let n = 0
    try {
      for (; ; n++) sessionStorage.setItem(`page ${n}`, text)
    } catch {}
    for (let size = text.length; size >= 1; size >>= 1)
      try {
        for (; ; n++) sessionStorage.setItem(`page ${n}`, 'x'.repeat(size))
      } catch {}
    window.pages = sessionStorage.length
  }],
])
  test(`a storage that is ${what}: the page itself tries again`, async (t) => {
    const { server, tab } = await open(t, prepare)
    const complaints = []
    tab.on('pageerror', (error) => complaints.push(error))
    server.collector.answer = refuse
    await hide(server, tab, 1)
    server.collector.answer = accept
    assert.equal((await server.batch(2)).text, server.batches[0].text)
    assert.deepEqual(complaints, [])
    if (what === 'full') assert.equal(await tab.evaluate(() => sessionStorage.length), await tab.evaluate(() => window.pages))
  })

test('a body of the day before yesterday is given up, and counted', async (t) => {
  const server = await site(t)
  const tab = await newTab(t)
  await tab.goto(`${server.origin}/plain`)
  await tab.evaluate(() => {
    for (const [id, hours] of [[1, 25], [2, 23]])
      sessionStorage[`wasm-rum demo ${id}`] = `[1,1,"000000000000000${id}",${Date.now() - hours * 36e5},[],[]]`
  })
  await visit(server, tab)
  const kept = await server.batch(1)
  assert.equal(kept.id, '0000000000000002')
  await setHidden(tab, true)
  const report = await server.batch(2)
  assert.equal(report.named(Kind.Cut)[0].receipt[1], 1)
})

test('another app of this origin has a queue of its own', async (t) => {
  const server = await site(t)
  const tab = await newTab(t)
  await tab.goto(`${server.origin}/plain`)
  await tab.evaluate(() => sessionStorage.setItem('wasm-rum other 1', `[1,1,"0000000000000001",${Date.now()},[],[]]`))
  await visit(server, tab)
  await hide(server, tab, 1)
  assert.notEqual(server.batches[0].id, '0000000000000001')
})

test('offline: what waits goes when the network is back', async (t) => {
  const { server, tab } = await open(t)
  await tab.context().setOffline(true)
  const failed = tab.waitForEvent('requestfailed')
  await setHidden(tab, true)
  await failed
  await setHidden(tab, false)
  const [body] = await waiting(tab)
  await tab.context().setOffline(false)
  assert.equal((await server.batch(1)).text, body)
})

test('a standard visit is one request of at most 1,300 bytes, without a preflight', async (t) => {
  const origin = await elsewhere(t)
  const collector = collectors.get(t)
  const server = await serve({
    '/': page({ tag: `<script async src="/rum.js" data-app="demo" data-endpoint="${origin}"></script>`, body: '<button id="buy">Buy</button>' }),
    '/api': () => ({ body: '' }),
  })
  t.after(server.close)
  const tab = await newTab(t)
  await noteWasm(tab.context())
  await tab.goto(server.origin)
  await wasmUp(tab)
  await tab.evaluate(async () => {
    buy.onclick = async () => {
      for (let n = 0; n < 3; n++) await fetch(`/api?${n}`)
      setTimeout(() => { throw new TypeError('basket is undefined') })
      setTimeout(() => (window.done = true))
    }
  })
  await tab.click('#buy')
  await tab.waitForFunction(() => window.done)
  await leave(tab)
  const batch = await collector.batch(1)
  assert.equal(batch.content, 0, 'computed')
  for (const [kind, count] of [[Kind.Request, 3], [Kind.Error, 1], [Kind.Action, 1], [Kind.View, 1]])
    assert.equal(batch.of(kind).length, count)
  assert.ok(batch.bytes <= 1_300, `${batch.bytes} bytes`)
  assert.deepEqual(collector.requests.filter(({ path }) => path === '/v1/batches').map(({ method }) => method), ['POST'])
})
