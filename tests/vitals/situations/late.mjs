// Scripts that come when much has happened: what the browser has kept for them is enough, or the receipt says what was
// lost.

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

import { BUSY, page } from '../html.mjs'

const TEXT = '<h1 id="title">A heading</h1><button id="button">Press</button><div style="height: 300px; background: #ddd">Tall</div>'
const BODY = `${TEXT}<img src="/noise.png?delay=100" width="400" height="300">${BUSY}<script>button.onclick = () => busy(130)</script>`

const push = (height) => {
  const strip = document.createElement('div')
  strip.style.height = `${height}px`
  document.body.prepend(strip)
}

/** A visitor who has seen the page, a shift and a slow answer; then scripts come, and a little more happens. */
const later = (come) => async (visitor) => {
  await visitor.open()
  await visitor.settled()
  await visitor.evaluate(push, 60)
  await visitor.settled()
  await visitor.click('#button')
  await visitor.settled()
  await come(visitor)
  await visitor.settled()
  await visitor.evaluate(push, 20)
  await visitor.settled()
}

/** Of shorter ones those who come later are not told: https://www.w3.org/TR/event-timing/#sec-modifications-DOM */
const KEPT_MS = 104
/** What had happened before is in the values. */
const seenBefore = ({ FCP, CLS, INP, abilities }) => {
  assert.ok(FCP.value > 0)
  if (abilities.has('layout-shift')) assert.ok(CLS.value > 0)
  if (abilities.has('event')) assert.ok(INP.value >= KEPT_MS)
}
const LATE_MS = 10_000
const untilLate = (visitor) => visitor.until((ms) => performance.now() > ms, LATE_MS)
const bothCome = async (visitor) => {
  await visitor.loadLibraries()
  await visitor.loadSdk()
}

/** When capture attached, in µs, and how many entries had been lost. */
const receipt = ({ views }) => {
  const [attached, , dropped] = views[0].receipt
  return { attached, lost: (dropped ?? []).reduce((sum, [, count]) => sum + count, 0) }
}
const nothingLost = (after) => (seen) => {
  const { attached, lost } = receipt(seen)
  assert.ok(attached >= after * 1e3 && lost === 0, `attached at ${attached}, lost ${lost}`)
}

export const LATE = [
  {
    name: 'the SDK is async',
    pages: { '/': page(BODY, { sdk: 'async' }) },
    visit: later(() => {}),
    shows: nothingLost(0),
  },
  {
    name: 'the SDK comes after load',
    pages: { '/': page(BODY, { sdk: 'late' }) },
    visit: later((visitor) => visitor.loadSdk()),
    shows: nothingLost(0),
  },
  {
    name: 'the SDK comes after ten seconds',
    pages: { '/': page(BODY, { sdk: 'late' }) },
    visit: later(async (visitor) => {
      await untilLate(visitor)
      await visitor.loadSdk()
    }),
    shows: nothingLost(LATE_MS),
  },
  {
    name: 'all libraries come after load',
    pages: { '/': page(BODY, { sdk: 'late', libraries: 'late' }) },
    visit: later(bothCome),
    shows: seenBefore,
  },
  {
    name: 'all libraries come after ten seconds',
    pages: { '/': page(BODY, { sdk: 'late', libraries: 'late' }) },
    visit: later(async (visitor) => {
      await untilLate(visitor)
      await bothCome(visitor)
    }),
    shows: nothingLost(LATE_MS),
  },
  {
    name: 'a click of 60 ms before all come: the browser has kept only the first one, and long ones',
    needs: ['event'],
    pages: { '/': page(`${TEXT}${BUSY}<script>button.onclick = () => busy(60)</script>`, { sdk: 'late', libraries: 'late' }) },
    async visit(visitor) {
      await visitor.open()
      for (const selector of ['#title', '#button']) {
        await visitor.settled()
        await visitor.click(selector)
      }
      await visitor.settled()
      const longest = await visitor.evaluate(() => Math.max(...probe.seen.event.map(({ duration }) => duration)))
      assert.ok(longest >= 56 && longest < KEPT_MS, `who was there has seen it: ${longest}`)
      await bothCome(visitor)
    },
    shows({ INP }) {
      assert.equal(INP.attribution.interactionTarget, '#title')
      assert.ok(INP.value < 56, `INP is ${INP.value}`)
    },
  },
  {
    name: 'all libraries come when the page has been hidden and is back',
    needs: ['hide'],
    pages: { '/': page(BODY, { sdk: 'late', libraries: 'late' }) },
    visit: later(async (visitor) => {
      await visitor.hide()
      await visitor.show()
      await bothCome(visitor)
    }),
    shows: seenBefore,
  },
  {
    name: 'the SDK comes after more shifts than the browser keeps',
    needs: ['layout-shift'],
    // A report at each change would repeat all shifts before it.
    pages: { '/': page(BODY, { sdk: 'late', series: ['final', 'plain'] }) },
    async visit(visitor) {
      await visitor.open()
      await visitor.settled()
      const shake = (times) =>
        new Promise((done) => {
          const strip = document.createElement('div')
          document.body.prepend(strip)
          const shake = () => {
            strip.style.height = `${20 + (times % 2) * 30}px`
            times-- ? requestAnimationFrame(shake) : done(true)
          }
          shake()
        })
      await visitor.evaluate(shake, 200)
      await visitor.settled()
      await pause(1_100)
      await visitor.loadSdk()
    },
    shows: (seen) => assert.ok(receipt(seen).lost > 0, 'the receipt counts what was lost'),
    differs: {
      CLS: {
        why: 'the browser has kept 150 shifts',
        as: (value, expected) => assert.ok(value > 0 && value < expected, `${value} is part of ${expected}`),
      },
    },
  },
]
