// Sessions: where one is kept, and with it the bodies that wait; and what goes on with it.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { until } from '../../vitals/visit.mjs'
import { FILES, page, NEVER, sdkFile } from '../site.mjs'

const SESSION = 'wasm-rum'
const BODIES = 'wasm-rum features'

/** The sessions of all views that have arrived, in the order of the views' starts. */
const sessions = (guest) => {
  const views = guest.site.batches.flatMap(({ text }) => JSON.parse(text)[5].filter(([kind]) => kind === 1))
  return [...new Map(views.map(([, , , id, session]) => [id, session])).values()]
}

/** What is stored, without what tells bodies apart. */
const stored = async (guest) => {
  const [session, local, cookies] = await guest.stored()
  const plain = (names) => names.map((name) => name.replace(/ \d+,.*/, ''))
  return [plain(session), plain(local), cookies]
}

/** A page that is left, whose bodies nobody answers. */
async function leavesWithoutAnswer(guest) {
  guest.site.answer = () => NEVER
  await guest.starts()
  await guest.leaveAtOnce()
  await guest.batch(1)
  guest.site.answer = () => ({ status: 204 })
}

const ACTS = { '/': page({ body: '<button id="button" onclick="this.textContent += 1">Act</button>' }) }
const RESUMED = 6
/** Where a body's document says the version of the rate that its session has. */
const RATE = 5

/** From now on the clock on the wall is later by so many minutes. */
const passes = (guest, minutes) =>
  guest.evaluate((minutes) => {
    const { now } = Date
    Date.now = () => now() + minutes * 60_000
  }, minutes)

/** Starts a page that is told while it is seen: of the sessions that begin later none is in the sample. */
async function hearsOfNoSample(guest) {
  guest.site.answer = () => ({ status: 204, headers: { 'Rum-Rate': '7;0', 'Access-Control-Expose-Headers': 'Rum-Rate' } })
  await guest.starts()
  await guest.hide()
  await guest.batch(1)
  await guest.show()
}

/** The tab's next page begins a session that is not in the sample: the rate is of the next one, so this one is made over. */
async function isInNoSample(guest) {
  await hearsOfNoSample(guest)
  await guest.leaveAtOnce()
  await guest.evaluate(() => (sessionStorage['wasm-rum'] = sessionStorage['wasm-rum'].replace(/^[^,]*/, '0000000000000000')))
}

