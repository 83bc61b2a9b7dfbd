// The reference and the drop-in in one page, told the same random things by a browser that the test plays: they must report the
// same, in the same order, to the last bit.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, serve } from './harness.mjs'

const { resolve } = createRequire(import.meta.url)
const reference = join(dirname(resolve('web-vitals')), 'web-vitals.attribution.js')
const script = (file) => () => ({ body: readFileSync(file), type: 'text/javascript' })

/** Visits, each with its own seed … */
const VISITS = 300
/** … and how many a page has: what listens for one goes on listening in the next. */
const VISITS_A_PAGE = 15

let server, browser
before(async () => {
  server = await serve({
    '/': '<!doctype html><link rel="icon" href="data:,"><p id="p">text</p><p class="b a">more</p><script src="/world.js"></script>',
    '/world.js': script(new URL('web-vitals/world.js', import.meta.url)),
    '/reference.js': script(reference),
  })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.close()
})

/** Runs in the page: one visit. Returns the first difference, and how much was compared. */
async function visit({ seed, options }) {
  const world = window.world
  const libraries = (window.libraries ??= { reference: await import('/reference.js'), dropIn: await import('/npm/web-vitals-attribution.js') })
  // mulberry32
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n) => Math.floor(random() * n)
  const one = (...of) => of[below(of.length)]
  /** As fine as the browser's clock. */
  const ms = (most) => Math.round(random() * most * 10) / 10
  const nodes = [null, document.body, ...document.querySelectorAll('p'), document.createElement('i')]

  world.reset()
  const log = { reference: [], dropIn: [] }
  for (const [name, library] of Object.entries(libraries))
    for (const metric of ['CLS', 'FCP', 'INP', 'LCP', 'TTFB'])
      for (const reportAllChanges of [false, true])
        library[`on${metric}`]((reported) => log[name].push([reportAllChanges, { ...reported, entries: [...reported.entries] }, reported]), { ...options, reportAllChanges })

  let interactions = 0
  let navigations = 0
  let lastFrame = 0
  let at = world.now
  const rect = new DOMRect()
  const event = () => {
    // Mostly of the latest interactions; ids of Chromium grow by 7.
    const interactionId = one(0, 0, 1, 1, 1) && 7 * Math.max(1, interactions - below(one(2, 15)))
    const startTime = at + ms(40)
    const processingStart = startTime + ms(30)
    const entry = { name: one('pointerdown', 'click', 'keydown'), entryType: 'event', startTime, duration: 8 * below(one(4, 40)), processingStart, interactionId }
    return { ...entry, processingEnd: processingStart + ms(60), target: one(...nodes), targetSelector: one('', 'div#gone') }
  }
  const longFrame = () => {
    // One follows the other.
    const startTime = Math.max(at - ms(50), lastFrame)
    const duration = 50 + ms(300)
    lastFrame = startTime + duration
    const scripts = Array.from({ length: below(4) }, () => ({ startTime: startTime + ms(duration), duration: one(0, ms(duration)), forcedStyleAndLayoutDuration: ms(20) }))
    // A frame that renders nothing is another test's: there the libraries differ.
    return { entryType: 'long-animation-frame', name: 'long-animation-frame', startTime, duration, styleAndLayoutStart: startTime + ms(duration), scripts }
  }
  const shift = () => {
    const sources = Array.from({ length: below(3) }, () => ({ node: one(...nodes), previousRect: rect, currentRect: rect }))
    return { entryType: 'layout-shift', name: '', startTime: (at += ms(one(100, 1500))), duration: 0, value: random() * one(0.01, 0.3), hadRecentInput: below(8) === 0, sources }
  }
  const paint = () => ({ entryType: 'largest-contentful-paint', name: '', startTime: at, duration: 0, element: one(...nodes), id: one('', 'gone'), url: one('', 'http://x/a.png'), size: 1, renderTime: at, loadTime: 0 })
  const resource = () => ({ entryType: 'resource', name: 'http://x/a.png', startTime: at - ms(500), requestStart: one(0, at - ms(400)), responseEnd: at + ms(200) - 100, duration: 1 })
  const softNavigation = () => {
    const interactionId = 7 * interactions
    const largest = below(3) ? { entryType: 'interaction-contentful-paint', startTime: at, duration: 0, interactionId, largestContentfulPaint: { ...paint(), renderTime: at + ms(300) } } : null
    const painted = one(undefined, at + ms(200))
    return { entryType: 'soft-navigation', name: `http://x/${navigations}`, startTime: at, duration: 0, interactionId, navigationId: ++navigations, paintTime: painted, getLargestInteractionContentfulPaint: () => largest }
  }
  const some = (make, most = 4) => Array.from({ length: 1 + below(most) }, make)
  const interact = () => {
    performance.interactionCount = interactions += below(one(2, 30))
    return some(event, 12)
  }
  const entries = [interact, interact, () => some(shift), () => some(longFrame), () => some(paint), () => some(resource), () => some(softNavigation, 1)]
  const steps = [
    ...entries.map((make) => () => world.deliver(make())),
    () => world.deliver(interact(), { held: true }),
    () => world.run(),
    () => world.run(),
    () => world.hide(true),
    () => world.hide(false),
    () => below(3) || world.restore(),
  ]
  await world.deliver([{ entryType: 'paint', name: 'first-contentful-paint', startTime: at, duration: 0 }])
  for (let step = 0; step < 80; step++) {
    await one(...steps)()
    await Promise.resolve()
    at += ms(500)
    world.now = at
  }
  world.hide(true)
  world.run()
  world.hide(false)
  performance.interactionCount = 0

  /** What differs between copies of the same; the browser's entries and nodes are the same objects in both. */
  const shared = (value) => value instanceof Node || value?.entryType || value?.currentRect || value?.forcedStyleAndLayoutDuration !== undefined
  const compare = (a, b, path) => {
    if (Object.is(a, b)) return
    if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || shared(a) || shared(b)) return `${path}: ${String(b)} is not ${String(a)}`
    const names = Object.keys(a)
    for (const name of names) if (name !== 'id') {
      const difference = compare(a[name], b[name], `${path}.${name}`)
      if (difference) return difference
    }
    if (`${names}` !== `${Object.keys(b)}`) return `${path}: ${Object.keys(b)} is not ${names}`
  }
  /** Metric objects are as old as their ids: which report has which one. */
  const plain = (reports) => {
    const objects = []
    return reports.map(([all, copy, object]) => {
      if (!objects.includes(object)) objects.push(object)
      return { all, object: objects.indexOf(object), copy }
    })
  }
  const [expected, actual] = [plain(log.reference), plain(log.dropIn)]
  const shown = (reports) => reports.map(({ all, copy: { name, value } }) => `${name}${all ? ' (all)' : ''} ${value}`).join(', ')
  const difference = compare(expected, actual, '') && `${compare(expected, actual, '')}, of ${shown(actual)}; the reference has ${shown(expected)}`
  return { difference, counts: expected.reduce((counts, { copy: { name } }) => ({ ...counts, [name]: (counts[name] ?? 0) + 1 }), {}) }
}

for (const options of [{}, { reportSoftNavs: true, includeProcessedEventEntries: true }])
  test(`random visits, with ${JSON.stringify(options)}`, async () => {
    const page = await browser.newPage()
    const errors = []
    page.on('pageerror', (error) => errors.push(error.message))
    const total = {}
    for (let seed = 1; seed <= VISITS; seed++) {
      if (seed % VISITS_A_PAGE === 1) await page.goto(server.origin)
      const { difference, counts } = await page.evaluate(visit, { seed, options })
      assert.equal(difference, undefined, `seed ${seed}`)
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
    }
    assert.deepEqual(errors, [])
    // What was compared was not nothing.
    for (const name of ['CLS', 'FCP', 'INP', 'LCP']) assert.ok(total[name] > VISITS, `${total[name]} reports of ${name}`)
    await page.close()
  })
