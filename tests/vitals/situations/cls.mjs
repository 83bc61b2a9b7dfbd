// How much the layout shifts, and which element most.

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

import { bare, page } from '../html.mjs'

const SHIFT = 'layout-shift'
const TEXT = '<p id="first">Some text</p><p id="second">that can be moved</p><button id="button">Press</button>'
const TALL = '<div id="tall" style="height: 400px; background: #ddd">A tall thing</div>'

/** Pushes everything down by so many px; what `evaluate` takes. */
const push = (height) => {
  const strip = document.createElement('div')
  strip.style.height = `${height}px`
  document.body.prepend(strip)
}

/** A visitor who stays on a page that is pushed down by `heights`, `gap` ms apart. */
const shifts = (heights, gap = 100) => async (visitor) => {
  await visitor.open()
  await visitor.settled()
  for (const [at, height] of heights.entries()) {
    if (at) await pause(gap)
    await visitor.evaluate(push, height)
    await visitor.sees(SHIFT, {}, at + 1)
  }
}

/** Opens the page, settles, and does something that shifts. */
const does = (act, given) => async (visitor) => {
  await visitor.open()
  await visitor.settled()
  await visitor.evaluate(act, given)
  await visitor.sees(SHIFT)
}

const windowOf = (count) => ({ CLS }) => assert.equal(CLS.entries.length, count, 'shifts in the window')