export const SESSIONS = [
  {
    name: 'tab: session and bodies are in session storage; the tab’s next page goes on with the session',
    async visit(guest) {
      await leavesWithoutAnswer(guest)
      assert.deepEqual(await stored(guest), [[SESSION, BODIES], [], ''])
      await guest.starts()
      await guest.left(3)
      const [first, second] = sessions(guest)
      assert.match(first, /^[\da-f]{16}$/)
      assert.equal(second, first)
      // What another tab has: nothing.
      await guest.evaluate(() => sessionStorage.clear())
      await guest.starts()
      await guest.left(4)
      assert.notEqual(sessions(guest).at(-1), first)
    },
  },
  {
    name: 'browser: they are in local storage, and a tab without any goes on with them',
    pages: { '/': page({ tag: 'data-session="browser"' }) },
    async visit(guest) {
      await leavesWithoutAnswer(guest)
      assert.deepEqual(await stored(guest), [[], [SESSION, BODIES], ''])
      await guest.evaluate(() => sessionStorage.clear())
      await guest.starts()
      const again = await guest.batch(2)
      assert.equal(again.text, guest.site.batches[0].text)
      await guest.left(3)
      const [first, second] = sessions(guest)
      assert.equal(second, first)
    },
  },
  {
    name: 'memory: nothing is stored, and each page is a session of its own',
    pages: { '/': page({ tag: 'data-session="memory"' }) },
    async visit(guest) {
      await leavesWithoutAnswer(guest)
      assert.deepEqual(await guest.stored(), [[], [], ''])
      await guest.starts()
      await guest.left(2)
      const [first, second] = sessions(guest)
      assert.notEqual(second, first)
      assert.deepEqual(await guest.stored(), [[], [], ''])
    },
  },
  {
    name: 'a session is over after half an hour without its user, who opens another one by the next act',
    pages: ACTS,
    async visit(guest) {
      await guest.starts()
      await passes(guest, 31)
      // What the page says by itself is no act of its user.
      await guest.evaluate(() => window.wasmRum.track('polled'))
      await guest.click('#button')
      const { view: views, action: actions } = await guest.left()
      const [before, after] = views
      assert.equal(views.length, 2)
      assert.notEqual(after.session_id, before.session_id)
      assert.equal(after.kind, RESUMED)
      assert.equal(after.parent_id, before.view_id)
      assert.equal(actions.find(({ name }) => name === 'polled').in, before.view_id)
    },
  },
  {
    name: 'a session is over after four hours, however busy its user is',
    pages: ACTS,
    async visit(guest) {
      await guest.starts()
      for (let minutes = 20; minutes <= 260; minutes += 20) {
        await passes(guest, 20)
        await guest.click('#button')
      }
      const { view: views, action: actions } = await guest.left()
      const [before, after] = views
      assert.equal(views.length, 2)
      assert.notEqual(after.session_id, before.session_id)
      assert.equal(after.kind, RESUMED)
      const counts = views.map(({ view_id }) => actions.filter((action) => action.in === view_id).length)
      assert.deepEqual(counts, [11, 2], 'it was over at 240 minutes')
    },
  },
  {
    name: 'another rate arrives with an answer and holds for sessions that begin later; an error is told all the same',
    pages: ACTS,
    async visit(guest) {
      await hearsOfNoSample(guest)
      await guest.evaluate(() => window.wasmRum.track('of the first session'))
      await guest.left(2)
      // Two pages of the next session, which is not in the sample.
      await guest.starts()
      await passes(guest, 31)
      await guest.click('#button')
      await guest.evaluate(() => window.wasmRum.track('of nobody'))
      await guest.leaveAtOnce()
      await guest.starts()
      await guest.evaluate(() => {
        window.wasmRum.track('before an error')
        return window.probe.later(() => { throw new Error('told') })
      })
      const { action: actions, error: errors } = await guest.left(3)
      const bodies = guest.site.batches.map(({ text }) => JSON.parse(text))
      const said = actions.map(({ name }) => name).filter((name) => name !== 'Act')
      assert.deepEqual(said.sort(), ['before an error', 'of the first session'])
      assert.deepEqual(pick(errors, 'message'), [['told']])
      const versions = bodies.map(([, , , , document]) => document[RATE] ?? null)
      assert.deepEqual([versions[0], versions.at(-1)], [null, 7])
    },
  },
  {
    name: 'a session that is not in the sample is told of when a vital is poor, also by the report with which its page is left',
    pages: {
      '/': page(),
      '/poor': page({ body: '<div id="late"></div><h1 style="height: 400px">A page</h1>' }),
    },
    async visit(guest) {
      await isInNoSample(guest)
      await guest.starts('/')
      await guest.evaluate(() => window.wasmRum.track('of nobody'))
      await guest.evaluate(() => window.probe.later(() => dispatchEvent(new ErrorEvent('error', { message: 'Script error.' }))))
      await guest.leaveAtOnce()
      await guest.starts('/poor')
      if (!(await guest.evaluate(() => PerformanceObserver.supportedEntryTypes.includes('layout-shift')))) {
        guest.lacks('no vital of this engine can be made poor at once')
        return
      }
      await guest.evaluate(() => window.wasmRum.track('before a shift'))
      await guest.evaluate(
        () =>
          new Promise((done) => {
            new PerformanceObserver(done).observe({ type: 'layout-shift' })
            document.querySelector('#late').style.height = '600px'
          }),
      )
      const { action: actions, vital: vitals } = await guest.left(guest.site.batches.length + 1)
      assert.deepEqual(pick(actions, 'name'), [['before a shift']])
      assert.ok(vitals.some(({ metric, value }) => metric === 2 && value > 250_000))
    },
  },
  ...['', 'data-consent="pending"'].map((tag) => ({
    name: `a session that is not in the sample is told of when an error has happened before it${tag && ', while nobody has agreed'}`,
    pages: {
      '/': page(),
      '/early': page({ tag, first: `<script>${sdkFile(FILES.stub)}</script><script>throw new Error('early')</script>` }),
    },
    async visit(guest) {
      await isInNoSample(guest)
      await guest.starts('/early')
      await guest.evaluate(() => window.wasmRum.setConsent('granted'))
      const { error: errors } = await guest.left(guest.site.batches.length + 1)
      assert.deepEqual(pick(errors, 'message'), [['early']])
    },
  })),
  {
    name: 'of a session that is not in the sample the latest views are kept, and how much is not',
    pages: ACTS,
    async visit(guest) {
      await isInNoSample(guest)
      await guest.starts()
      // So many views the core remembers, the document's own among them.
      const REMEMBERED = 200
      const STARTED = 260
      const started = async (count) => {
        const idle = window.requestIdleCallback ?? setTimeout
        for (let number = 0; number < count; number++) {
          window.wasmRum.startView(`view ${number}`)
          window.wasmRum.track(`in view ${number}`)
          // All that the core takes in one go; then it knows them.
          if (number % 20 === 19) await new Promise((done) => idle(() => idle(done)))
        }
      }
      await guest.evaluate(started, STARTED)
      await guest.evaluate(() => window.probe.later(() => { throw new Error('told') }))
      await guest.hide()
      await until('all that was kept', () => guest.rows().error[0])
      const { view: views, action: actions } = await guest.left()
      const kept = views.filter(({ page_name }) => page_name)
      const latest = [...Array(REMEMBERED - 1).keys()].map((number) => number + STARTED - REMEMBERED + 1)
      assert.deepEqual(kept.map(({ page_name }) => page_name), latest.map((number) => `view ${number}`))
      assert.deepEqual(actions.map(({ name }) => name), latest.map((number) => `in view ${number}`))
      // Each had its action, and where the browser tells of shifts or interactions its vitals.
      assert.ok(Math.max(...kept.map(({ core_dropped }) => core_dropped)) >= STARTED - latest.length, 'what is not there is counted')
    },
  },
  {
    name: 'what an unattended tab does after four hours is nobody’s visit, and is counted as lost',
    pages: ACTS,
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.wasmRum.log('info', 'seen'))
      await passes(guest, 241)
      await guest.evaluate(() => {
        window.wasmRum.log('info', 'unseen')
        history.pushState(0, '', '/elsewhere')
        window.wasmRum.startView('unseen')
      })
      await guest.evaluate(() => window.wasmRum.log('info', 'unseen'))
      const { view: views, log: logs } = await guest.left()
      assert.deepEqual(views.map(({ page }) => page), ['/'])
      assert.deepEqual(logs.map(({ message }) => message), ['seen'])
      assert.equal(views[0].receipt[1], 3)
    },
  },
]
