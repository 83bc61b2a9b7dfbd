// The page's fetch and XMLHttpRequest with the SDK are what they were without: every call shape is made on a page with it, on
// one with it whose requests are traced, and on one without, and everything that a page can observe of it is the same. So is what
// a service worker sees of them, where one controls the page.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import { DIST } from '../vitals/libraries.mjs'
import { until } from '../vitals/visit.mjs'
import { Server } from './server.mjs'

/** What differs, and why it has to. */
const DIFFERENT = {
  'the text of fetch, to the letter': 'the text of a Proxy has no name',
  'how often the options are read': 'the SDK reads the method as well',
}
/** Where there are this many shapes not half of them are lost, nor traced by chance. */
const LEAST = { '': { shapes: 80, traced: 30 }, 'worked/': { shapes: 80, traced: 30 } }
/** The header that the server tells of, as it stands in its answer. */
const TRACE = /"traceparent":"00-[\da-f]{32}-[\da-f]{16}-01",?/g
const untraced = (note) => (typeof note === 'string' ? note.replace(TRACE, '') : note)
/** What a service worker has seen, as a page notes it. */
const SAW = 'the worker saw '

const PAGES = ['plain', 'wrapped', 'traced']
/** Under which the worker controls them. */
const WORKED = 'worked/'
/** Where the SDK keeps what is not answered yet. */
const WAITING = 'wasm-rum shapes '

/** By shape what there was to observe on the page at `path`; whether the SDK and a worker are there; and what became of its batches. */
async function observed(driver, server, path) {
  const tab = await driver.tab()
  try {
    await tab.open(`${server.origin}/${path}`)
    const isPlain = path.endsWith('plain')
    // The second chunk wraps them once more.
    while (!isPlain && !(await tab.evaluate('Boolean(window.wasmRum?.track)'))) await pause(20)
    const isControlled = await tab.evaluate('Boolean(navigator.serviceWorker.controller)')
    // What it has seen of the page's own parts.
    if (isControlled) await tab.evaluate('ask("seen").then(() => true)')
    const shapes = {}
    for (const name of await tab.evaluate('shapes')) shapes[name] = await tab.evaluate(`run(${JSON.stringify(name)})`)
    const hasSdk = await tab.evaluate('Boolean(window.wasmRum)')
    return { shapes, hasSdk, isControlled, ...(isControlled && hasSdk && (await sent(tab, server))) }
  } finally {
    await tab.close()
  }
}

/** Batches of a page that is seen, and then left: those that `arrived`, and what the worker saw of them. */
async function sent(tab, server) {
  const has = (name) => server.batches.some(({ text }) => text.includes(name))
  // More than what may wait while the page is seen.
  await tab.evaluate(`(() => { for (let n = 0; n < 20; n++) wasmRum.track('seen', { text: 'x'.repeat(1000) }); wasmRum.track('the page is seen') })()`)
  await until('a batch of a page that is seen', () => has('the page is seen'))
  await until('it is answered', () => tab.evaluate(`!Object.keys(sessionStorage).some((key) => key.startsWith('${WAITING}'))`))
  await tab.evaluate(`wasmRum.track('the page is left')`)
  await tab.open(`${server.origin}/${WORKED}plain`)
  await until('a batch of a page that is left', () => has('the page is left'))
  // Nobody has told the page that it arrived: the tab's next one would send it again.
  await tab.evaluate('sessionStorage.clear()')
  return { arrived: server.batches.splice(0), seen: await tab.evaluate('ask("batches")') }
}

/** A worker for all that is opened from now on under its path. */
async function registers(driver, { origin }) {
  const tab = await driver.tab()
  try {
    await tab.open(`${origin}/plain`)
    await tab.evaluate(`navigator.serviceWorker.register('/worker.js', { scope: '/${WORKED}' }).then(async ({ installing, waiting, active }) => {
      const worker = installing ?? waiting ?? active
      while (worker.state !== 'activated') await new Promise((changed) => worker.addEventListener('statechange', changed, { once: true }))
    })`)
  } finally {
    await tab.close()
  }
}

