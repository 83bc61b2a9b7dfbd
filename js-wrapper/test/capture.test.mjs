// What the capture script records on real pages, seen from the collector: raw batches, where its records are as they are.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Kind, launch, launchAlone, leave, manifest, page, secondChunk, serve, setHidden, WITHOUT_WASM } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

/** Without the second chunk everything is raw. */
const RAW = { [`/${manifest.glue[0]}`]: () => ({ status: 404 }) }

/** A page of its own context, on a server of its own. */
const open = async (t, routes, path = '/') => {
  const server = await serve({ ...RAW, ...routes })
  t.after(server.close)
  const context = await browser.newContext()
  t.after(() => context.close())
  const tab = await context.newPage()
  const complaints = []
  tab.on('pageerror', (error) => complaints.push(error))
  await tab.goto(server.origin + path)
  return { server, tab, context, complaints }
}

test('a page view in one raw batch', async (t) => {
  const { server, tab } = await open(t, {
    '/shop/home': page({ body: '<h1 id="title">Lamps</h1><button class="b a" id="">Buy  it</button>' }),
    '/api/cart': () => ({ body: '{}', type: 'application/json' }),
  }, '/shop/home?secret=1#also')
  await tab.click('button')
  await tab.evaluate(() => fetch('/api/cart?token=1', { method: 'put', body: 'x' }))
  await leave(tab)
  const batch = await server.batch(1)

  assert.equal(batch.headers['content-type'], 'text/plain;charset=UTF-8')
  assert.equal(batch.url.searchParams.get('k'), 'demo')
  assert.ok(Math.abs(Number(batch.url.searchParams.get('s')) - Date.now()) < 60_000)
  assert.deepEqual([batch.version, batch.content], [1, 1])
  assert.match(batch.id, /^[\da-f]{16}$/)
  assert.ok(Math.abs(batch.sentAt - Date.now()) < 60_000)

  const [timeOrigin, origin, sdk, release, environment, rate, connection, width, height, rawReason] = batch.document
  assert.ok(Number.isInteger(timeOrigin) && Math.abs(timeOrigin - Date.now()) < 60_000)
  assert.equal(origin, server.origin)
  assert.match(sdk, /^\d+\.\d+\.\d+$/)
  assert.deepEqual([release, environment, rate, width, height], ['r1', 'test', null, null, null])
  assert.ok(connection === null || typeof connection === 'string')
  assert.ok([1, 2].includes(rawReason))

  const [view] = batch.of(Kind.View)
  const [, ordinal, t0, viewId, sessionId, kind, path, referrer, parent] = view
  assert.deepEqual([ordinal, t0, kind, path, referrer, parent ?? null], [view[1], 0, 0, '/shop/home', '', null])
  for (const id of [viewId, sessionId]) {
    assert.match(id, /^[\da-f]{16}$/)
    assert.ok(Math.abs(parseInt(id.slice(0, 8), 16) - Date.now() / 1000) < 60)
  }
  assert.equal(batch.items[0], view, 'the view comes first: the core places records in it')

  const ordinals = batch.items.map((item) => item[1])
  assert.equal(new Set(ordinals).size, ordinals.length, 'an ordinal names one record')
  assert.ok(batch.items.every((item) => item.slice(1, 3).every(Number.isInteger)))

  const [navigation] = batch.named(Kind.Navigation)
  assert.equal(navigation.kind, 0)
  assert.ok(navigation.response_start > 0)
  const { fetch_start, request_start, response_start, response_end, dom_interactive } = navigation
  const moments = [fetch_start, request_start, response_start, response_end, dom_interactive]
  assert.ok(moments.every((moment) => moment > 0))
  assert.deepEqual(moments.toSorted((a, b) => a - b), moments)
  assert.equal(navigation.load, null, 'what comes later is told by the second chunk')

  assert.equal(batch.of(Kind.Paint).length, 1)
  assert.deepEqual(batch.of(Kind.LargestPaint).at(-1).slice(3), ['#title', null])
  assert.equal(batch.of(Kind.Input).length, 1)
  assert.deepEqual(batch.of(Kind.Action).map((action) => action.slice(4)), [[0, 'Buy it', 'html>body>button.a.b']])
  const [request] = batch.named(Kind.Request)
  const { initiator, method, url, status, outcome, start, duration } = request
  assert.deepEqual([initiator, method, url, status, outcome], [0, 'PUT', '/api/cart', 200, 0])
  assert.ok(start > 0 && duration > 0 && start + duration <= request.t + 1)

  const [cut] = batch.named(Kind.Cut)
  assert.equal(cut.reason, 0)
  assert.ok(cut.interaction_count >= 1)
  const [attached, lost, dropped] = cut.receipt
  assert.ok(attached > 0)
  assert.deepEqual([lost, dropped], [null, []])
  assert.equal(batch.of(Kind.Visibility).at(-1)[3], 1)
})

