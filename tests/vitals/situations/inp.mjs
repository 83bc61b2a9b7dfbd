// How long a page takes to answer its visitor, and where the time goes.

import assert from 'node:assert/strict'

import { bare, BUSY, page } from '../html.mjs'

const EVENT = 'event'
const CONTROLS = '<h1>A page</h1><button id="button">Press</button> <input id="field"> <p id="answer">…</p>'
/** A page with controls and a script. */
const app = (script, more = '', options) => page(`${CONTROLS}${more}${BUSY}<script>${script}</script>`, options)

/** Opens the page, acts, and waits for an entry that is as long as `like` says. */
const acts = (act) => async (visitor) => {
  await visitor.open()
  await visitor.settled()
  await act(visitor)
  await visitor.settled()
}

const clicks = (selector, options) => acts((visitor) => visitor.click(selector, options))
const types = (...keys) =>
  acts(async (visitor) => {
    await visitor.click('#field')
    // A slow key would keep the click's frame waiting.
    await visitor.settled()
    for (const key of keys) await visitor.key(key)
  })

/** The largest part of the interaction is `part`, of at least so many ms. */
const mostly = (part, least) => ({ INP }) => {
  const parts = ['inputDelay', 'processingDuration', 'presentationDelay']
  const longest = parts.reduce((a, b) => (INP.attribution[b] > INP.attribution[a] ? b : a))
  assert.equal(longest, part)
  assert.ok(INP.attribution[part] >= least, `${part} is ${INP.attribution[part]}`)
}
const without = ({ INP }) => assert.equal(INP, undefined)
const atLeast = (ms, target) => ({ INP }) => {
  assert.ok(INP.value >= ms, `INP is ${INP.value}`)
  if (target) assert.equal(INP.attribution.interactionTarget, target)
}

