// Pages that are hidden, left, restored or broken.

import assert from 'node:assert/strict'

import { BUSY, NEVER_IDLE, page } from '../html.mjs'
import { isRestored } from '../reports.mjs'
import { isRaw } from '../sdk.mjs'

const TEXT = '<h1 id="title">A heading</h1><button id="button">Press</button><div style="height: 300px; background: #ddd">Tall</div>'
const slow = (ms) => `${BUSY}<script>button.onclick = () => busy(${ms})</script>`

/** Pushes everything down; what `evaluate` takes. */
const push = (height) => {
  const strip = document.createElement('div')
  strip.style.height = `${height}px`
  document.body.prepend(strip)
}

const names = (document, series = 'final') =>
  document.reports.filter((report) => report.library === 'reference' && report.series === series).map(({ metric }) => metric.name)

/** What the SDK says as soon as it knows; the reference waits for the load event. */
export const EARLY_TTFB = {
  TTFB: {
    why: 'a page that is left before its load event had a first byte too',
    as: (value, expected = value) => assert.ok(value > 0 && Math.abs(value - expected) <= 0.001, `${value}, not ${expected}`),
  },
}

/** Nobody is idle before the page has been left and was restored: until then the SDK's second part does not come. */
const IDLE_LATER = `<script>
  const idle = window.requestIdleCallback ?? ((take) => setTimeout(take))
  const waiting = []
  window.requestIdleCallback = (...given) => waiting.push(given)
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return
    window.requestIdleCallback = idle
    for (const given of waiting) requestIdleCallback(...given)
  }, true)
</script>`

/** Hidden before the first paint, and back: a script has to keep the page from painting. */
const hiddenBeforePaint = async (visitor) => {
  await visitor.open('/', 'commit')
  await visitor.until(() => window.probe?.seen)
  await visitor.hide()
  await visitor.show()
  await visitor.sees('paint', { name: 'first-contentful-paint' })
}

/** After a restore no frame is made before the page was hidden and is seen again. */
const FRAMES_LATER = `<script>
  const frame = requestAnimationFrame
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return
    const waiting = []
    window.requestAnimationFrame = (take) => waiting.push(take)
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return
      window.requestAnimationFrame = frame
      for (const take of waiting) frame(take)
    })
  }, true)
</script>`

/** A paint after a restore that nobody was there to see. */
const UNSEEN = {
  why: 'the page was hidden again before it was painted; the reference counts the time in which nobody looked',
  as: (value, expected, _, metric) => {
    if (!isRestored(metric)) return assert.ok(Math.abs(value - expected) <= 0.005, `${value}, not ${expected}`)
    assert.ok(expected > AWAY, `${expected} has the time in which nobody looked`)
    assert.equal(value, undefined)
  },
}
/** ms for which nobody looks. */
const AWAY = 150

/** What is reported of a restore that nothing follows, where an engine has the entries. */
const RESTORED = { CLS: 'layout-shift', FCP: 'paint', LCP: 'largest-contentful-paint', TTFB: 'bfcache' }

const PACKAGE_TWICE = `<script type="module">
  import { init } from '/sdk/npm/index.js'
  for (const app of ['vitals', 'vitals']) init({ app, endpoint: location.origin + '/sdk' })
</script>`