test('a page that is left before it has loaded', async (t) => {
  let arrived
  const shown = new Promise((resolve) => (arrived = resolve))
  const server = await serve({
    '/': page({ body: '<h1>Soon</h1><img src="/never.png">' }),
    '/never.png': () => (arrived(), undefined),
  })
  t.after(server.close)
  const tab = await browser.newPage()
  t.after(() => tab.close())
  await tab.goto(server.origin, { waitUntil: 'commit' })
  await shown
  await tab.waitForFunction(() => window.wasmRum && performance.getEntriesByName('first-contentful-paint').length)
  await leave(tab)
  const batch = await server.batch(1)
  assert.equal(batch.document[9], 1, 'the Wasm was not ready')
  const [navigation] = batch.named(Kind.Navigation)
  assert.ok(navigation.response_start > 0, 'it has a first byte all the same')
  assert.equal(navigation.load, null)
  assert.equal(batch.of(Kind.Paint).length, 1)
  assert.equal(server.requests.filter(({ path }) => path.endsWith('.wasm')).length, 0)
})

test('what cannot be gathered when a page is left does not keep the rest from being sent', async (t) => {
  const { server, tab, complaints } = await open(t, { '/': page() })
  await tab.evaluate(() => new Promise((done) => setTimeout(done, 100)))
  await tab.evaluate(() => {
    performance.getEntriesByType = () => { throw new Error('the page has its own') }
  })
  await leave(tab)
  const batch = await server.batch(1)
  assert.deepEqual([batch.of(Kind.View).length, batch.of(Kind.Navigation).length, batch.of(Kind.Cut).length], [1, 0, 1])
  assert.deepEqual(complaints, [])
})

test('hidden, seen again, hidden: vitals are repeated, the rest is sent once', async (t) => {
  const { server, tab } = await open(t, { '/': page(), '/api': () => ({ body: '' }) })
  await tab.evaluate(() => fetch('/api'))
  await setHidden(tab, true)
  const first = await server.batch(1)
  await setHidden(tab, false)
  await tab.evaluate(() => fetch('/api?again'))
  await setHidden(tab, true)
  const second = await server.batch(2)

  assert.notEqual(first.id, second.id)
  // But for why it is raw: the second chunk may have been refused in between.
  assert.deepEqual(second.document.slice(0, 9), first.document.slice(0, 9))
  const kept = first.items.filter(([kind]) => kind < 64)
  assert.deepEqual(second.items.slice(0, kept.length), kept)
  assert.deepEqual(second.of(Kind.Visibility).map((item) => item[3]), [1, 0, 1])
  assert.equal(second.of(Kind.Cut).length, 2)
  assert.equal(first.of(Kind.Request).length, 1)
  assert.equal(second.of(Kind.Request).length, 1)
  assert.notEqual(first.of(Kind.Request)[0][1], second.of(Kind.Request)[0][1])
})

/** Waits until the page has been painted and its load event is over: what comes later would be news. */
const settled = (tab) =>
  tab.evaluate(
    () =>
      new Promise((done) => {
        const observer = new PerformanceObserver(() => requestAnimationFrame(() => setTimeout(done)))
        observer.observe({ type: 'largest-contentful-paint', buffered: true })
      }),
  )

test('leaving a page that was hidden already sends nothing twice', async (t) => {
  const { server, tab } = await open(t, { '/': page() })
  await settled(tab)
  await setHidden(tab, true)
  await server.batch(1)
  await leave(tab)
  await tab.goto(server.origin)
  await leave(tab)
  await server.batch(2)
  assert.equal(server.batches.length, 2)
  assert.equal(server.batches[1].of(Kind.Cut).length, 1, 'the second batch is the second document')
})

test('the back/forward cache', async (t) => {
  const { server, tab } = await open(t, { ...WITHOUT_WASM, '/': page(), '/two': '<!doctype html><p>two' })
  await secondChunk(server)
  // A body on its way must not keep the page out of the cache.
  server.collector.answer = () => undefined
  await tab.evaluate(() =>
    addEventListener('pageshow', () =>
      requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => (window.paintedAgain = true)))),
    ),
  )
  await tab.goto(`${server.origin}/two`)
  await tab.goBack({ waitUntil: 'commit' })
  await tab.waitForFunction(() => window.paintedAgain)
  await leave(tab)
  const batch = await server.batch(2)
  const [load, restored] = batch.of(Kind.View)
  assert.equal(restored[5], 1)
  assert.equal(restored[8], load[3], 'its parent is the view that went into the cache')
  assert.notEqual(restored[3], load[3])
  const [restore] = batch.of(Kind.Restore)
  assert.equal(restore[2], restored[2])
  assert.ok(restore[3] > 0)
  assert.deepEqual(batch.of(Kind.Cut).map((cut) => cut[3]), [0, 0], 'its time in the cache is not its')
  assert.ok(batch.items.findIndex(([kind, , , hidden]) => kind === Kind.Visibility && hidden === 0) > batch.items.indexOf(restored))
})

