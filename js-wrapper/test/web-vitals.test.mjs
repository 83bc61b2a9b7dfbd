// `wasm-rum/web-vitals` and `wasm-rum/web-vitals/attribution` where a comparison of pages does not look: without Wasm, without a
// page, twice in one page, with callbacks that throw, and for as long as a page may live. web-vitals itself is the yardstick.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { dist, launch, serve, setHidden } from './harness.mjs'

const { resolve } = createRequire(import.meta.url)
const references = dirname(resolve('web-vitals'))
const script = (file) => () => ({ body: readFileSync(file), type: 'text/javascript' })

/** Each entry, and what it replaces. */
const ENTRIES = { 'web-vitals': 'web-vitals', 'web-vitals-attribution': 'web-vitals.attribution' }
const LIBRARIES = { 'the reference': '/web-vitals.attribution.js', 'the drop-in': '/npm/web-vitals-attribution.js' }

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><h1>A page</h1><button id="slow">slow</button>
  <script>slow.onclick = () => { for (const end = performance.now() + 120; performance.now() < end; ); }</script>`

let server, browser
before(async () => {
  server = await serve({
    '/': PAGE,
    '/world': `${PAGE}<script src="/world.js"></script>`,
    '/world.js': script(new URL('web-vitals/world.js', import.meta.url)),
    '/strict': () => ({ body: PAGE, type: 'text/html', headers: { 'Content-Security-Policy': "script-src 'self' 'unsafe-inline'" } }),
    ...Object.fromEntries(Object.values(ENTRIES).map((name) => [`/${name}.js`, script(join(references, `${name}.js`))])),
  })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.close()
})

/** A page, and what it complains about. */
const open = async (t, path, prepare) => {
  const context = await browser.newContext()
  t.after(() => context.close())
  if (prepare) await context.addInitScript(prepare)
  const page = await context.newPage()
  const complaints = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`))
  await page.goto(server.origin + path)
  return { page, complaints }
}

/** Loads a library into the page, and registers for every metric. Reports are in `window.reports`. */
const register = (page, path, options) =>
  page.evaluate(
    async ({ path, options }) => {
      const library = await import(path)
      window.reports ??= []
      for (const name of ['CLS', 'FCP', 'INP', 'LCP', 'TTFB']) library[`on${name}`](({ name, value }) => window.reports.push([name, value]), options)
    },
    { path, options },
  )

/** What has been reported once the page was clicked and hidden. */
const reportsOf = async (page) => {
  await page.waitForFunction(() => window.reports.some(([name]) => name === 'FCP') && window.reports.some(([name]) => name === 'TTFB'))
  await page.click('#slow')
  // Event Timing tells everyone in the order of their observers, the first input apart from the click; and everyone waits for an idle
  // moment, or a second.
  await page.evaluate(
    () =>
      new Promise((told) => {
        const awaited = new Set(['event', 'first-input'])
        const observer = new PerformanceObserver((list) => {
          for (const { entryType, name, interactionId } of list.getEntries())
            if (entryType === 'first-input' || (name === 'click' && interactionId)) awaited.delete(entryType)
          if (!awaited.size) requestIdleCallback(() => told(), { timeout: 1000 })
        })
        for (const type of awaited) observer.observe({ type, buffered: true })
      }),
  )
  await setHidden(page, true)
  return page.evaluate(() => window.reports)
}

