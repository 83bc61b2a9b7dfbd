// What the user has agreed to, what the browser says for them, and what a page wants to see before it is sent.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { BREAKS, page } from '../site.mjs'

const NOTHING = [[], [], '']
const VITAL = 2
const VIEW = 1
const ERROR = 65
const LOAD = 0
const ROUTE = 4
/** ms to the browser's snapshot of what waits: the next try of a body comes before. */
const SNAPSHOT = 5_000

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
  ...['', 'yes', 'GRANTED'].map((consent) => ({
    name: `consent that is none of the three is as pending: ${JSON.stringify(consent)}`,
    pages: { '/': page({ tag: `data-consent="${consent}"` }) },
    async visit(guest) {
      await guest.open()
      await guest.until(() => window.wasmRum?.track)
      await guest.leaveAtOnce()
      assert.deepEqual(await guest.stored(), [[], [], ''])
      assert.equal(guest.site.batches.length, 0)
    },
  })),
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
    name: 'consent is pending again: nothing more is sent; when it is granted, what was seen meanwhile is told, and another session begins',
    pages: { '/': page({ overheard: true }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.wasmRum.track('before'))
      await guest.evaluate(() => window.wasmRum.setConsent('pending'))
      await acts(guest)
      await guest.evaluate(() => window.probe.expire(30_000))
      assert.deepEqual([await guest.heard(), await guest.stored()], [[], NOTHING])
      await guest.evaluate(() => {
        window.wasmRum.setConsent('granted')
        window.wasmRum.track('after')
      })
      const { action: actions, view: views, error: errors } = await guest.left()
      assert.deepEqual(pick(actions, 'name'), [['before'], ['secret'], ['after']])
      assert.deepEqual(pick(errors, 'message'), [['an error']])
      const [before, after] = views
      assert.equal(views.length, 2)
      assert.notEqual(after.session_id, before.session_id)
      assert.deepEqual(actions.map((action) => action.in), [before.view_id, before.view_id, after.view_id])
    },
  },
  {
    name: 'consent is pending again, and the page is left: nothing is sent, by a next page that asks neither',
    pages: { '/': page({ overheard: true }), '/asks': page({ overheard: true, tag: 'data-consent="pending"' }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => {
        window.wasmRum.track('before')
        // By now the browser has a snapshot, which it would send.
        window.probe.expire(5_000)
        window.wasmRum.setConsent('pending')
      })
      const stored = await guest.stored()
      await acts(guest)
      await guest.leaveAtOnce()
      await guest.starts('/asks')
      await acts(guest)
      await guest.leaveAtOnce()
      assert.deepEqual([await guest.heard(), guest.site.batches, await guest.stored()], [[], [], stored])
    },
  },
  ...['tab', 'memory'].map((session) => ({
    name: `consent is pending again while a body waits that did not get through: it goes when it is granted, not before; session ${session}`,
    pages: { '/': page({ overheard: true, tag: `data-session="${session}"` }) },
    async visit(guest) {
      await guest.starts()
      guest.site.answer = () => BREAKS
      await guest.evaluate(() => {
        window.wasmRum.track('said')
        window.probe.expire(30_000)
      })
      const { id, text } = await guest.batch(1)
      await guest.until((snapshot) => window.probe.waits(1, snapshot - 1), SNAPSHOT)
      const [tried, failed] = [(await guest.heard()).length, guest.site.batches.length]
      guest.site.answer = () => ({ status: 204 })
      await guest.evaluate(async () => {
        window.wasmRum.setConsent('pending')
        dispatchEvent(new Event('online'))
        window.probe.expire(1, 29_999)
        // A request that is made after one that should not be.
        await fetch('/missing')
      })
      assert.deepEqual([(await guest.heard()).length, guest.site.batches.length], [tried, failed])
      await guest.evaluate(() => {
        window.wasmRum.setConsent('granted')
        dispatchEvent(new Event('online'))
      })
      const again = await guest.batch(failed + 1)
      assert.deepEqual([again.id, again.text], [id, text])
    },
  })),
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
    name: 'or hold until the user was asked and agreed',
    pages: { '/': page({ first: says('globalPrivacyControl', true), overheard: true }) },
    async visit(guest) {
      await guest.starts()
      await acts(guest)
      assert.deepEqual([await guest.stored(), await guest.heard()], [NOTHING, []])
      await guest.evaluate(() => window.wasmRum.setConsent('granted'))
      await guest.evaluate(() => window.wasmRum.track('agreed'))
      const { action: actions } = await guest.left()
      assert.ok(actions.some(({ name }) => name === 'agreed'))
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
    name: 'or hold for all but errors until the user was asked and agreed: from then on all is recorded',
    pages: { '/': page({ tag: 'data-privacy-signals="errors"', first: says('globalPrivacyControl', true) }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.wasmRum.track('before'))
      await guest.evaluate(() => {
        window.wasmRum.setConsent('granted')
        window.wasmRum.track('agreed')
      })
      const { action: actions } = await guest.left()
      assert.ok(actions.some(({ name }) => name === 'agreed'))
    },
  },
  ...['granted', 'denied'].map((consent) => ({
    name: `or hold for all but errors, and then the user is asked: ${consent}, while a body waits that did not get through`,
    pages: { '/': page({ tag: 'data-privacy-signals="errors"', first: says('globalPrivacyControl', true), overheard: true }) },
    async visit(guest) {
      await guest.starts()
      guest.site.answer = () => BREAKS
      await acts(guest)
      await guest.hide()
      const { id, text } = await guest.batch(1)
      await guest.show()
      await guest.until((snapshot) => window.probe.waits(1, snapshot - 1), SNAPSHOT)
      const tried = (await guest.heard()).length
      guest.site.answer = () => ({ status: 204 })
      await guest.evaluate(async (consent) => {
        window.wasmRum.setConsent(consent)
        dispatchEvent(new Event('online'))
        await fetch('/missing')
      }, consent)
      if (consent == 'granted') {
        const again = await guest.batch(2)
        assert.deepEqual([again.id, again.text], [id, text])
      } else assert.equal((await guest.heard()).length, tried)
    },
  })),
  {
    name: 'query parameters that the page allows by name stay in URLs; all others are lost, and fragments',
    pages: {
      '/': page({ tag: 'data-queries="page,sort" data-resources="1"' }),
      '/next': page({ options: "{ queries: ['page'] }" }),
    },
    routes: { '/api': () => ({ body: '{}' }), '/widget.js': () => ({ type: 'text/javascript', body: '' }) },
    async visit(guest) {
      const { elsewhere } = guest.site
      await guest.starts('/?sort=up&secret=1&pages=secret&Page=secret#page=secret')
      await guest.evaluate(async (elsewhere) => {
        await fetch('/api?page=3&secret=1&page=4#secret')
        await fetch(`${elsewhere}/api?secret=1&sort=by%20name`)
        await fetch('/api?secret=1')
        await new Promise((done) => {
          const xhr = new XMLHttpRequest()
          xhr.onloadend = done
          xhr.open('GET', '/api?secret=1&page=5')
          xhr.send()
        })
        const add = (name, given) =>
          new Promise((done) => document.body.append(Object.assign(document.createElement(name), { ...given, onload: done, onerror: done })))
        await add('img', { src: '/missing.png?page=6&secret=1' })
        await add('script', { src: '/widget.js?secret=1&sort=down' })
        // Another query is another page as far as it is allowed.
        history.pushState(0, '', '/?sort=up&secret=2')
        history.pushState(0, '', '/?page=2&secret=2&sort=up#secret')
      }, elsewhere)
      await guest.until(() => window.probe.resources.some((name) => name.includes('/widget.js')))
      await guest.evaluate(() => void (location.href = '/next?page=9&sort=secret'))
      await guest.untilThere(() => location.pathname === '/next' && window.probe?.core)
      const { view: views, request: requests, error: errors, resource: resources } = await guest.left(2)
      assert.deepEqual(pick(views, 'kind', 'page').sort(), [[LOAD, '/?sort=up'], [LOAD, '/next?page=9'], [ROUTE, '/?page=2&sort=up']])
      // The page that it came from is cut by what this one allows.
      assert.deepEqual(pick(views, 'referrer').flat().filter(Boolean), ['/?page=2'])
      assert.deepEqual(pick(requests, 'url').flat(), ['/api?page=3&page=4', `${elsewhere}/api?sort=by+name`, '/api', '/api?page=5'])
      assert.deepEqual(pick(errors, 'url'), [['/missing.png?page=6']])
      assert.ok(resources.some(({ url }) => url === '/widget.js?sort=down'), `${pick(resources, 'url')}`)
      assert.deepEqual(guest.texts().filter((text) => /secret/i.test(text)), [])
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
            if (event.kind === 'view') return { ...event, view_id: 'none', page: '/account/:name', attributes: null }
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
        window.wasmRum.setUser({ id: 7, name: 'Jo' })
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
      assert.deepEqual([...new Set(seen)].filter((kind) => kind !== 'long_frame').sort(), ['action', 'error', 'request', 'view', 'vital'])
      assert.deepEqual(uncaught, ['order 4711'], 'what beforeSend throws is nobody’s error')
      assert.equal(views[0].core_dropped, 1, 'and what it threw at is counted')
      assert.deepEqual(pick(views, 'page', 'user', 'attributes'), [['/account/:name', '7', null]])
      assert.match(views[0].view_id, /^[\da-f]{16}$/, 'which view it is stays')
    },
  },
  ...['return null', 'throw 0', 'return {}'].map((how) => ({
    name: `of a view that beforeSend drops there are ids, for what belongs to it: ${how}`,
    pages: { '/': page({ first: `<script>window.beforeSend = (event) => { if (event.kind === 'view') ${how}; return event }</script>`, options: '{ beforeSend }' }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.wasmRum.track('said'))
      const { action: actions, view: views } = await guest.left()
      assert.deepEqual(pick(views, 'page', 'end', 'receipt', 'surroundings'), [['', null, null, null]])
      assert.deepEqual(pick(actions, 'name', 'in'), [['said', views[0].view_id]])
    },
  })),
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