test('a prerendered page is silent until it is seen', async (t) => {
  const rules = JSON.stringify({ prerender: [{ source: 'list', urls: ['/next'], eagerness: 'immediate' }] })
  // Each page does its part by itself, for nobody drives this browser.
  const first = `<script type="speculationrules">${rules}</script>
    <script>fetch('/when-ready').then(() => (location.href = '/next'))</script>`
  const next = `<script>
    const states = ['began ' + document.prerendering]
    addEventListener('load', () => {
      // Nothing of ours has anything left to do when the page is idle.
      setTimeout(() => requestIdleCallback(() => requestIdleCallback(() => {
        window.wasmRum.push((rum) => rum.startView('too early'))
        if (sessionStorage.length) states.push('stored true')
        fetch('/ready')
      })))
      throw new Error('before activation')
    })
    document.addEventListener('prerenderingchange', () =>
      requestAnimationFrame(() =>
        requestAnimationFrame(async () => {
          await fetch('/states', { method: 'POST', body: states })
          location.href = '/end'
        }),
      ),
    )
  </script>`
  let ready
  let askedBefore
  const isReady = new Promise((resolve) => (ready = () => (resolve({}), {})))
  let states
  let sentBefore
  const server = await serve({
    ...RAW,
    '/': page({ tag: '', head: first }),
    '/next': page({ head: next }),
    '/when-ready': () => isReady,
    '/ready': () => {
      askedBefore = server.requests.map(({ path }) => path)
      return ready()
    },
    '/states': (text) => {
      states = text.split(',')
      sentBefore = server.batches.length
      return {}
    },
    '/end': '<!doctype html>',
  })
  t.after(server.close)
  t.after(launchAlone(server.origin))
  const batch = await server.batch(1)

  assert.equal(states[0], 'began true', 'it was prerendered')
  assert.deepEqual(states.filter((state) => state === 'stored true'), [])
  assert.equal(sentBefore, 0)
  assert.ok(askedBefore.includes('/rum.js'))
  assert.ok(!askedBefore.includes(`/${manifest.glue[0]}`), 'nor does the second chunk come')
  const [view] = batch.of(Kind.View)
  assert.equal(view[5], 2, 'prerendered')
  assert.ok(view[2] > 0, 'it starts at its activation')
  assert.equal(batch.named(Kind.Navigation)[0].activation, view[2])
  assert.equal(batch.items[0], view)
  assert.equal(batch.of(Kind.View).length, 1, 'there was no view to end yet')
  assert.equal(batch.named(Kind.Error)[0].message, 'before activation')
  assert.ok(batch.of(Kind.Request).some((request) => request[6] === '/ready'))
  assert.deepEqual(batch.of(Kind.Visibility).map((item) => item[3]), [1], 'hidden while it was prerendered is not hidden')
})

test('loaded twice, it is one', async (t) => {
  const tag = '<script async src="/rum.js" data-app="demo"></script>'
  const { server, tab } = await open(t, { '/': page({ tag: tag + tag }), '/api': () => ({ body: '' }) })
  await tab.evaluate(() => fetch('/api'))
  await leave(tab)
  const batch = await server.batch(1)
  await tab.goto(server.origin)
  await leave(tab)
  await server.batch(2)
  assert.equal(server.batches.length, 2)
  assert.equal(batch.of(Kind.View).length, 1)
  assert.equal(batch.of(Kind.Request).length, 1)
})

test('where storage is forbidden the page is measured all the same', async (t) => {
  const { server, tab, complaints } = await open(t, {
    '/': () => ({ body: page(), type: 'text/html', headers: { 'Content-Security-Policy': 'sandbox allow-scripts' } }),
  })
  assert.equal(await tab.evaluate(() => { try { return !sessionStorage } catch { return 'forbidden' } }), 'forbidden')
  await leave(tab)
  const batch = await server.batch(1)
  assert.equal(batch.headers.origin, 'null')
  assert.match(batch.of(Kind.View)[0][4], /^[\da-f]{16}$/)
  assert.deepEqual(complaints, [])
})

