// What vitals are explained by: targets, the frames of interactions, resources behind paints.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { dist, Kind, launch, leave, page, secondChunk, serve, setHidden, WITHOUT_WASM } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const open = async (t, routes, prepare = () => {}, waitUntil = 'load') => {
  const server = await serve({ ...WITHOUT_WASM, ...routes })
  t.after(server.close)
  const context = await browser.newContext()
  t.after(() => context.close())
  await prepare(context)
  const tab = await context.newPage()
  await tab.goto(server.origin, { waitUntil })
  return { server, tab }
}

/** Collects the page's own entries of `type` in `window.entries[type]`. */
const collect = (tab, type) =>
  tab.evaluate(
    (type) =>
      new PerformanceObserver((list) => ((window.entries ||= {})[type] ||= []).push(...list.getEntries())).observe({
        type,
        buffered: true,
        durationThreshold: 16,
      }),
    type,
  )

/** Microseconds, as the wire has them. */
const micros = (ms) => Math.round(ms * 1000)

/** A module of ours or of the reference library, as a script that defines `name`. */
const script = async (path, name) => {
  const { outputFiles } = await build({ entryPoints: [path], bundle: true, write: false, format: 'iife', globalName: name })
  return outputFiles[0].text
}

test('selectors are those of the reference library', async (t) => {
  const here = dirname(fileURLToPath(import.meta.url))
  const { tab } = await open(t, {
    '/': page({
      tag: '',
      body: `<main class="z a  m"><p class="b">text <b>bold</b></p>
        <svg class="icon"><linearGradient></linearGradient><foreignObject><i></i></foreignObject></svg>
        <div id="own id"><section><u></u></section></div><a class="${'long '.repeat(3)}${'very-long-class-name '.repeat(8)}"><em></em></a>
        <article class="${'x'.repeat(60)}"><div class="${'y'.repeat(60)}"><s></s></div></article></main><div id="host"></div>
        <form id="f"><input name="id"></form><form><input name="id"><input name="classList"><input name="nodeName"></form>`,
    }),
  })
  await tab.addScriptTag({ content: await script(join(here, '../src/capture/selector.ts'), 'ours') })
  await tab.addScriptTag({ content: await script(join(here, '../../node_modules/web-vitals/src/lib/getSelector.ts'), 'theirs') })
  const { same, forms } = await tab.evaluate(() => {
    const root = document.querySelector('#host').attachShadow({ mode: 'open' })
    root.innerHTML = '<q class="r"><k></k></q>'
    const nodes = [...document.querySelectorAll('main, main *'), ...root.querySelectorAll('*'), root]
    nodes.push(document.querySelector('p').firstChild, document.createElement('hr'), document, null)
    // What a page has moved away, such as into a window of its own, has another document.
    const { contentDocument } = document.body.appendChild(document.createElement('iframe'))
    nodes.push(contentDocument.body.appendChild(contentDocument.createElement('b')))
    const forms = [...document.querySelectorAll('form')]
    return {
      same: nodes.map((node) => [ours.selector(node) ?? '', theirs.getSelector(node)]),
      forms: forms.map((form) => ours.selector(form)),
    }
  })
  assert.ok(same.length > 15)
  for (const [ours, theirs] of same) assert.equal(ours, theirs)
  const texts = same.map(([ours]) => ours)
  for (const one of ['#own id>section>u', 'DOCUMENT-FRAGMENT>q.r>k', 'html>body>main.a.m.z>p.b>TEXT']) assert.ok(texts.includes(one), `${one} in ${texts}`)
  assert.deepEqual(forms, ['#f', null], 'a form that has an input named "id" has its own id; one that cannot be read has none')
})

