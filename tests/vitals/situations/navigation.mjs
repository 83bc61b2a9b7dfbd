// How the visitor came to the page, and when its first byte did.

import assert from 'node:assert/strict'

import { answer } from '../drivers/answer.mjs'
import { bare, NEVER_IDLE, page } from '../html.mjs'
import { isRaw } from '../sdk.mjs'
import { EARLY_TTFB } from './lifecycle.mjs'

const TEXT = '<h1 id="title">A page</h1><p>With some text</p>'
const typed = (type) => ({ FCP, TTFB }) => assert.deepEqual([FCP.navigationType, TTFB.navigationType], [type, type])

const WORKER = `
  addEventListener('install', () => skipWaiting())
  addEventListener('activate', (event) => event.waitUntil(clients.claim()))
  addEventListener('fetch', (event) => event.respondWith(fetch(event.request.url.endsWith('/next') ? '/through' : event.request)))`

/** `next` is what the worker gives for /next, which the server does not know. */
const behindWorker = (next) => ({
  '/': bare('<p>First</p>'),
  '/worker.js': { type: 'text/javascript', body: WORKER },
  '/through': next,
})
const openBehindWorker = async (visitor) => {
  await visitor.open()
  const register = () =>
    navigator.serviceWorker.register('/worker.js').then(
      () => navigator.serviceWorker.controller ?? new Promise((done) => (navigator.serviceWorker.oncontrollerchange = () => done())),
    ).then(() => true)
  await visitor.evaluate(register)
  await visitor.open('/next')
  assert.ok(await visitor.evaluate(() => navigator.serviceWorker.controller !== null))
}

const rules = (eagerness) =>
  `<script type="speculationrules">{"prerender": [{"urls": ["/next"], "eagerness": "${eagerness}"}]}</script>`
/** A page that says to the server that it runs while nobody sees it. */
const prerendered = page(`${TEXT}<script>document.prerendering && fetch('/prerendered')</script>`)

/** Activates what is prerendered. The page that is clicked may be gone before the driver is done with it. */
const openPrerendered = async (visitor) => {
  await visitor.open()
  await visitor.asked('/prerendered')
  await answer(visitor.click('#link'))
}

const prerenders = {
  '/': bare(`${rules('immediate')}<a id="link" href="/next">Next</a>`),
  '/next': prerendered,
  '/prerendered': { type: 'text/plain', body: 'yes' },
}