test('a session goes on in the next document, and is over after 30 minutes', async (t) => {
  const { server, tab } = await open(t, { ...WITHOUT_WASM, '/': page() })
  await leave(tab)
  await server.batch(1)
  await tab.goto(server.origin)
  await leave(tab)
  await server.batch(2)
  await tab.goto(server.origin)
  // Half an hour is another clock away. The second chunk looks at it, this document's.
  await tab.waitForFunction(() => window.wasmRum?.track)
  await tab.evaluate(() => {
    const now = Date.now
    Date.now = () => now() + 31 * 60_000
  })
  await setHidden(tab, true)
  await setHidden(tab, false)
  await leave(tab)
  const [first, second] = [await server.batch(1), await server.batch(2)]
  const session = (batch) => batch.of(Kind.View).map((view) => view[4])
  assert.deepEqual(session(second), session(first))
  // The one that tells of both views; before it may come what the second chunk found unsent.
  let both = []
  for (let number = 3; both.length < 2; number++) both = (await server.batch(number)).of(Kind.View)
  const [before, after] = both
  assert.equal(before[4], session(first)[0])
  assert.notEqual(after[4], before[4])
  assert.equal(after[5], 6, 'resumed')
  assert.equal(after[8], before[3])
})

test('what a page says while it is left is told: by the visibilitychange that follows', async (t) => {
  const { server, tab } = await open(t, {
    ...WITHOUT_WASM,
    '/': page({ head: `<script>addEventListener('pagehide', () => { reportError(new RangeError('farewell')) })</script>` }),
  })
  await leave(tab)
  let errors = []
  for (let number = 1; !errors.length; number++) errors = (await server.batch(number)).of(Kind.Error)
  assert.deepEqual(errors.map((error) => error[6]), ['farewell'])
})

test('layout shifts name the first element among their sources', async (t) => {
  const { server, tab } = await open(t, {
    '/': page({ body: '<div id="a"></div><p id="first">one</p><div style="height:50px"></div><p id="second">two</p>' }),
  })
  const shift = (height) =>
    tab.evaluate(
      (height) =>
        new Promise((shifted) => {
          new PerformanceObserver(shifted).observe({ type: 'layout-shift' })
          document.querySelector('#a').style.height = `${height}px`
        }).then(() => undefined),
      height,
    )
  await shift(100)
  await shift(500)
  await shift(520)
  await leave(tab)
  const [watching, ...shifts] = (await server.batch(1)).of(Kind.Shift)
  assert.deepEqual(watching.slice(2), [0, 0, 1], 'the browser would tell of shifts')
  assert.equal(shifts.length, 3)
  assert.ok(shifts[1][3] > shifts[0][3] && shifts[1][3] > shifts[2][3], 'millionths')
  assert.deepEqual(shifts.map((shift) => shift[5]), ['html>body', '#first', '#first'])
})

test('an interaction keeps the name of what it removed', async (t) => {
  const slow = 'const end = performance.now() + 60; while (performance.now() < end); this.remove()'
  const { server, tab } = await open(t, { ...WITHOUT_WASM, '/': page({ body: `<button id="gone" onclick="${slow}">x</button>` }) })
  await secondChunk(server)
  await tab.evaluate(() => {
    const observer = new PerformanceObserver((list) => (window.slowSeen ||= list.getEntriesByName('click').length))
    observer.observe({ type: 'event', durationThreshold: 16 })
  })
  await tab.click('#gone')
  await tab.waitForFunction(() => window.slowSeen)
  await leave(tab)
  // Events that are no interaction are there for the frame's sake.
  const interactions = (await server.batch(1)).of(Kind.Interaction).filter((entry) => entry[6] > 0)
  // Its pointerup began a little earlier, and may have the longer entry.
  const slowest = interactions.sort((a, b) => b[3] - a[3])[0]
  assert.ok(slowest[3] >= 56_000, `${slowest[3]} µs`)
  assert.equal(slowest[8], '#gone')
})

test('what people type never leaves the page', async (t) => {
  const { server, tab } = await open(t, {
    '/': page({
      body: `<form onsubmit="event.preventDefault()"><label>Card <textarea>a fortune</textarea></label>
        <input id="n" value="forty winks"><div contenteditable>secret diary</div><input type="submit" value="Pay 12"></form>`,
    }),
  })
  // The browser clicks what it is the label of, too.
  await tab.click('label')
  await tab.click('#n')
  await tab.fill('#n', 'ninety')
  await tab.click('[contenteditable]')
  await tab.click('[type=submit]')
  await leave(tab)
  const batch = await server.batch(1)
  assert.deepEqual(batch.of(Kind.Action).map((action) => [action[4], action[5]]), [[0, null], [0, null], [0, null], [0, null], [0, null], [1, null]])
  // Words: four digits are somewhere in the times now and then.
  for (const typed of ['forty', 'ninety', 'diary', 'fortune', 'Pay']) assert.ok(!batch.text.includes(typed), typed)
})