test('the processing of an interaction is that of its whole frame', async (t) => {
  const busy = (ms) => `{ const end = performance.now() + ${ms}; while (performance.now() < end); }`
  const { server, tab } = await open(t, {
    '/': page({ body: `<button onmousedown="${busy(50)}" onpointerup="${busy(20)}" onmouseup="${busy(50)}" onclick="${busy(60)}">x</button>` }),
  })
  await tab.waitForFunction(() => window.wasmRum)
  await collect(tab, 'event')
  await tab.click('button')
  await tab.waitForFunction(() => window.entries?.event?.some(({ name }) => name === 'click'))
  const expected = await tab.evaluate(() => {
    const entries = window.entries.event.filter(({ duration }) => duration >= 40)
    const [longest] = entries.filter(({ interactionId }) => interactionId).sort((a, b) => b.duration - a.duration)
    const frame = entries.filter((entry) => Math.abs(entry.startTime + entry.duration - longest.startTime - longest.duration) <= 8)
    return {
      t: longest.startTime,
      duration: longest.duration,
      processing_start: Math.min(...frame.map((entry) => entry.processingStart)),
      processing_end: Math.max(...frame.map((entry) => entry.processingEnd)),
      others: frame.filter(({ interactionId }) => !interactionId).length,
    }
  })
  assert.ok(expected.others > 0, 'events that are no interaction are in the frame')
  await setHidden(tab, true)
  const first = (await server.batch(1)).named(Kind.Interaction)
  assert.equal(first.length, 1, 'one record an interaction')
  for (const field of ['t', 'duration', 'processing_start', 'processing_end'])
    assert.equal(first[0][field], micros(expected[field]), field)
  await setHidden(tab, false)
  await setHidden(tab, true)
  assert.deepEqual((await server.batch(2)).named(Kind.Interaction), first, 'not recorded again')
})

test('of a largest paint that has been removed the id is known', async (t) => {
  let give
  const later = new Promise((resolve) => (give = resolve))
  const { server, tab } = await open(t, {
    '/': page({ body: '<h1 id="hero">A large headline</h1>' }),
    '/rum.js': () => later,
  }, undefined, 'commit')
  await tab.evaluate(
    () =>
      new Promise((painted) => new PerformanceObserver(painted).observe({ type: 'largest-contentful-paint', buffered: true })).then(() =>
        document.querySelector('#hero').remove(),
      ),
  )
  give({ body: readFileSync(join(dist, 'rum.js')), type: 'text/javascript' })
  await secondChunk(server)
  await leave(tab)
  assert.equal((await server.batch(1)).named(Kind.LargestPaint)[0].target, '#hero')
})

/** Small, for what has few bytes to a pixel counts as no content. */
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="60" height="40" fill="teal"/><path d="M0 0L60 40"/></svg>'

test('the resource behind a largest paint is the last of its URL that was asked for before', async (t) => {
  const { server, tab } = await open(t, {
    '/': page({ head: '<script>performance.setResourceTimingBufferSize(1e3)</script>', body: '' }),
    '/hero.svg': () => ({ body: SVG, type: 'image/svg+xml', headers: { 'Cache-Control': 'no-store' } }),
  })
  await secondChunk(server)
  await collect(tab, 'largest-contentful-paint')
  await tab.evaluate(async () => {
    await (await fetch('/hero.svg?token=1')).text()
    const image = new Image()
    image.src = '/hero.svg?token=1'
    document.body.append(image)
  })
  await tab.waitForFunction(() => window.entries?.['largest-contentful-paint']?.some(({ url }) => url))
  await tab.evaluate(() => fetch('/hero.svg?token=1').then((response) => response.text()))
  const { paint, resources } = await tab.evaluate(() => {
    const { startTime, url } = window.entries['largest-contentful-paint'].at(-1)
    return { paint: startTime, resources: performance.getEntriesByName(url, 'resource').map((entry) => entry.toJSON()) }
  })
  assert.equal(resources.length, 3)
  await setHidden(tab, true)
  const batch = await server.batch(1)
  const [largest] = batch.named(Kind.LargestPaint).filter(({ url }) => url)
  assert.deepEqual([largest.t, largest.url], [micros(paint), '/hero.svg'])
  const found = batch.named(Kind.PaintResource)
  assert.deepEqual(
    found.map(({ t, request_start, response_end }) => [t, request_start, response_end]),
    [[largest.t, micros(resources[1].requestStart), micros(resources[1].responseEnd)]],
  )
  await setHidden(tab, false)
  await setHidden(tab, true)
  assert.deepEqual((await server.batch(2)).named(Kind.PaintResource), found, 'not recorded again')
})