export const LIFECYCLE = [
  {
    name: 'left as soon as it is loaded',
    leaves: true,
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.sees('paint', { name: 'first-contentful-paint' })
      await visitor.evaluate(() => new Promise((done) => setTimeout(done)))
      await visitor.leaveAtOnce()
    },
    shows: ({ FCP }) => assert.ok(FCP.value > 0),
  },
  {
    name: 'left while it loads',
    needs: ['told-while-loading'],
    leaves: true,
    pages: { '/': page(`${TEXT}<img src="/noise.png?delay=20000">`) },
    async visit(visitor) {
      await visitor.open('/', 'commit')
      await visitor.until(() => window.probe?.seen?.paint.some(({ name }) => name === 'first-contentful-paint'))
      await visitor.settled()
      await visitor.leaveAtOnce()
    },
    shows: ({ document }) => assert.ok(!names(document).includes('TTFB')),
    differs: EARLY_TTFB,
  },
  {
    name: 'left while its HTML is still coming',
    needs: ['told-while-loading'],
    leaves: true,
    pages: { '/': page(TEXT, { endless: true }) },
    async visit(visitor) {
      await visitor.open('/', 'commit')
      await visitor.until(() => window.probe?.seen?.paint.some(({ name }) => name === 'first-contentful-paint'))
      await visitor.settled()
      await visitor.leaveAtOnce()
    },
    shows: ({ FCP }) => assert.equal(FCP.attribution.loadState, 'loading'),
    differs: EARLY_TTFB,
  },
  {
    name: 'the tab is closed',
    needs: ['close', 'largest-contentful-paint'],
    pages: { '/': page(TEXT) },
    leaves: true,
    async visit(visitor) {
      await visitor.open()
      await visitor.coreIsUp()
      await visitor.sees('largest-contentful-paint')
      await visitor.settled()
      await visitor.close()
    },
    shows: ({ LCP }) => assert.ok(LCP, 'reported when the tab was closed'),
  },
  {
    name: 'nothing is ever painted',
    pages: { '/': page('') },
    shows: ({ document }) => assert.deepEqual(new Set(names(document)), new Set(['TTFB'])),
  },
  {
    name: 'a page of white space',
    pages: { '/': page(' \n\t&nbsp; ') },
    shows: ({ document }) => assert.ok(names(document).includes('TTFB')),
  },
  {
    name: 'hidden and back, twice, with news each time',
    needs: ['hide'],
    pages: { '/': page(TEXT + slow(100)) },
    async visit(visitor) {
      await visitor.open()
      await visitor.coreIsUp()
      await visitor.settled()
      await visitor.hide()
      await visitor.show()
      await visitor.evaluate(push, 100)
      await visitor.settled()
      await visitor.hide()
      await visitor.show()
      await visitor.evaluate(push, 150)
      await visitor.settled()
      await visitor.click('#button')
    },
    shows({ CLS, INP, document }) {
      assert.ok(INP)
      if (CLS) assert.equal(names(document).filter((name) => name === 'CLS').length, 3)
    },
  },
  {
    name: 'hidden and back without news',
    needs: ['hide', 'largest-contentful-paint'],
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.coreIsUp()
      await visitor.settled()
      await visitor.hide()
      await visitor.show()
    },
    shows: ({ document }) => assert.equal(names(document).filter((name) => name === 'LCP').length, 1),
  },
  {
    name: 'an image is painted after the page was hidden and came back',
    needs: ['hide', 'largest-contentful-paint'],
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.sees('largest-contentful-paint')
      await visitor.hide()
      await visitor.show()
      const add = () => document.body.append(Object.assign(document.createElement('img'), { id: 'hero', src: '/noise.png', width: 400, height: 300 }))
      await visitor.evaluate(add)
      await visitor.until(() => document.querySelector('#hero').complete)
      await visitor.settled()
    },
    shows: ({ LCP }) => assert.notEqual(LCP.attribution.target, '#hero'),
  },
  {
    name: 'opened in a background tab, and never seen',
    needs: ['hide'],
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.tab.hide()
      await visitor.open()
      await visitor.settled()
    },
    shows: ({ document }) => assert.deepEqual(new Set(names(document)), new Set(['TTFB'])),
  },
  {
    name: 'opened in a background tab, seen later',
    needs: ['hide'],
    pages: { '/': page(TEXT + slow(100)) },
    async visit(visitor) {
      await visitor.tab.hide()
      await visitor.open()
      await visitor.show()
      await visitor.sees('paint', { name: 'first-contentful-paint' })
      await visitor.evaluate(push, 100)
      await visitor.click('#button')
    },
    shows: ({ LCP, FCP, INP }) => assert.ok(!LCP && !FCP && INP),
  },
  {
    name: 'hidden before the first paint, and back',
    needs: ['hide'],
    pages: { '/': page(`<script src="/slow.js?delay=900"></script>${TEXT}`), '/slow.js': { type: 'text/javascript', body: '' } },
    visit: hiddenBeforePaint,
    shows: ({ FCP, LCP, CLS }) => assert.ok(!FCP && !LCP && !CLS),
  },
  {
    name: 'hidden before the first paint, and back; then all libraries come, and not the second part',
    needs: ['hide', 'visibility-state'],
    pages: {
      '/': page(`<script src="/slow.js?delay=900"></script>${TEXT}`, { sdk: 'late', libraries: 'late', first: NEVER_IDLE }),
      '/slow.js': { type: 'text/javascript', body: '' },
    },
    leaves: true,
    async visit(visitor) {
      await hiddenBeforePaint(visitor)
      await visitor.loadLibraries()
      await visitor.loadSdk()
      // The script starts in several tasks.
      await visitor.evaluate(() => new Promise((done) => setTimeout(done)))
      await visitor.leaveAtOnce()
    },
    shows({ FCP, LCP, CLS, document }) {
      assert.ok(!FCP && !LCP && !CLS)
      assert.equal(isRaw(document.bodies[0]), true)
    },
  },
  {
    name: 'restored from the back/forward cache',
    needs: ['bfcache'],
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.leave()
      await visitor.restored()
    },
    shows({ restored, abilities }) {
      assert.deepEqual(Object.keys(restored).sort(), Object.keys(RESTORED).filter((name) => abilities.has(RESTORED[name])))
      assert.equal(restored.TTFB.value, 0)
      assert.ok(restored.FCP.value > 0)
    },
  },
  {
    name: 'restored, then shifted and clicked',
    needs: ['bfcache', 'event'],
    pages: { '/': page(TEXT + slow(100)) },
    async visit(visitor) {
      await visitor.open()
      await visitor.settled()
      await visitor.evaluate(push, 60)
      await visitor.settled()
      await visitor.click('#button')
      await visitor.leave()
      await visitor.restored()
      await visitor.evaluate(push, 120)
      await visitor.settled()
      await visitor.click('#button')
    },
    shows({ INP, restored }) {
      assert.ok(INP && restored.INP)
      assert.notEqual(INP.id, restored.INP.id)
    },
  },
  {
    name: 'restored, then clicked so that it takes no time',
    needs: ['bfcache', 'event'],
    pages: { '/': page(TEXT + slow(100)) },
    async visit(visitor) {
      await visitor.open()
      await visitor.click('#button')
      await visitor.leave()
      await visitor.restored()
      await visitor.click('#title')
      await visitor.settled()
    },
    shows: ({ restored }) => assert.equal(restored.INP.value, 8),
  },
  {
    name: 'restored twice',
    needs: ['bfcache'],
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.leave()
      await visitor.restored()
      await visitor.evaluate(push, 100)
      await visitor.leave()
      await visitor.restored(2)
    },
    shows: ({ document }) => assert.equal(names(document).filter((name) => name === 'TTFB').length, 3),
  },
  {
    name: 'restored, hidden and back',
    needs: ['bfcache', 'hide'],
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.leave()
      await visitor.restored()
      await visitor.hide()
      await visitor.show()
      await visitor.evaluate(push, 100)
    },
    shows: ({ restored, abilities }) => assert.ok(restored.FCP.value > 0 && (!abilities.has('layout-shift') || restored.CLS.value > 0)),
  },
  {
    name: 'left before the second part has come, and restored',
    needs: ['bfcache'],
    pages: { '/': page(TEXT, { first: IDLE_LATER }) },
    async visit(visitor) {
      await visitor.open()
      await visitor.sees('paint', { name: 'first-contentful-paint' })
      await visitor.leaveAtOnce()
      await visitor.restored()
      await visitor.evaluate(push, 100)
      await visitor.settled()
    },
    shows({ restored, abilities, document }) {
      assert.deepEqual(Object.keys(restored).sort(), Object.keys(RESTORED).filter((name) => abilities.has(RESTORED[name])))
      assert.equal(isRaw(document.bodies[0]), true, 'the first body is made without the second part')
    },
  },
  {
    name: 'restored, and hidden before it is painted',
    needs: ['bfcache', 'hide'],
    pages: { '/': page(TEXT, { first: FRAMES_LATER }) },
    async visit(visitor) {
      await visitor.open()
      await visitor.leave()
      await visitor.back()
      await visitor.untilThere(() => window.probe?.restores === 1)
      await visitor.hide()
      await visitor.evaluate((ms) => new Promise((done) => setTimeout(done, ms)), AWAY)
      await visitor.show()
      await visitor.evaluate(push, 100)
    },
    shows: ({ restored, abilities }) => assert.ok(restored.FCP.value > AWAY && (!abilities.has('layout-shift') || restored.CLS.value > 0)),
    differs: { FCP: UNSEEN, LCP: UNSEEN },
  },
  {
    name: "the page's own listeners throw and stop events",
    pages: {
      '/': page(
        `${TEXT}${slow(80)}<script>
          for (const type of ['visibilitychange', 'pagehide', 'click', 'pageshow', 'load'])
            for (const on of [window, document]) on.addEventListener(type, (event) => { if (on === document) event.stopPropagation(); throw new Error(type) }, on === document)
        </script>`,
        // Where the page stops the event it is too late to say that it is left.
        { first: '<script>addEventListener("visibilitychange", () => document.hidden && queueMicrotask(() => probe.tell("left", "now")), true)</script>' },
      ),
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.click('#button')
    },
    shows: ({ FCP, TTFB }) => assert.ok(FCP.value > 0 && TTFB.value > 0),
  },
  {
    name: 'the SDK is loaded twice',
    pages: { '/': page(TEXT + slow(80), { head: '<script src="/sdk/rum.js" data-app="vitals"></script>' }) },
    async visit(visitor) {
      await visitor.open()
      await visitor.settled()
      await visitor.click('#button')
    },
    shows: ({ views }) => assert.equal(views.length, 1),
  },
  {
    name: 'an app starts the package twice',
    pages: { '/': page(TEXT + slow(80), { sdk: 'late', head: PACKAGE_TWICE }) },
    async visit(visitor) {
      await visitor.open()
      await visitor.settled()
      await visitor.click('#button')
    },
    shows: ({ views }) => assert.equal(views.length, 1),
  },
]