for (const entry of Object.keys(ENTRIES)) {
  for (const [what, path, prepare] of [
    ['a policy that refuses Wasm', '/strict', undefined],
    ['a browser without Wasm', '/', () => delete globalThis.WebAssembly],
  ])
    test(`${entry}: ${what} is said once, and nothing else happens`, async (t) => {
      const { page, complaints } = await open(t, path, prepare)
      await register(page, `/npm/${entry}.js`)
      await register(page, `/npm/${entry}.js`)
      await register(page, `/${ENTRIES[entry]}.js`)
      const reports = await reportsOf(page)
      assert.deepEqual(reports.map(([name]) => name).sort(), ['CLS', 'FCP', 'INP', 'LCP', 'TTFB'], 'only those of web-vitals, which does without')
      assert.equal(complaints.length, 1, complaints.join('\n'))
      assert.match(complaints[0], /^wasm-rum\/web-vitals .*'wasm-unsafe-eval'/)
    })

  test(`${entry}: can be imported without a page, and exports what web-vitals does`, async () => {
    const [own, reference] = await Promise.all([import(join(dist, `npm/${entry}.js`)), import(join(references, `${ENTRIES[entry]}.js`))])
    const shown = (library) => Object.entries(library).map(([name, value]) => [name, typeof value === 'function' ? 'function' : value])
    assert.deepEqual(shown(own).sort(), shown(reference).sort())
  })

  test(`${entry}: two copies in one page do not disturb each other`, async (t) => {
    const { page, complaints } = await open(t, '/')
    for (const copy of [1, 2]) await register(page, `/npm/${entry}.js?copy=${copy}`)
    const reports = await reportsOf(page)
    for (const name of ['CLS', 'FCP', 'INP', 'LCP', 'TTFB']) {
      const values = reports.filter(([of]) => of === name).map(([, value]) => value)
      assert.equal(values.length, 2, name)
      assert.equal(values[0], values[1], name)
    }
    assert.deepEqual(complaints, [])
  })

  test(`${entry}: is printable ASCII, which every tool passes on as it is`, () => {
    assert.match(readFileSync(join(dist, `npm/${entry}.js`), 'utf8'), /^[\n -~]*$/)
  })
}

test('two calls of onINP have thresholds of their own', async (t) => {
  const { page } = await open(t, '/')
  const calls = await page.evaluate(async (libraries) => {
    const calls = {}
    for (const [name, path] of Object.entries(libraries)) {
      const { onINP } = await import(path)
      calls[name] = []
      for (const durationThreshold of [16, 1000])
        onINP(({ value, entries }) => calls[name].push([durationThreshold, value, entries.map(({ name }) => name)]), { durationThreshold })
    }
    window.calls = calls
    window.reports = []
    const { onFCP, onTTFB } = await import(libraries['the reference'])
    for (const on of [onFCP, onTTFB]) on(({ name, value }) => window.reports.push([name, value]))
    return true
  }, LIBRARIES)
  assert.ok(calls)
  await reportsOf(page)
  const { 'the reference': expected, 'the drop-in': actual } = await page.evaluate(() => window.calls)
  assert.equal(expected.length, 2, 'the first input is reported whatever the threshold')
  assert.deepEqual(actual, expected)
})

test('what the page’s callbacks throw goes where it would with web-vitals', async (t) => {
  const outcomes = {}
  for (const [name, path] of Object.entries(LIBRARIES)) {
    const { page, complaints } = await open(t, '/world')
    const calls = await page.evaluate(async (path) => {
      const { world } = window
      const library = await import(path)
      const calls = []
      for (const copy of ['first', 'second'])
        for (const metric of ['CLS', 'INP', 'LCP', 'FCP'])
          library[`on${metric}`](
            ({ value }) => {
              calls.push([copy, metric, value])
              if (copy === 'first') throw new Error(`${metric} ${value}`)
            },
            { reportAllChanges: metric !== 'INP' },
          )
      const attempt = (take) => {
        try {
          take()
        } catch (error) {
          calls.push(['thrown to the browser', error.message])
        }
      }
      const deliver = (entry) => world.deliver([{ name: '', duration: 0, startTime: world.now, ...entry }])
      for (let round = 0; round < 2; round++) {
        await deliver({ entryType: 'paint', name: 'first-contentful-paint' })
        attempt(() => world.run())
        await deliver({ entryType: 'layout-shift', value: 0.1 + round, sources: [] })
        await deliver({ entryType: 'largest-contentful-paint', element: document.body })
        await deliver({ entryType: 'event', interactionId: 7, duration: 80 * (1 + round), processingStart: world.now, processingEnd: world.now })
        attempt(() => world.run())
        attempt(() => world.hide(true))
        attempt(() => world.hide(false))
        world.now += 5000
      }
      return calls
    }, path)
    await page.close()
    outcomes[name] = { calls, thrown: complaints }
  }
  assert.ok(outcomes['the reference'].thrown.length > 2, 'something was thrown')
  assert.deepEqual(outcomes['the drop-in'], outcomes['the reference'])
})