const situations = [
  {
    name: 'a click with a slow handler',
    pages: { '/': app('button.onclick = () => busy(150)') },
    visit: clicks('#button'),
    shows: mostly('processingDuration', 140),
  },
  {
    name: 'a task keeps the click waiting',
    // The browser has to know when the button was pressed although the page did not listen.
    needs: [EVENT, 'input-while-busy'],
    pages: { '/': app('button.onpointerdown = () => setTimeout(busy, 0, 250); button.onclick = () => (answer.textContent = "Yes")') },
    visit: clicks('#button', { delay: 50 }),
    shows: mostly('inputDelay', 100),
  },
  {
    name: 'a click after which rendering is slow',
    pages: { '/': app('button.onclick = () => requestAnimationFrame(() => { busy(200); answer.textContent = "Yes" })') },
    visit: clicks('#button'),
    shows: mostly('presentationDelay', 180),
  },
  {
    name: 'a click that forces layouts in a script of its own',
    pages: {
      '/': app('', '<script src="/layouts.js"></script>'),
      '/layouts.js': {
        type: 'text/javascript',
        body: `document.querySelector('#button').addEventListener('click', function thrash() {
          const end = performance.now() + 150
          for (let width = 100; performance.now() < end; width++) {
            answer.style.width = width + 'px'
            answer.offsetHeight
          }
        })`,
      },
    },
    visit: clicks('#button'),
    shows({ INP, abilities }) {
      assert.ok(INP.value >= 140)
      if (abilities.has('long-animation-frame')) assert.ok(INP.attribution.totalStyleAndLayoutDuration > 0)
    },
  },
  {
    name: 'press and release are slow, and the click most',
    pages: { '/': app('button.onpointerdown = () => busy(60); button.onpointerup = () => busy(80); button.onclick = () => busy(100)') },
    visit: clicks('#button'),
    shows: atLeast(100, '#button'),
  },
  {
    name: 'interactions that are all short',
    pages: { '/': app('') },
    visit: acts(async (visitor) => {
      await visitor.click('#button')
      await visitor.click('#answer')
    }),
    shows: ({ INP }) => assert.ok(INP.value < 104, `INP is ${INP.value}`),
  },
  {
    name: 'a key in a text field',
    pages: { '/': app('field.onkeydown = () => busy(120)') },
    visit: types('a'),
    shows: ({ INP }) => assert.equal(INP.attribution.interactionType, 'keyboard'),
  },
  {
    name: 'a word in a text field, with slow input events',
    pages: { '/': app('let n = 0; field.oninput = () => busy(60 + 20 * n++)') },
    visit: types('w', 'o', 'r', 'd'),
    shows: atLeast(100, '#field'),
  },
  {
    name: 'Enter presses a button',
    pages: { '/': app('button.onclick = () => busy(120)') },
    visit: acts(async (visitor) => {
      await visitor.evaluate(() => button.focus())
      await visitor.key('Enter')
    }),
    shows: atLeast(110, '#button'),
  },
  {
    name: 'a key in a list',
    pages: { '/': app('list.onchange = list.onkeydown = () => busy(100)', '<select id="list"><option>One<option>Two</select>') },
    visit: acts(async (visitor) => {
      await visitor.evaluate(() => list.focus())
      await visitor.key('ArrowDown')
    }),
    shows: atLeast(90, '#list'),
  },
  {
    name: 'a drag',
    pages: { '/': app('button.onpointerdown = () => busy(50); onpointerup = () => busy(150)') },
    visit: acts((visitor) => visitor.drag('#button', '#answer')),
    shows: atLeast(140),
  },
  {
    name: 'a tap',
    needs: [EVENT, 'touch'],
    pages: { '/': app('button.onclick = () => busy(120)') },
    visit: acts(async (visitor) => {
      await visitor.tap('#button')
      await visitor.sees(EVENT, { name: 'click' })
    }),
    shows: atLeast(110, '#button'),
  },
  {
    name: 'a press that is held for long',
    pages: { '/': app('button.onclick = () => busy(60)') },
    visit: clicks('#button', { delay: 600 }),
    shows: ({ INP }) => assert.ok(INP.value < 500, 'holding is not waiting'),
  },
  {
    name: 'the context menu',
    pages: { '/': app('oncontextmenu = (event) => { event.preventDefault(); busy(120) }') },
    visit: clicks('#button', { button: 'right' }),
    shows: atLeast(110, '#button'),
  },
  {
    name: 'a double click',
    pages: { '/': app('let n = 0; button.onclick = () => busy(n++ ? 150 : 60)') },
    visit: clicks('#button', { count: 2 }),
    shows: atLeast(140),
  },
  {
    name: 'a click on a label',
    pages: { '/': app('box.onclick = () => busy(100)', '<label id="label">Choose <input type="checkbox" id="box"></label>') },
    visit: clicks('#label', { offset: { x: 5, y: 5 } }),
    shows: atLeast(90),
  },
  {
    name: 'what was clicked removes itself',
    pages: { '/': app('button.onclick = () => { button.remove(); busy(120) }') },
    visit: clicks('#button'),
    shows: atLeast(110),
  },
  {
    name: 'a click in a shadow tree',
    pages: {
      '/': app(
        `host.attachShadow({ mode: 'open' }).innerHTML = '<button id="inner">Inner</button>'
         host.shadowRoot.querySelector('button').onclick = () => busy(120)`,
        '<div id="host"></div>',
      ),
    },
    visit: clicks('#host', { offset: { x: 8, y: 8 } }),
    shows: atLeast(110),
  },
  {
    name: 'a click in a frame is not the page’s',
    pages: {
      '/': app('', '<iframe id="frame" src="/frame" width="300" height="200"></iframe>'),
      '/frame': bare(`<button id="b" style="width: 280px; height: 180px">Inner</button>${BUSY}<script>b.onclick = () => busy(120)</script>`),
    },
    visit: clicks('#frame'),
    shows: without,
  },
  {
    name: 'moving and scrolling are no interactions',
    pages: { '/': app('onpointermove = () => busy(60); onwheel = () => busy(60)', '<div style="height: 3000px">Long</div>') },
    visit: acts(async (visitor) => {
      await visitor.wheel(200)
      await visitor.until(() => scrollY > 0)
    }),
    shows: without,
  },
  {
    name: 'sixty interactions: the slowest is an outlier',
    pages: { '/': app('let n = 0; field.onkeydown = () => { n++; if (n === 10) busy(300); if (n === 20) busy(150) }') },
    visit: acts(async (visitor) => {
      await visitor.evaluate(() => field.focus())
      for (let press = 1; press <= 60; press++) {
        await visitor.key('a')
        // The slow ones share their frame with no other.
        if ([9, 10, 19, 20].includes(press)) await visitor.settled()
      }
    }),
    shows({ INP, document }) {
      const longest = Math.max(...document.reports.filter(({ metric, library }) => library === 'reference' && metric.name === 'INP').map(({ metric }) => metric.value))
      assert.ok(INP.value >= 140 && INP.value < longest, `INP is ${INP.value}, the longest ${longest}`)
    },
  },
  {
    name: 'more slow interactions than are kept',
    pages: { '/': app('let n = 0; field.onkeydown = () => busy(50 + 8 * (n++ % 7))') },
    visit: acts(async (visitor) => {
      await visitor.evaluate(() => field.focus())
      for (let press = 0; press < 14; press++) await visitor.key('a')
    }),
    shows: atLeast(90, '#field'),
  },
  {
    name: 'a handler that throws',
    pages: { '/': app('button.onclick = () => { busy(120); throw new Error("on purpose") }') },
    visit: clicks('#button'),
    shows: atLeast(110, '#button'),
  },
  {
    name: 'a handler that stops the event',
    pages: {
      '/': app(
        `for (const type of ['pointerdown', 'pointerup', 'click'])
           addEventListener(type, (event) => { event.stopImmediatePropagation(); event.preventDefault(); busy(70) }, true)`,
      ),
    },
    visit: clicks('#button'),
    shows: atLeast(60),
  },
  {
    name: 'a handler that waits for the network',
    pages: {
      '/': app(`button.onclick = () => {
        const request = new XMLHttpRequest()
        request.open('GET', '/answer?delay=200', false)
        request.send()
      }`),
      '/answer': { type: 'text/plain', body: 'yes' },
    },
    visit: clicks('#button'),
    // Firefox counts nothing of what it waits for.
    shows: atLeast(0, '#button'),
  },
  {
    name: 'a handler that asks with a dialogue',
    pages: { '/': app('button.onclick = () => alert("Yes?")') },
    needs: [EVENT, 'dialogue'],
    visit: clicks('#button'),
    shows: atLeast(0, '#button'),
  },
  {
    name: 'a click while the page still loads',
    pages: { '/': app('button.onclick = () => busy(120)', '<img src="/noise.png?delay=900">') },
    async visit(visitor) {
      await visitor.open('/', 'commit')
      await visitor.until(() => window.button?.onclick)
      await visitor.settled()
      await visitor.click('#button')
      await visitor.until(() => document.readyState === 'complete')
    },
    shows: ({ INP }) => assert.notEqual(INP.attribution.loadState, 'complete'),
  },
]

export const INP = situations.map((situation) => ({ needs: [EVENT], ...situation }))