const situations = [
  {
    name: 'nothing shifts',
    pages: { '/': page(TEXT) },
    shows: ({ CLS }) => assert.equal(CLS.value, 0),
  },
  {
    name: 'one shift',
    pages: { '/': page(TEXT + TALL) },
    visit: shifts([120]),
    shows: ({ CLS }) => assert.ok(CLS.value > 0.05 && CLS.attribution.largestShiftTarget),
  },
  {
    name: 'several shifts in one window, the largest in the middle',
    pages: { '/': page(TEXT + TALL) },
    visit: shifts([20, 150, 40]),
    shows: windowOf(3),
  },
  {
    name: 'two windows, the first is the larger',
    pages: { '/': page(TEXT + TALL) },
    visit: shifts([150, 10], 1_200),
    shows: windowOf(1),
  },
  {
    name: 'two windows, the second is the larger',
    pages: { '/': page(TEXT + TALL) },
    visit: shifts([10, 150], 1_200),
    shows: windowOf(1),
  },
  {
    name: 'three windows, of which many small shifts make the largest',
    pages: { '/': page(TEXT + TALL) },
    async visit(visitor) {
      await shifts([60])(visitor)
      for (let at = 0; at < 8; at++) {
        await pause(at ? 50 : 1_200)
        await visitor.evaluate(push, 20)
        await visitor.sees(SHIFT, {}, at + 2)
      }
      await pause(1_200)
      await visitor.evaluate(push, 30)
      await visitor.sees(SHIFT, {}, 10)
    },
    shows: windowOf(8),
  },
  {
    name: 'a window is closed after five seconds',
    pages: { '/': page(TEXT + TALL) },
    visit: shifts([10, 10, 10, 10, 10, 10, 10, 10, 10], 700),
    shows: ({ CLS }) => assert.ok(CLS.entries.length > 1 && CLS.entries.length < 9, `${CLS.entries.length} of 9 shifts`),
  },
  {
    name: 'a shift long after load',
    pages: { '/': page(TEXT + TALL) },
    async visit(visitor) {
      await visitor.open()
      await pause(5_200)
      await visitor.evaluate(push, 100)
      await visitor.sees(SHIFT)
    },
    shows: ({ CLS }) => assert.ok(CLS.attribution.largestShiftTime > 5_000),
  },
  {
    name: 'a shift right after input does not count',
    pages: { '/': page(`${TEXT}${TALL}<script>button.onclick = () => setTimeout(${push}, 50, 100)</script>`) },
    async visit(visitor) {
      await visitor.open()
      await visitor.click('#button')
      await visitor.sees(SHIFT, { hadRecentInput: true })
    },
    shows: ({ CLS }) => assert.equal(CLS.value, 0),
  },
  {
    name: 'a shift that comes long after input counts',
    pages: { '/': page(`${TEXT}${TALL}<script>button.onclick = () => setTimeout(${push}, 700, 100)</script>`) },
    async visit(visitor) {
      await visitor.open()
      await visitor.click('#button')
      await visitor.sees(SHIFT, { hadRecentInput: false })
    },
    shows: ({ CLS }) => assert.ok(CLS.value > 0),
  },
  {
    name: 'shifts with and without input in one window',
    pages: { '/': page(TEXT + TALL) },
    async visit(visitor) {
      await shifts([50])(visitor)
      await visitor.click('#button')
      await visitor.evaluate(push, 200)
      await visitor.sees(SHIFT, { hadRecentInput: true })
    },
    shows: windowOf(1),
  },
  {
    name: 'several elements move in one frame',
    pages: { '/': page(`${TEXT}${TALL}<div id="aside" style="position: absolute; right: 0; top: 50px; width: 300px; height: 300px; background: #eee">Aside</div>`) },
    visit: does(() => {
      document.body.prepend(Object.assign(document.createElement('div'), { style: 'height: 90px' }))
      aside.style.top = '200px'
    }),
    shows: ({ CLS }) => assert.ok(CLS.entries[0].sources.length > 1),
  },
  {
    name: 'what shifted is removed at once',
    pages: { '/': page(`${TEXT}<div id="box">${TALL}</div>`) },
    async visit(visitor) {
      await visitor.open()
      await visitor.settled()
      const act = () => {
        document.body.prepend(Object.assign(document.createElement('div'), { style: 'height: 90px' }))
        requestAnimationFrame(() => setTimeout(() => document.body.replaceChildren('Gone')))
      }
      await visitor.evaluate(act)
      await visitor.sees(SHIFT)
    },
    shows: ({ CLS }) => assert.ok(CLS.value > 0),
  },
  {
    name: 'what shifted is removed later',
    pages: { '/': page(TEXT + TALL) },
    async visit(visitor) {
      await shifts([80])(visitor)
      await visitor.evaluate(() => document.body.replaceChildren('Gone'))
    },
    shows: ({ CLS }) => assert.ok(CLS.attribution.largestShiftTarget),
  },
  {
    name: 'text without an element of its own moves',
    pages: { '/': page('<div id="box">Words that stand in the box itself, and enough of them to move an area that is seen<br>in two lines</div>') },
    visit: does(() => (box.style.paddingTop = '200px')),
    shows: ({ CLS }) => assert.ok(CLS.attribution.largestShiftTarget),
  },
  {
    name: 'an image without dimensions',
    pages: { '/': page(`<p>Above</p><img src="/noise.png?delay=400">${TEXT}${TALL}`) },
    async visit(visitor) {
      await visitor.open()
      await visitor.sees(SHIFT)
    },
    shows: ({ CLS }) => assert.ok(CLS.value > 0),
  },
  {
    name: 'an animation of transform',
    pages: {
      '/': page(TEXT + `<div class="move">${TALL}</div>`, {
        head: '<style>@keyframes move { from { transform: translateY(200px) } } .move { animation: move 300ms }</style>',
      }),
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.until(() => document.getAnimations().length === 0)
    },
    shows: ({ CLS }) => assert.equal(CLS.value, 0),
  },
  {
    name: 'an animation of the layout',
    pages: {
      '/': page(TEXT + `<div class="move">${TALL}</div>`, {
        head: '<style>@keyframes move { from { margin-top: 200px } } .move { animation: move 300ms 100ms }</style>',
      }),
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.until(() => document.getAnimations().length === 0)
      await visitor.sees(SHIFT)
    },
    shows: ({ CLS }) => assert.ok(CLS.entries.length > 3),
  },
  {
    name: 'a shift in a shadow tree',
    pages: {
      '/': page(
        `<p>Text</p><div id="host"></div><script>
          host.attachShadow({ mode: 'open' }).innerHTML = '<div id="strip"></div><div class="b a" style="height: 300px; background: #ddd">Inner</div>'
        </script>`,
      ),
    },
    visit: does(() => (host.shadowRoot.querySelector('#strip').style.height = '100px')),
    shows: ({ CLS }) => assert.ok(CLS.value > 0),
  },
  {
    name: 'a shift in a frame',
    pages: {
      '/': page(`${TEXT}<iframe id="frame" src="/frame" width="500" height="400"></iframe>`),
      '/frame': bare(`<div id="strip"></div>${TALL}`),
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.settled()
      await visitor.evaluate(() => (frame.contentDocument.querySelector('#strip').style.height = '100px'))
      await visitor.settled()
    },
    shows: ({ CLS }) => assert.equal(CLS.value, 0),
  },
  {
    name: 'scrolling shifts nothing',
    pages: { '/': page(`${TEXT}<div style="height: 3000px">Long</div>`) },
    async visit(visitor) {
      await visitor.open()
      await visitor.wheel(300)
      await visitor.until(() => scrollY > 0)
      await visitor.settled()
    },
    shows: ({ CLS }) => assert.equal(CLS.value, 0),
  },
  {
    name: 'content-visibility: auto gives room below',
    pages: {
      '/': page(
        `${TEXT}${'<section style="content-visibility: auto; contain-intrinsic-size: 10px"><p style="height: 300px">Part</p></section>'.repeat(8)}`,
      ),
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.evaluate(() => scrollTo(0, 1e6))
      await visitor.settled()
    },
    shows: ({ CLS }) => assert.equal(CLS.value, 0),
  },
]

export const CLS = situations.map((situation) => ({ needs: [SHIFT], ...situation }))