test('long animation frames: those of interactions are kept, of the others the longest', async (t) => {
  const { server, tab } = await open(t, {
    '/': page({ head: '<script src="/busy.js?token=1"></script>', body: '<button onclick="busy(150)">x</button>' }),
    '/busy.js': () => ({
      body: `const busy = (ms) => { const end = performance.now() + ms; while (performance.now() < end); }
        const frame = () => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)))
        const chores = async () => { for (let n = 0; n < 12; n++) { busy(55 + 5 * n); await frame() } }
        const image = () => new Promise((done) => {
          const one = new Image()
          one.onload = () => { busy(200); frame().then(done) }
          one.src = '/dot.svg?token=1'
        })`,
      type: 'text/javascript',
    }),
    '/dot.svg': () => ({ body: SVG, type: 'image/svg+xml' }),
  })
  await secondChunk(server)
  await collect(tab, 'event')
  await collect(tab, 'long-animation-frame')
  await tab.evaluate(() => chores())
  await tab.evaluate(() => image())
  await tab.click('button')
  await tab.waitForFunction(() => window.entries.event?.some(({ name }) => name === 'click') && window.entries['long-animation-frame'].at(-1).duration >= 150)
  const all = await tab.evaluate(() => window.entries['long-animation-frame'].map((entry) => entry.toJSON()))
  await setHidden(tab, true)
  const batch = await server.batch(1)

  const [met, ...none] = batch.named(Kind.InteractionFrame)
  assert.deepEqual(none, [])
  const clicked = all.at(-1)
  assert.deepEqual(
    [met.start, met.duration, met.kind, met.blocking, met.render_start, met.style_start, met.weight],
    [...[clicked.startTime, clicked.duration].map(micros), 0, ...[clicked.blockingDuration, clicked.renderStart, clicked.styleAndLayoutStart].map(micros), null],
  )
  const [[, duration, , , type, invoker, url, name, position]] = met.scripts
  assert.ok(duration >= 150_000)
  assert.deepEqual([type, invoker, url], ['event-listener', 'BUTTON.onclick', '/'])
  assert.equal(typeof name, 'string')
  assert.ok(Number.isInteger(position))

  const others = all.slice(0, -1).filter(({ blockingDuration }) => blockingDuration > 0).sort((a, b) => b.duration - a.duration)
  assert.ok(others.length > 10)
  const longest = batch.named(Kind.LongFrame).map(({ start }) => start)
  assert.deepEqual(longest, others.slice(0, 10).map(({ startTime }) => micros(startTime)))
  const invokers = batch.named(Kind.LongFrame).flatMap(({ scripts }) => scripts.map((script) => [script[5], script[6]]))
  assert.ok(invokers.some(([invoker, url]) => invoker === 'IMG[src="/dot.svg"].onload' && url === '/busy.js'), JSON.stringify(invokers))
  assert.ok(!batch.text.includes('token'))
  await setHidden(tab, false)
  await setHidden(tab, true)
  const again = await server.batch(2)
  assert.deepEqual([again.of(Kind.InteractionFrame).length, again.of(Kind.LongFrame).length], [1, 0])
})

test('where there are no long animation frames there are long tasks', async (t) => {
  const { server, tab } = await open(t, { '/': page() }, (context) =>
    context.addInitScript(() => {
      const types = PerformanceObserver.supportedEntryTypes.filter((type) => type !== 'long-animation-frame')
      Object.defineProperty(PerformanceObserver, 'supportedEntryTypes', { get: () => types })
      delete window.PerformanceLongAnimationFrameTiming
    }),
  )
  await secondChunk(server)
  const task = await tab.evaluate(
    () =>
      new Promise((done) => {
        new PerformanceObserver((list) => done(list.getEntries()[0].toJSON())).observe({ type: 'longtask' })
        setTimeout(() => {
          const end = performance.now() + 70
          while (performance.now() < end);
        })
      }),
  )
  await leave(tab)
  const frames = (await server.batch(1)).named(Kind.LongFrame)
  const found = frames.find(({ start }) => start === micros(task.startTime))
  assert.deepEqual([found.duration, found.kind, found.blocking, found.scripts], [micros(task.duration), 1, null, null])
})