test('options that two calls share are no state that they share', async (t) => {
  const { page } = await open(t, '/world')
  const scores = await page.evaluate(async () => {
    const scores = {}
    for (const [name, path] of Object.entries({ 'the reference': '/web-vitals.js', 'the drop-in': '/npm/web-vitals.js' })) {
      const { onCLS } = await import(path)
      const options = {}
      for (let call = 0; call < 2; call++) onCLS(({ value }) => (scores[name] = value), options)
    }
    await window.world.deliver([{ entryType: 'paint', name: 'first-contentful-paint', startTime: 1, duration: 0 }])
    await window.world.deliver([{ entryType: 'layout-shift', name: '', startTime: 2, duration: 0, value: 0.25, sources: [] }])
    window.world.hide(true)
    return scores
  })
  // Of the reference it is a mistake. When it is mended there, this and docs/web-vitals.md have one difference less.
  assert.deepEqual(scores, { 'the reference': 0.5, 'the drop-in': 0.25 })
})

test('a frame that rendered nothing has no style and layout', async (t) => {
  const { page } = await open(t, '/world')
  const totals = await page.evaluate(async (libraries) => {
    const totals = {}
    for (const [name, path] of Object.entries(libraries)) {
      const { onINP } = await import(path)
      onINP(({ attribution }) => (totals[name] = attribution.totalStyleAndLayoutDuration))
    }
    const { world } = window
    await world.deliver([{ entryType: 'long-animation-frame', name: '', startTime: 1000, duration: 80, styleAndLayoutStart: 0, scripts: [] }])
    await world.deliver([{ entryType: 'event', name: 'click', interactionId: 7, startTime: 1010, duration: 80, processingStart: 1020, processingEnd: 1070 }])
    world.run()
    world.hide(true)
    return totals
  }, LIBRARIES)
  // From the time origin to the frame's end is no duration of a click's.
  assert.deepEqual(totals, { 'the reference': 1080, 'the drop-in': 0 })
})

test('entries that can be no part of a report any more are let go', async (t) => {
  const { page } = await open(t, '/world')
  const client = await page.context().newCDPSession(page)
  await page.evaluate(async () => {
    const { onCLS, onINP, onLCP } = await import('/npm/web-vitals-attribution.js')
    for (const on of [onCLS, onINP, onLCP]) on(() => {}, { reportAllChanges: true, includeProcessedEventEntries: true })
    const { world } = window
    await world.deliver([{ entryType: 'paint', name: 'first-contentful-paint', startTime: 1, duration: 0 }])
    world.run()
    window.held = []
    const entry = (fields) => {
      const made = { name: 'click', duration: 0, startTime: world.now, ...fields }
      window.held.push(new WeakRef(made))
      return made
    }
    for (let n = 1; n <= 10_000; n++) {
      world.now += 100
      performance.interactionCount = n
      const { now } = world
      await world.deliver([
        entry({ entryType: 'long-animation-frame', duration: 60, styleAndLayoutStart: now + 50, scripts: [] }),
        entry({ entryType: 'event', interactionId: 7 * n, duration: 48 + 8 * (n % 40), processingStart: now, processingEnd: now + 10, target: document.body }),
        entry({ entryType: 'event', interactionId: 0, duration: 48, processingStart: now, processingEnd: now + 10 }),
        entry({ entryType: 'layout-shift', value: 0.0001, sources: [{ node: document.body }] }),
        entry({ entryType: 'largest-contentful-paint', element: document.body, url: 'http://x/a.png' }),
        entry({ entryType: 'resource', name: 'http://x/a.png', requestStart: now, responseEnd: now }),
      ])
      if (n % 10 === 0) world.run()
    }
    world.run()
  })
  await client.send('HeapProfiler.collectGarbage')
  const alive = await page.evaluate(() => {
    const entries = window.held.map((entry) => entry.deref()).filter(Boolean)
    return Object.groupBy(entries, ({ entryType }) => entryType)
  })
  const counts = Object.fromEntries(Object.entries(alive).map(([type, entries]) => [type, entries.length]))
  // 10 interactions and the 10 latest frames, each with two entries; the long frames of these, of which a frame of 360 ms
  // meets four; the window of 5 s at 10 a second that is the value, and the latest one; the default buffer of resources.
  const most = { event: 40, 'long-animation-frame': 80, 'layout-shift': 100, 'largest-contentful-paint': 2, resource: 51 }
  for (const [type, count] of Object.entries(counts)) assert.ok(count <= most[type], `${count} of ${type} are held: ${JSON.stringify(counts)}`)
  assert.ok(counts.event >= 10 && counts.resource >= 50, `what is needed is still there: ${JSON.stringify(counts)}`)
})
