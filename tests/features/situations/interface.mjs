// What a page may say: events, numbers, lines of a log, who its user is, and that it is enough.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { page } from '../site.mjs'

const TRACK = 2
const MEASURE = 3
const LOAD = 0
const MANUAL = 5
const PAGES_OWN = 0
const CONSOLE = 1

/** A page whose rates of logs are drawn with this number from 0 to 1. */
const sampled = (tag, drawn) => page({ tag: `${tag} data-console-logs="warn"`, first: `<script>Math.random = () => ${drawn}</script>` })

export const INTERFACE = [
  {
    name: 'events and numbers; nothing that a page says throws',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => {
        const { wasmRum } = window
        wasmRum.track('Added to cart', { sku: 'A-7', price: 12.5, gift: false })
        wasmRum.measure('cart', 3.1416, { currency: 'EUR' })
        wasmRum.measure('nonsense', 'x')
        wasmRum.track(Symbol('s'))
        wasmRum.measure('odd', 7n)
        wasmRum.setUser({ get id() { throw new Error('of the page') } })
      })
      const { action: actions, view: views } = await guest.left()
      assert.deepEqual(pick(actions, 'kind', 'name', 'value', 'attributes'), [
        [TRACK, 'Added to cart', null, { sku: 'A-7', price: '12.5', gift: 'false' }],
        [MEASURE, 'cart', 3142, { currency: 'EUR' }],
      ])
      assert.equal(views[0].receipt[1], 4, 'what cannot be read, and what is no number, is counted')
    },
  },
  {
    name: 'what is said before the second part of the SDK is there waits for it',
    pages: {
      '/': page({
        head: `<script>addEventListener('DOMContentLoaded', function ask() {
          if (!window.wasmRum) return setTimeout(ask)
          wasmRum.push((rum) => rum.track('early'))
          wasmRum.push(() => { throw new Error('of the page') })
        })</script>`,
      }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.until(() => window.probe.uncaught.length)
      const { action: actions, error: errors } = await guest.left()
      assert.deepEqual(pick(actions, 'name'), [['early']])
      assert.deepEqual(pick(errors, 'message', 'handled'), [['of the page', 0]])
    },
  },
  {
    name: 'the functions of the npm package do what the methods do',
    pages: {
      '/': page({ options: "{ release: 'r1', environment: 'test' }", head: '<script type="module">window.rum = await import("/sdk/npm/index.js")</script>' }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.until(() => window.rum)
      await guest.evaluate(() => {
        const { rum } = window
        rum.track('said', { a: 1 })
        rum.measure('number', 1.5)
        rum.log('warn', 'a line')
        rum.captureError(new RangeError('caught'))
        rum.startView('Named')
      })
      const { action: actions, log: logs, error: errors, view: views } = await guest.left()
      assert.deepEqual(pick(actions, 'name', 'value', 'attributes'), [['said', null, { a: '1' }], ['number', 1500, null]])
      assert.deepEqual(pick(logs, 'level', 'message'), [[3, 'a line']])
      assert.deepEqual(pick(errors, 'class', 'message'), [['RangeError', 'caught']])
      assert.deepEqual(pick(views, 'kind', 'page_name'), [[LOAD, null], [MANUAL, 'Named']])
      const [, , , , document] = JSON.parse(guest.site.batches[0].text)
      assert.deepEqual(document.slice(3, 5), ['r1', 'test'])
    },
  },
  {
    name: 'lines of a log, and of the console by level',
    pages: { '/': page({ tag: 'data-console-logs="warn,info,log"' }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => {
        const { wasmRum } = window
        wasmRum.log('info', 'from the page', { step: 2 })
        for (const level of ['trace', 'debug', 'warn', 'error', 'nonsense']) wasmRum.log(level, level)
        console.warn('careful', [1, 2])
        console.info('known')
        console.log('as well')
        console.debug('not wanted')
        console.error('nor this')
        for (let n = 0; n < 100; n++) wasmRum.log('debug', `line ${n}`)
      })
      const { log: logs, view: views } = await guest.left()
      assert.deepEqual(pick(logs, 'level', 'message', 'source', 'attributes').slice(0, 9), [
        [2, 'from the page', PAGES_OWN, { step: '2' }],
        [0, 'trace', PAGES_OWN, null],
        [1, 'debug', PAGES_OWN, null],
        [3, 'warn', PAGES_OWN, null],
        [4, 'error', PAGES_OWN, null],
        [2, 'nonsense', PAGES_OWN, null],
        [3, 'careful [1,2]', CONSOLE, null],
        [2, 'known', CONSOLE, null],
        [2, 'as well', CONSOLE, null],
      ])
      assert.equal(logs.length, 100, 'bounded in a view')
      assert.equal(views[0].receipt[1], 9, 'and counted')
    },
  },
  {
    name: 'lines of a log at a rate: a document that is drawn records all of them, each for as many as it stands; another one none',
    pages: {
      '/drawn': sampled('data-logs="0.25"', 0.249),
      '/spared': sampled('data-logs="0.25"', 0.25),
      '/none': sampled('data-logs="false"', 0),
      '/all': sampled('', 0.999),
    },
    async visit(guest) {
      const found = {}
      for (const [at, path] of ['/drawn', '/spared', '/none', '/all'].entries()) {
        await guest.starts(path)
        await guest.evaluate(() => {
          window.wasmRum.log('info', 'said')
          console.warn('warned')
          // What is no line is not sampled with them.
          window.wasmRum.track('done')
        })
        const { view: views, log: logs, action: actions } = await guest.left(at + 1)
        const [view] = views.filter(({ page }) => page === path)
        const here = (rows) => rows.filter((row) => row.in === view.view_id)
        assert.deepEqual(pick(here(actions), 'name'), [['done']])
        assert.equal(view.receipt[1] ?? 0, 0, 'what is not drawn is not lost')
        found[path] = pick(here(logs), 'message', 'weight')
      }
      assert.deepEqual(found, {
        '/drawn': [['said', 4_000], ['warned', 4_000]],
        '/spared': [],
        '/none': [],
        '/all': [['said', null], ['warned', null]],
      })
    },
  },
  {
    name: 'who the user is, and what holds, for this view and the next ones',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        const { wasmRum } = window
        // Views are told of it in a task of its own.
        const told = () => new Promise((later) => setTimeout(later))
        wasmRum.setUser({ id: 42, plan: 'pro' })
        wasmRum.setContext({ shop: 'north' })
        wasmRum.addTag('team', 'checkout')
        wasmRum.setFlag('new-cart', true)
        wasmRum.startView('second')
        await told()
        wasmRum.setUser(null)
        wasmRum.startView('third')
        await told()
      })
      const { view: views } = await guest.left()
      const rest = { shop: 'north', 'tag.team': 'checkout', 'flag.new-cart': 'true' }
      assert.deepEqual(pick(views, 'page_name', 'user', 'attributes'), [
        [null, '42', { 'user.plan': 'pro', ...rest }],
        ['second', null, rest],
        ['third', null, rest],
      ])
    },
  },
  {
    name: 'the session’s id, and the end of capture: what waits is sent, and nothing after that',
    pages: { '/': page({ overheard: true }) },
    async visit(guest) {
      await guest.starts()
      const session = await guest.evaluate(() => {
        const { wasmRum } = window
        wasmRum.track('before')
        wasmRum.stop()
        wasmRum.track('after')
        wasmRum.captureError(new Error('after'))
        return wasmRum.getSession()
      })
      const { action: actions, error: errors, view: views } = await guest.left()
      assert.deepEqual(pick(views, 'session_id'), [[session.id]])
      assert.deepEqual(pick(actions, 'name'), [['before']])
      assert.deepEqual(errors, [])
      assert.equal((await guest.heard()).length, 1, 'the page is left in silence')
    },
  },
]