export const NAVIGATION = [
  {
    name: 'a slow answer',
    pages: { '/': page(TEXT, { delay: 400 }) },
    shows: ({ TTFB }) => assert.ok(TTFB.value >= 400 && TTFB.attribution.requestDuration >= 390),
  },
  {
    name: 'a redirect',
    pages: { '/': { status: 302, headers: { Location: '/there' }, delay: 200 }, '/there': page(TEXT) },
    shows: ({ TTFB }) => assert.ok(TTFB.entries[0].redirectCount === 1 && TTFB.attribution.waitingDuration >= 190),
  },
  {
    name: 'a page that is not found',
    pages: { '/': page(TEXT, { status: 404 }) },
    shows: ({ TTFB }) => assert.ok(TTFB.value > 0),
  },
  {
    name: 'a server that tells its times',
    pages: { '/': page(TEXT, { headers: { 'Server-Timing': 'db;dur=53;desc="the database", cache' } }) },
    shows: ({ TTFB }) => assert.equal(TTFB.entries[0].serverTiming.length, 2),
  },
  {
    name: 'a link from another page',
    pages: { '/': bare('<a id="link" href="/next?from=here#part">Next</a>'), '/next': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.click('#link')
      await visitor.untilThere(() => window.probe && document.readyState === 'complete')
    },
    shows: typed('navigate'),
  },
  {
    name: 'a script goes elsewhere while the page loads',
    pages: { '/': page(`<script>location.replace('/next')</script>${TEXT}`), '/next': page(TEXT) },
    async visit(visitor) {
      await visitor.open('/', 'commit').catch(() => {})
      await visitor.untilThere(() => location.pathname === '/next' && document.readyState === 'complete')
    },
    shows: ({ documents }) => assert.equal(documents.at(-1).open, '/next'),
    differs: EARLY_TTFB,
  },
  {
    name: 'a reload',
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.coreIsUp()
      await visitor.settled()
      await visitor.reload()
    },
    shows({ documents }) {
      assert.equal(documents.length, 2)
      assert.ok(documents[1].reports.some(({ metric }) => metric.navigationType === 'reload'))
    },
  },
  {
    name: 'back to a page that is loaded again',
    needs: ['unload', 'back-forward'],
    pages: { '/': page(`${TEXT}<script>addEventListener('unload', () => {})</script>`) },
    async visit(visitor) {
      await visitor.open()
      await visitor.leave()
      await visitor.back()
      await visitor.untilThere(() => window.probe && document.readyState === 'complete')
    },
    shows({ documents }) {
      assert.equal(documents.length, 2)
      assert.deepEqual([...new Set(documents[1].reports.map(({ metric }) => metric.navigationType))], ['back-forward'])
    },
  },
  {
    name: 'a page behind a service worker',
    pages: behindWorker(page(TEXT)),
    visit: openBehindWorker,
    shows({ document, TTFB, abilities }) {
      assert.equal(document.open, '/next')
      if (abilities.has('worker-start')) assert.ok(TTFB.entries[0].workerStart > 0)
    },
  },
  {
    name: 'a discarded tab comes back',
    // Headless Chromium discards no tab on request, so the page says that it was.
    pages: { '/': page(TEXT, { first: '<script>Object.defineProperty(document, "wasDiscarded", { value: true })</script>' }) },
    shows: typed('restore'),
  },
  {
    name: 'a page behind a service worker, left before the second part has come',
    leaves: true,
    pages: behindWorker(page(TEXT, { first: NEVER_IDLE })),
    async visit(visitor) {
      await openBehindWorker(visitor)
      await visitor.sees('paint', { name: 'first-contentful-paint' })
      await visitor.evaluate(() => new Promise((done) => setTimeout(done)))
      await visitor.leaveAtOnce()
    },
    shows({ document, TTFB, abilities }) {
      assert.equal(isRaw(document.bodies[0]), true)
      if (abilities.has('worker-start')) assert.ok(TTFB.entries[0].workerStart > 0)
    },
  },
  {
    name: 'a prerendered page is activated',
    needs: ['prerender'],
    pages: prerenders,
    async visit(visitor) {
      await openPrerendered(visitor)
      await visitor.untilThere(() => location.pathname === '/next' && !document.prerendering)
    },
    shows(seen) {
      typed('prerender')(seen)
      assert.equal(seen.TTFB.value, 0)
    },
  },
  {
    name: 'a page is activated while it still loads',
    needs: ['prerender'],
    pages: { ...prerenders, '/next': page(`<script>document.prerendering && fetch('/prerendered')</script>${TEXT}<img src="/noise.png?delay=1200" width="400" height="300">`) },
    async visit(visitor) {
      await openPrerendered(visitor)
      await visitor.untilThere(() => location.pathname === '/next' && !document.prerendering && document.readyState === 'complete')
      await visitor.sees('largest-contentful-paint', { url: 'noise.png?delay=1200' })
    },
    shows: ({ LCP }) => assert.ok(LCP.value > 0),
  },
  {
    // Chromium activates no page in such a tab: what it had prerendered it throws away.
    name: 'a page is prerendered, and then opened in a tab that nobody sees',
    needs: ['prerender', 'hide'],
    pages: prerenders,
    async visit(visitor) {
      await visitor.open()
      await visitor.asked('/prerendered')
      await visitor.hide()
      await answer(visitor.evaluate(() => void (location.href = '/next')))
      await visitor.untilThere(() => location.pathname === '/next' && document.readyState === 'complete')
    },
    shows({ documents }) {
      const [seen, ...others] = documents.toSorted((a, b) => b.reports.length - a.reports.length)
      assert.deepEqual(others.flatMap(({ reports, bodies }) => [...reports, ...bodies]), [])
      assert.deepEqual([...new Set(seen.reports.map(({ metric }) => `${metric.name} ${metric.navigationType}`))], ['TTFB navigate'])
    },
  },
  {
    name: 'a prerendered page is never activated',
    silent: true,
    needs: ['prerender'],
    pages: prerenders,
    async visit(visitor) {
      await visitor.open()
      await visitor.asked('/prerendered')
    },
    shows({ documents, arrived }) {
      assert.deepEqual(documents.flatMap(({ reports, bodies }) => [...reports, ...bodies]), [])
      assert.deepEqual(arrived, [])
    },
  },
]
