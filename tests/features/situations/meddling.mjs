// Pages that get in the way: what they replace, freeze or hand over by mistake costs them that, and nothing else.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { FILES, page } from '../site.mjs'

/** Pages whose first script does something to what the SDK uses; it goes on all the same. */
const MEDDLED = {
  'XMLHttpRequest is replaced by a function whose objects bring their methods':
    'const Native = XMLHttpRequest; window.XMLHttpRequest = function () { const real = new Native(); return { open: (...given) => real.open(...given), send: () => real.send() } }',
  'XMLHttpRequest lets nobody touch its methods': 'Object.freeze(XMLHttpRequest.prototype)',
  'the console lets nobody touch its methods': 'Object.freeze(console)',
}

const TEXT = 'v'.repeat(1_000)

export const MEDDLING = [
  ...Object.entries(MEDDLED).map(([name, source]) => ({
    name,
    // By a module, which is strict: to set what is frozen throws there.
    pages: { '/': page({ first: `<script>${source}</script>`, options: "{ consoleErrors: true, consoleLogs: 'warn' }" }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => {
        window.wasmRum.track('works')
        return window.probe.later(() => { throw new Error('told') })
      })
      const { action: actions, error: errors, vital: vitals } = await guest.left()
      assert.deepEqual(pick(actions, 'name'), [['works']])
      assert.deepEqual(pick(errors, 'message'), [['told']])
      assert.ok(vitals.length)
    },
  })),
  {
    name: 'an element whose properties throw, and a form whose fields have the names of methods',
    pages: {
      '/': page({
        body: `<form id="form" onsubmit="return false"><input name="closest"><input name="getAttribute"><button id="button">Go</button></form>
          <script>customElements.define('x-image', class extends HTMLElement { get src() { throw new Error('no source') } })</script><x-image></x-image>`,
      }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => document.querySelector('x-image').dispatchEvent(new Event('error')))
      await guest.click('#button')
      await guest.evaluate(() => {
        window.wasmRum.track('works')
        return window.probe.later(() => { throw new Error('told') })
      })
      const { action: actions, error: errors } = await guest.left()
      assert.ok(actions.some(({ name }) => name === 'works'))
      assert.deepEqual(pick(errors, 'message'), [['told']])
    },
  },
  {
    name: 'patterns that are none match nothing',
    pages: { '/': page({ options: "{ ignoreErrors: [(message) => message, '', undefined, null, 7, 'unwanted', /^al{2}o$/], denyUrls: [''] }" }) },
    async visit(guest) {
      await guest.starts()
      for (const message of ['told', 'is unwanted', 'allo']) {
        await guest.evaluate((message) => window.probe.later(() => { throw new Error(message) }), message)
      }
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'message'), [['told']])
    },
  },
  {
    name: 'names of thousands of letters, and a context of hundreds of thousands, leave room for what else is told',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async (text) => {
        for (let n = 0; n < 5; n++) window.wasmRum.track(`kept ${n}`)
        window.wasmRum.captureError(Object.assign(new Error('long'), { name: 'N'.repeat(120_000), cause: Object.assign(new Error('cause'), { name: 'C'.repeat(120_000) }) }))
        window.wasmRum.setContext(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`key ${n}`, text])))
        window.wasmRum.setUser(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`key ${n}`, text])))
        for (let n = 5; n < 60; n++) window.wasmRum.track(`kept ${n}`)
      }, TEXT)
      const { action: actions, error: errors, view: views } = await guest.left()
      assert.deepEqual(pick(actions, 'name').flat(), Array.from({ length: 60 }, (_, n) => `kept ${n}`))
      assert.equal(errors[0].class, 'N'.repeat(200))
      assert.equal(errors[0].causes[0][0], 'C'.repeat(200))
      const told = Object.entries(views[0].attributes)
      assert.ok(told.length >= 7 && told.join().length <= 8_000, `${told.length} properties`)
      assert.ok(views[0].receipt[1] > 0, 'the others are counted')
    },
  },
  {
    name: 'thousands of tags are as many as there is room for',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => {
        for (let n = 0; n < 5_000; n++) window.wasmRum.addTag(`tag ${n}`, n)
      })
      const { view: views } = await guest.left()
      assert.equal(Object.keys(views[0].attributes).length, 50)
    },
  },
  {
    name: 'without Wasm, however much a page says of itself, a body is one that the collector takes',
    routes: { [`/sdk/${FILES.wasm[0]}`]: () => ({ status: 404 }) },
    async visit(guest) {
      await guest.open()
      await guest.until(() => window.wasmRum?.track)
      for (let round = 0; round < 6; round++) {
        await guest.evaluate(
          ([text, round]) => {
            for (let n = 0; n < 20; n++) {
              window.wasmRum.setContext({ text, round, n })
              window.wasmRum.startView(`view ${round} ${n}`)
            }
          },
          [TEXT.slice(0, 900), round],
        )
        await guest.hide()
        await guest.batch(round + 1)
        await guest.show()
      }
      for (const { text } of guest.site.batches) assert.ok(text.length < 150_000, `${text.length} characters`)
    },
  },
  {
    name: 'what is no event any more is dropped, and of a view stays what others are joined to it by',
    pages: {
      '/': page({
        first: `<script>
          window.beforeSend = (event) => {
            if (event.kind === 'action') return event.name === 'later' ? Promise.resolve(event) : true
            if (event.kind === 'view') Object.assign(event, { attributes: { a: 1 }, user: 7, end: 0.5, navigation: [], page: event.page + 'changed' })
            return event
          }</script>`,
        options: '{ beforeSend }',
      }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => {
        window.wasmRum.setContext({ plan: 'gold' })
        window.wasmRum.track('now')
        window.wasmRum.track('later')
        return window.probe.later(() => { throw new Error('told') })
      })
      const { action: actions, error: errors, view: views } = await guest.left()
      assert.deepEqual(actions, [])
      assert.deepEqual(pick(errors, 'message'), [['told']])
      assert.deepEqual(pick(views, 'page', 'user'), [['/changed', null]])
      assert.deepEqual(views[0].attributes, { plan: 'gold' })
      assert.ok(Number.isInteger(views[0].end) && views[0].navigation.length)
    },
  },
]