/** Runs all shapes in `Driver`'s engine. */
export async function suite(Driver) {
  const server = await Server.open(DIST)
  const driver = await Driver.launch()
  const pages = {}
  try {
    for (const name of PAGES) pages[name] = await observed(driver, server, name)
    await registers(driver, server)
    // Those of the pages above are not what is looked at.
    server.batches.length = 0
    for (const name of PAGES) pages[WORKED + name] = await observed(driver, server, WORKED + name)
  } finally {
    await driver.close()
    server.close()
  }

  for (const [under, least] of Object.entries(LEAST)) {
    const [plain, wrapped, traced] = PAGES.map((name) => pages[under + name])
    test(`one page has the SDK, and the other has not${under && ', and a service worker controls both'}`, () => {
      assert.deepEqual([plain.hasSdk, wrapped.hasSdk, traced.hasSdk], [false, true, true])
      for (const { isControlled } of [plain, wrapped, traced]) assert.equal(isControlled, under === WORKED)
      const isTraced = ({ shapes }) => Object.values(shapes).filter((notes) => notes.some((note) => untraced(note) !== note)).length
      assert.deepEqual([isTraced(plain), isTraced(wrapped)], [0, 0])
      assert.ok(isTraced(traced) > least.traced, `${isTraced(traced)} shapes were traced`)
      const names = Object.keys(plain.shapes)
      assert.ok(names.length >= least.shapes, `${names.length} shapes`)
      assert.deepEqual(Object.keys(wrapped.shapes), names)
    })

    describe(under ? 'call shapes, with a service worker' : 'call shapes', () => {
      for (const [name, notes] of Object.entries(plain.shapes)) {
        const why = DIFFERENT[name]
        test(why ? `${name}: differs, for ${why}` : name, () => {
          if (why) assert.notDeepEqual(wrapped.shapes[name], notes)
          else {
            assert.deepEqual(wrapped.shapes[name], notes)
            assert.deepEqual(traced.shapes[name].map(untraced), notes, 'with a trace')
          }
        })
      }
    })
  }

  describe('what a service worker sees', () => {
    test('of requests to the origin that is listed each has one traceparent, and of others none', () => {
      const requests = Object.values(pages[`${WORKED}traced`].shapes).flatMap((notes) => notes.filter((note) => note.startsWith(SAW)).map((note) => JSON.parse(note.slice(SAW.length))))
      const [listed, others] = [requests.filter(({ url }) => url.startsWith('/')), requests.filter(({ url }) => !url.startsWith('/'))]
      assert.ok(listed.length > LEAST[WORKED].traced && others.length > 1, `${listed.length} and ${others.length} requests`)
      // What mode no-cors does not let through; and what the browser asks for by itself, behind a redirect.
      const untold = listed.filter(({ mode, headers }) => mode !== 'no-cors' && !headers.traceparent)
      assert.deepEqual(untold, [])
      for (const { headers } of listed) if (headers.traceparent) assert.match(headers.traceparent, /^00-[\da-f]{32}-[\da-f]{16}-0[01]$/)
      assert.deepEqual(others.filter(({ headers }) => headers.traceparent), [])
    })

    for (const name of ['wrapped', 'traced']) {
      const to = name === 'traced' ? 'to an origin whose requests are traced' : 'to another origin'
      test(`batches ${to}: they arrive as they were sent, once each, and none is traced`, (test) => {
        const { arrived, seen } = pages[WORKED + name]
        const ids = arrived.map(({ text }) => JSON.parse(text)[2])
        assert.equal(new Set(ids).size, ids.length)
        assert.deepEqual(arrived.filter(({ headers }) => headers.traceparent || headers.cookie), [])
        const origin = name === 'traced' ? server.origin : server.elsewhere
        assert.deepEqual([...new Set(arrived.map(({ url }) => new URL(url).origin))], [origin])
        const own = seen.filter(({ url }) => url.startsWith(origin))
        // Firefox (153) asks no worker for requests with keepalive, whoever makes them: so it does on the page without the SDK.
        const isAsked = pages[`${WORKED}plain`].shapes.keepalive.some((note) => note.startsWith(SAW))
        if (!isAsked) test.diagnostic('no worker is asked for requests with keepalive here: batches go past it')
        assert.equal(own.length > 0, isAsked, 'the worker saw them')
        const urls = new Set(arrived.map(({ url }) => url))
        for (const { url, method, mode, credentials, headers } of own) {
          assert.ok(urls.has(url), `${url} has arrived`)
          assert.deepEqual([method, mode, credentials, headers.traceparent], ['POST', 'cors', 'omit', undefined])
        }
        const past = arrived.length - own.length
        if (isAsked && past) test.diagnostic(`${past} of ${arrived.length} batches went past the worker: of a page that is left`)
      })
    }
  })
}
