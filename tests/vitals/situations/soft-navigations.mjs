// Single-page apps: routes that the browser takes for navigations, and routes that it does not.

import assert from 'node:assert/strict'

import { BUSY, page as plainPage } from '../html.mjs'
import { SOFT as SOFT_VIEW } from '../sdk.mjs'

const APP = `<nav><button id="to-one">One</button><button id="to-two">Two</button><button id="hash">Part</button></nav>
  <main id="main"><h1>Home</h1></main><p id="foot">Foot</p>${BUSY}
  <script>
    const show = (name) => (main.innerHTML = '<h1>' + name + '</h1><p>' + 'Words of this route. '.repeat(40) + '</p>')
    const go = (name) => { history.pushState({}, '', '/' + name); show(name) }
    document.querySelector('#to-one').onclick = () => go('one')
    document.querySelector('#to-two').onclick = () => { busy(100); go('two') }
    document.querySelector('#hash').onclick = () => { location.hash = 'part' }
    // Of another part of the page too, which shows nothing else.
    addEventListener('popstate', () => location.hash || show('back'))
  </script>`
/** A page on which the reference is asked for soft navigations too, whatever the libraries' options are. */
const page = (body, options) => plainPage(body, { series: ['final', 'all', 'plain', 'soft'], ...options })
const SOFT = '{ reportSoftNavs: true }'

/** Opens the app, waits for the SDK's second chunk, which watches routes, and goes on by `selectors`. */
const goes = (selectors, soft) => async (visitor) => {
  await visitor.open()
  await visitor.coreIsUp()
  await visitor.settled()
  for (const [at, selector] of selectors.entries()) {
    await visitor.click(selector)
    if (soft) await visitor.sees('soft-navigation', {}, at + 1)
    await visitor.settled()
  }
}

const types = ({ document }) =>
  new Set(document.reports.filter(({ series }) => series === 'final').map(({ metric }) => metric.navigationType))
/** What the reference says of soft navigations, by the path of their route. */
const softOf = ({ document }, name, path) =>
  document.reports
    .filter(({ series, metric }) => series === 'soft' && metric.navigationType === 'soft-navigation' && metric.name === name)
    .findLast(({ metric }) => new URL(metric.navigationURL).pathname === path)?.metric
const softly = (seen) => assert.ok(types(seen).has('soft-navigation'))
const hard = (seen) => assert.deepEqual([...types(seen)], ['navigate'])
/** The SDK opened views of these pages behind the first. `acted` are those that the visitor asked for. */
const opened = (pages, acted) => ({ views: [first, ...routes], abilities }) => {
  assert.deepEqual([first.page, first.kind], ['/', LOAD])
  assert.deepEqual(routes.map(({ page }) => page), pages)
  for (const { page, kind, vitals } of routes) {
    const soft = acted.includes(page) && abilities.has('soft-navigation')
    assert.equal(kind, soft ? SOFT_VIEW : ROUTE, `the view of ${page}`)
    if (!soft) for (const name of ['LCP', 'FCP', 'TTFB']) assert.equal(vitals[name], undefined, `${name} of a route is absent`)
  }
}
const LOAD = 0
const ROUTE = 4

export const SOFT_NAVIGATIONS = [
  {
    name: 'a route is opened, and soft navigations are reported',
    needs: ['soft-navigation'],
    pages: { '/': page(APP, { options: SOFT }) },
    visit: goes(['#to-one'], true),
    shows: softly,
  },
  {
    name: 'three routes, and soft navigations are reported',
    needs: ['soft-navigation'],
    pages: { '/': page(APP, { options: SOFT }) },
    visit: goes(['#to-one', '#to-two', '#to-one'], true),
    shows: softly,
  },
  {
    name: 'a route that shifts and is clicked, and soft navigations are reported',
    needs: ['soft-navigation'],
    pages: { '/': page(APP, { options: SOFT }) },
    async visit(visitor) {
      await goes(['#to-one'], true)(visitor)
      await visitor.until(() => performance.now() > probe.seen['soft-navigation'][0].startTime + 700)
      await visitor.evaluate(() => main.prepend(Object.assign(document.createElement('div'), { style: 'height: 90px' })))
      await visitor.settled()
      await visitor.click('#to-two')
      await visitor.sees('soft-navigation', {}, 2)
    },
    shows(seen) {
      softly(seen)
      // The click that leads away is answered by the route that it leaves.
      assert.ok(softOf(seen, 'CLS', '/one').value > 0 && softOf(seen, 'INP', '/one').value >= 100)
      assert.equal(softOf(seen, 'CLS', '/two').value, 0)
    },
  },
  {
    name: 'a route whose image is slow, and soft navigations are reported',
    needs: ['soft-navigation'],
    pages: { '/': page(`${APP}<script>document.querySelector('#to-one').addEventListener('click', () => (main.innerHTML = '<h1>One</h1><img id="hero" src="/noise.png?delay=300" width="400" height="300">'))</script>`, { options: SOFT }) },
    async visit(visitor) {
      await goes(['#to-one'], true)(visitor)
      await visitor.until(() => probe.seen['interaction-contentful-paint'].some(({ largestContentfulPaint: paint }) => paint?.id === 'hero'))
      await visitor.settled()
    },
    shows(seen) {
      const { target, resourceLoadDuration } = softOf(seen, 'LCP', '/one').attribution
      assert.equal(target, '#hero')
      assert.ok(resourceLoadDuration >= 250, `loaded in ${resourceLoadDuration}`)
    },
  },
  {
    name: 'a route, hidden and back, and soft navigations are reported',
    needs: ['soft-navigation', 'hide'],
    pages: { '/': page(APP, { options: SOFT }) },
    async visit(visitor) {
      await goes(['#to-one'], true)(visitor)
      await visitor.hide()
      await visitor.show()
      await visitor.click('#to-two')
      await visitor.settled()
    },
    shows: softly,
  },
  {
    name: 'routes are opened, and soft navigations are not asked for',
    pages: { '/': page(APP) },
    visit: goes(['#to-one', '#to-two']),
    shows(seen) {
      hard(seen)
      opened(['/one', '/two'], ['/one', '/two'])(seen)
      const ofTTFB = seen.document.reports.filter(({ metric, series, library }) => metric.name === 'TTFB' && series === 'final' && library === 'reference')
      assert.ok(ofTTFB.length <= 1, 'no route has a TTFB')
    },
  },
  {
    name: 'a route that the visitor did not ask for',
    pages: { '/': page(APP, { options: SOFT }) },
    async visit(visitor) {
      await goes([])(visitor)
      await visitor.evaluate(() => go('one'))
      await visitor.settled()
    },
    shows(seen) {
      hard(seen)
      opened(['/one'], [])(seen)
    },
  },
  {
    name: 'back by the history',
    pages: { '/': page(APP) },
    async visit(visitor) {
      await goes(['#to-one'])(visitor)
      await visitor.evaluate(() => new Promise((done) => { addEventListener('popstate', () => done(true)); history.back() }))
      await visitor.settled()
    },
    shows(seen) {
      hard(seen)
      opened(['/one', '/'], ['/one'])(seen)
    },
  },
  {
    name: 'another part of the page',
    pages: { '/': page(APP) },
    visit: goes(['#hash']),
    shows: ({ views }) => assert.equal(views.length, 1),
  },
  {
    name: 'the URL is replaced while the page loads',
    pages: { '/': page(`${APP}<script>history.replaceState({}, '', '/other')</script>`) },
    // The first view may open before the page does so, or after.
    shows: ({ views }) => assert.deepEqual(views.map(({ page, name }) => name ?? page), ['/other']),
  },
]
