// What the user has agreed to, what the browser says for them, and what a page wants to see before it is sent.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { page } from '../site.mjs'

const NOTHING = [[], [], '']
const VITAL = 2
const VIEW = 1
const ERROR = 65

/** Says of the browser what it may not have been set to say. */
const says = (name, value) => `<script>Object.defineProperty(Navigator.prototype, '${name}', { configurable: true, get: () => ${value} })</script>`

/** A page whose user does things that would be recorded. */
const acts = (guest) =>
  guest.evaluate(async () => {
    window.wasmRum.track('secret')
    await fetch('/missing')
    await window.probe.later(() => { throw new Error('an error') })
  })

/** Nothing was handed over, nothing has arrived, nothing is stored: by this page, and when it was left. */
async function nothing(guest) {
  assert.deepEqual(await guest.stored(), NOTHING)
  await guest.leaveAtOnce()
  assert.deepEqual(await guest.stored(), NOTHING)
  assert.deepEqual([await guest.heard(), guest.site.batches], [[], []])
}

const signal = (name, first) => ({
  name: `${name} is obeyed: nothing is stored, nothing is sent`,
  pages: { '/': page({ overheard: true, first }) },
  async visit(guest) {
    await guest.starts()
    await acts(guest)
    await nothing(guest)
  },
})

export const PRIVACY = [
  {
    name: 'consent is pending: nothing is stored or sent; when it is granted, what was seen meanwhile is told',
    pages: { '/': page({ overheard: true, tag: 'data-consent="pending"' }) },
    async visit(guest) {
      await guest.starts()
      await acts(guest)
      // What waits as long as any record may.
      await guest.evaluate(() => window.probe.expire(30_000))
      assert.deepEqual([await guest.stored(), await guest.heard()], [NOTHING, []])
      await guest.evaluate(() => {
        window.wasmRum.setConsent('granted')
        window.wasmRum.track('after')
      })
      const { action: actions, view: views, error: errors } = await guest.left()
      assert.deepEqual(pick(actions, 'name'), [['secret'], ['after']])
      assert.equal(errors.length, 1)
      assert.equal(views.length, 2)
      assert.notEqual(views[1].session_id, views[0].session_id, 'another session')
      assert.deepEqual((await guest.stored())[0].includes('wasm-rum'), true)
    },
  },
  {
    name: 'consent is pending, and the page is left: nothing was stored or sent',
    pages: { '/': page({ overheard: true, tag: 'data-consent="pending"' }) },
    async visit(guest) {
      await guest.starts()
      await acts(guest)
      await nothing(guest)
    },
  },
  {
    name: 'consent is denied: what was stored goes, and nothing more is sent',
    pages: { '/': page({ overheard: true }) },
    async visit(guest) {
      await guest.starts()
      await guest.leaveAtOnce()
      await guest.batch(1)
      const [stored] = await guest.stored()
      assert.ok(stored.includes('wasm-rum'), `${stored}`)
      await guest.starts()
      const before = (await guest.heard()).length
      await guest.evaluate(() => window.wasmRum.setConsent('denied'))
      await acts(guest)
      await guest.evaluate(() => window.wasmRum.setConsent('granted'))
      assert.deepEqual(await guest.stored(), NOTHING)
      await guest.leaveAtOnce()
      assert.deepEqual([await guest.stored(), (await guest.heard()).length], [NOTHING, before])
      assert.deepEqual(guest.texts().filter((text) => /secret/.test(text)), [])
    },
  },
  signal('Global Privacy Control', says('globalPrivacyControl', true)),
  signal('Do Not Track', says('doNotTrack', '"1"')),
  {
    name: 'signals may be ignored',
    pages: { '/': page({ tag: 'data-privacy-signals="ignore"', first: says('globalPrivacyControl', true) }) },
    async visit(guest) {
      await guest.starts()
      await acts(guest)
      assert.deepEqual(pick((await guest.left()).action, 'name'), [['secret']])
    },
  },
  {
    name: 'or hold for all but errors, without anything stored',
    pages: { '/': page({ tag: 'data-privacy-signals="errors"', first: says('globalPrivacyControl', true) }) },
    async visit(guest) {
      await guest.starts()
      await acts(guest)
      const { error: errors } = await guest.left()
      assert.deepEqual(await guest.stored(), NOTHING)
      assert.deepEqual(pick(errors, 'message'), [['an error']])
      const kinds = guest.site.batches.flatMap(({ text }) => JSON.parse(text)[5].map(([kind]) => kind))
      assert.deepEqual([...new Set(kinds)].sort(), [VIEW, ERROR])
    },
  },
  {
    name: 'beforeSend changes an event, or drops it',
    pages: {
      '/': page({
        first: `<script>
          window.seen = []
          window.beforeSend = (event) => {
            seen.push(event.kind)
            if (event.kind === 'error') event.message = event.message.replace(/\\d+/, 'n')
            if (event.kind === 'request') return null
            if (event.name === 'secret') return
            if (event.name === 'breaks') throw new Error('of the page')
            return event.kind === 'action' ? { ...event, name: event.name + ', of type ' + event.type } : event
          }
        </script>`,
        options: '{ beforeSend }',
      }),
    },
    routes: { '/api': () => ({ body: '{}' }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        for (const name of ['secret', 'breaks', 'open']) window.wasmRum.track(name, { a: 1 })
        await fetch('/api')
        await window.probe.later(() => { throw new Error('order 4711') })
        // Events are made in idle time, at the latest when the page is left.
        addEventListener('pagehide', () => window.probe.note('seen', [window.seen, window.probe.uncaught.map(({ error }) => error.message)]))
      })
      const { action: actions, error: errors, request: requests, vital: vitals, view: views } = await guest.left()
      assert.deepEqual(pick(actions, 'name', 'attributes'), [['open, of type 2', { a: '1' }]])
      assert.deepEqual(pick(errors, 'message'), [['order n']])
      assert.deepEqual(requests, [])
      assert.ok(vitals.length >= 2)
      const [seen, uncaught] = await guest.noted('seen')
      // Of a busy machine there are long frames as well.
      assert.deepEqual([...new Set(seen)].filter((kind) => kind !== 'long_frame').sort(), ['action', 'error', 'request', 'vital'])
      assert.deepEqual(uncaught, ['order 4711'], 'what beforeSend throws is nobody’s error')
      assert.equal(views[0].core_dropped, 1, 'and what it threw at is counted')
    },
  },
  {
    name: 'without Wasm a page with beforeSend sends numbers only',
    pages: { '/': page({ options: '{ beforeSend: (event) => event, wasm: "/no.wasm" }', body: '<h1 id="secret-id">A page</h1>' }) },
    async visit(guest) {
      await guest.open()
      await guest.asked('/no.wasm')
      await guest.evaluate(() => window.wasmRum.push((rum) => rum.track('secret')))
      const { view: views, vital: vitals, action: actions } = await guest.left()
      assert.deepEqual(guest.texts().filter((text) => /secret/.test(text)), [])
      assert.deepEqual([pick(views, 'page'), actions], [[['']], []])
      assert.ok(vitals.length >= 2)
    },
  },
]
