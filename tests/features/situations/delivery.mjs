// Bodies on their way: when they go, how, and what becomes of those that nobody has answered.

import assert from 'node:assert/strict'

import { until } from '../../vitals/visit.mjs'
import { pick } from '../events.mjs'
import { APP, BREAKS, FILES, NEVER, page } from '../site.mjs'

const FCP = 4
const TTFB = 5
const EVENTS = 0
const RECORDS = 1
/** Why a batch is raw. */
const NOT_READY = 1
const NOT_LOADED = 2

const ACCEPT = () => ({ status: 204 })
/** `headers` are shown to the page, which is of another origin. */
const refuse = (status, headers = {}) => () => ({ status, headers: { ...headers, 'Access-Control-Expose-Headers': Object.keys(headers).join() } })

/** ms after which what waits is due, if it is not much before. */
const WAIT = 30_000
/** UTF-16 units of waiting records at which they are due. */
const MUCH = 16_384
/** UTF-16 units from which on bodies are compressed. */
const LARGE = 2_048

const WAITING = `wasm-rum ${APP} `
/** What waits in the tab, as its next page will find it. */
const waiting = (guest) =>
  guest.evaluate((prefix) => Object.keys(sessionStorage).filter((key) => key.startsWith(prefix)).sort().map((key) => sessionStorage[key]), WAITING)
const nothingWaits = (guest) => guest.until((prefix) => !Object.keys(sessionStorage).some((key) => key.startsWith(prefix)), WAITING)

/** More than what may wait while the page is seen. */
const sayMuch = (guest) =>
  guest.evaluate(() => {
    for (let n = 0; n < 5; n++) window.wasmRum.captureError(Object.assign(new Error(`number ${n}`), { stack: `at place (${n})\n`.repeat(300) }))
  })

/** Something is due while the page is seen. */
const sayAndExpire = async (guest, name) => {
  await guest.evaluate((name) => window.wasmRum.track(name), name)
  await guest.evaluate((wait) => window.probe.expire(wait), WAIT)
}

const isOf = ({ text }) => {
  const [, content, , , document] = JSON.parse(text)
  return [content, document[9] ?? null]
}

const BUTTON = '<h1>A page</h1><button id="button" onclick="fetch(\'/api\')">Ask</button>'
const ROUTES = { '/api': () => ({ body: '{}' }) }

/** What everybody's visit has. */
async function visitsAll(guest) {
  await guest.click('#button')
  await guest.until(() => window.probe.resources.some((name) => name.endsWith('/api')))
  await guest.until(() => performance.getEntriesByName('first-contentful-paint')[0])
  await guest.evaluate(async () => {
    window.wasmRum.push((rum) => rum.track('said'))
    await window.probe.later(() => { throw new Error('thrown') })
  })
}
function allIsThere({ view: views, vital: vitals, request: requests, error: errors, action: actions }) {
  assert.deepEqual(pick(views, 'kind', 'page'), [[0, '/']])
  for (const metric of [FCP, TTFB]) assert.equal(vitals.filter((vital) => vital.metric === metric).length, 1, `metric ${metric}`)
  assert.deepEqual(pick(requests, 'method', 'url', 'status'), [['GET', '/api', 200]])
  assert.deepEqual(pick(errors, 'message'), [['thrown']])
  assert.deepEqual(actions.map(({ name }) => name).sort(), ['Ask', 'said'])
}

export const DELIVERY = [
  {
    name: 'a page that is left says everything in one request that outlives it, and that needs no preflight',
    pages: { '/': page({ overheard: true, body: BUTTON }) },
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => void (document.cookie = 'own=1; path=/v1'))
      await visitsAll(guest)
      allIsThere(await guest.left())
      await guest.evaluate(() => void (document.cookie = 'own=; path=/v1; max-age=0'))
      assert.deepEqual((await guest.heard()).map(({ way, keepalive }) => [way, keepalive]), [['fetch', true]])
      const [{ headers, url }] = guest.site.batches
      assert.deepEqual(isOf(guest.site.batches[0]), [EVENTS, null])
      assert.match(headers['content-type'], /^text\/plain;charset=utf-8$/i)
      assert.equal(url.searchParams.get('z'), null, 'nothing waits for a compression')
      assert.ok(Math.abs(Number(url.searchParams.get('s')) - Date.now()) < 60_000, 'when it was sent')
    },
  },
  {
    name: 'without Wasm: the records, of which the collector makes the same rows',
    pages: { '/': page({ body: BUTTON }) },
    routes: { ...ROUTES, [`/sdk/${FILES.wasm[0]}`]: () => ({ status: 404 }) },
    async visit(guest) {
      await guest.open()
      await guest.asked(`/sdk/${FILES.wasm[0]}`)
      await visitsAll(guest)
      allIsThere(await guest.left())
      assert.deepEqual(isOf(guest.site.batches.at(-1)), [RECORDS, NOT_LOADED])
    },
  },
  {
    name: 'before the second part of the SDK has come: the same from the first part alone, but for what the page says',
    pages: { '/': page({ body: BUTTON }) },
    routes: { ...ROUTES, [`/sdk/${FILES.glue[0]}`]: () => NEVER },
    async visit(guest) {
      await guest.open()
      await guest.until(() => window.wasmRum)
      await visitsAll(guest)
      const { action: actions, ...rest } = await guest.left()
      assert.deepEqual(pick(actions, 'name'), [['Ask']])
      allIsThere({ ...rest, action: [...actions, { name: 'said' }] })
      const [content, why] = isOf(guest.site.batches[0])
      // Firefox breaks the download off some tasks before it says that the page is left.
      assert.deepEqual([content, [NOT_READY, NOT_LOADED].includes(why)], [RECORDS, true])
      assert.equal(guest.site.batches.length, 1)
    },
  },
  {
    name: 'hidden behind another tab, seen again, hidden: what goes once goes once',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.wasmRum.track('first'))
      await guest.hide()
      const first = await guest.batch(1)
      await nothingWaits(guest)
      await guest.show()
      await guest.evaluate(() => window.wasmRum.track('second'))
      await guest.hide()
      const second = await guest.batch(2)
      await nothingWaits(guest)
      await guest.show()
      assert.notEqual(first.id, second.id)
      for (const [{ text }, name] of [[first, 'first'], [second, 'second']]) {
        const actions = JSON.parse(text)[5].filter(([kind]) => kind === 66)
        assert.deepEqual(actions.map((action) => action[6]), [name])
      }
      const { view: views } = guest.rows()
      assert.deepEqual(pick(views, 'kind'), [[0]])
    },
  },
  {
    name: 'what waits goes after 30 seconds, while the page is seen',
    pages: { '/': page({ overheard: true }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.wasmRum.track('said'))
      assert.equal(await guest.evaluate((wait) => window.probe.waits(wait), WAIT), 1, 'its timer')
      assert.deepEqual(await guest.heard(), [])
      await guest.evaluate((wait) => window.probe.expire(wait), WAIT)
      await guest.batch(1)
      assert.deepEqual(pick(guest.rows().action, 'name'), [['said']])
      assert.deepEqual((await guest.heard()).map(({ hidden }) => hidden), [false])
      await nothingWaits(guest)
    },
  },
  {
    name: 'much goes before that, compressed where the browser knows how, and is forgotten when it was answered',
    pages: { '/': page({ overheard: true }) },
    async visit(guest) {
      await guest.starts()
      const compresses = await guest.evaluate(() => 'CompressionStream' in window)
      if (!compresses) guest.lacks('no CompressionStream: the body goes as it is')
      await sayMuch(guest)
      const { url, bytes, text, headers } = await guest.batch(1)
      assert.ok(text.length > MUCH, `${text.length} units`)
      assert.equal(url.searchParams.get('z'), compresses ? 'gzip' : null)
      if (compresses) assert.ok(bytes < LARGE, `${bytes} bytes`)
      if (compresses) assert.equal(headers['content-type'], undefined)
      else assert.equal(bytes, Buffer.byteLength(text))
      assert.deepEqual((await guest.heard()).map(({ way, hidden, keepalive }) => [way, hidden, keepalive]), [['fetch', false, true]])
      assert.equal(guest.rows().error.length, 5)
      await nothingWaits(guest)
    },
  },
  {
    name: 'a page that is left with more than browsers let outlive it: in bodies of which one does, and the next page sends the others',
    pages: { '/': page({ overheard: true }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() =>
        addEventListener('pagehide', () => {
          for (let n = 0; n < 12; n++) window.wasmRum.captureError(Object.assign(new Error('é'), { stack: `at plâce (${n})\n`.repeat(280) }))
        }, { once: true }),
      )
      await guest.leaveAtOnce()
      const handed = await guest.heard()
      const fits = handed.filter(({ keepalive }) => keepalive)
      assert.ok(handed.length > 1 && fits.length > 0, `${handed.length} bodies, ${fits.length} of them with keepalive`)
      await guest.starts()
      await nothingWaits(guest)
      await guest.left(handed.length)
      const bodies = guest.site.batches.filter(({ text }) => text.includes('plâce'))
      for (const { text, bytes, url } of bodies) if (!url.searchParams.get('z')) assert.ok(bytes === Buffer.byteLength(text) && bytes < 33_000, `${bytes} bytes`)
      const told = new Map(bodies.map(({ id, text }) => [id, text]))
      assert.equal(told.size, new Set(bodies.map(({ text }) => text)).size, 'a body that goes again has the same bytes')
      const { error: errors } = guest.rows()
      assert.deepEqual(errors.map(({ stack, count }) => [stack.match(/\d+/)[0], count]), [...Array(12).keys()].map((n) => [`${n}`, 1]))
    },
  },
  {
    name: 'where nothing can be compressed a large body goes as it is',
    pages: { '/': page({ first: '<script>delete window.CompressionStream</script>' }) },
    async visit(guest) {
      await guest.starts()
      await sayMuch(guest)
      const { url, bytes, text, headers } = await guest.batch(1)
      assert.equal(url.searchParams.get('z'), null)
      assert.deepEqual([bytes, text.length > MUCH], [Buffer.byteLength(text), true])
      assert.match(headers['content-type'], /^text\/plain;charset=utf-8$/i)
    },
  },
  {
    name: '503 with Retry-After: the same body again, but not before',
    async visit(guest) {
      await guest.starts()
      guest.site.answer = refuse(503, { 'Retry-After': '2' })
      await sayMuch(guest)
      const first = await guest.batch(1)
      guest.site.answer = ACCEPT
      const again = await guest.batch(2)
      assert.deepEqual([again.id, again.text], [first.id, first.text])
      assert.ok(again.at - first.at > 1_990, `after ${again.at - first.at} ms`)
      await nothingWaits(guest)
      await guest.left(3)
      assert.equal(guest.site.batches.length, 3)
      assert.notEqual(guest.site.batches[2].id, first.id)
      assert.equal(guest.rows().error.length, 5, 'each counts once')
    },
  },
  {
    name: '400 will not pass: the body is given up, and counted',
    async visit(guest) {
      await guest.starts()
      guest.site.answer = refuse(400)
      await sayAndExpire(guest, 'given up')
      const first = await guest.batch(1)
      await until('it is given up', async () => !`${await waiting(guest)}`.includes(first.id))
      guest.site.answer = ACCEPT
      await sayAndExpire(guest, 'kept')
      const second = await guest.batch(2)
      assert.notEqual(second.id, first.id)
      const { view: views } = await guest.left(3)
      assert.equal(views.at(-1).receipt[1], 1)
      assert.ok(guest.site.batches.slice(1).every(({ text }) => !text.includes('given up')))
    },
  },
  {
    name: 'a network that fails: the same body again, after a while',
    async visit(guest) {
      await guest.starts()
      guest.site.answer = () => BREAKS
      await sayAndExpire(guest, 'said')
      const first = await guest.batch(1)
      await guest.until(() => window.probe.waits(1, 300_000))
      assert.ok(`${await waiting(guest)}`.includes(first.id), 'it waits in the tab')
      const failed = guest.site.batches.length
      guest.site.answer = ACCEPT
      const again = await guest.batch(failed + 1)
      assert.deepEqual([again.id, again.text], [first.id, first.text])
      await nothingWaits(guest)
    },
  },
  {
    name: 'a network that fails, and is back: the same body again, at once',
    async visit(guest) {
      await guest.starts()
      guest.site.answer = () => BREAKS
      await sayAndExpire(guest, 'said')
      const first = await guest.batch(1)
      await guest.until(() => window.probe.waits(1, 300_000))
      const failed = guest.site.batches.length
      guest.site.answer = ACCEPT
      await guest.evaluate(() => {
        window.dispatchEvent(new Event('online'))
        // The time after which it would try by itself never comes.
        window.probe.hold(1, 300_000)
      })
      const again = await guest.batch(failed + 1)
      assert.deepEqual([again.id, again.text], [first.id, first.text])
      await nothingWaits(guest)
    },
  },
  {
    name: 'nobody answers the page that is left: the next one in the tab sends the same body, and the one after that does not',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.wasmRum.track('said'))
      guest.site.answer = () => NEVER
      await guest.leaveAtOnce()
      const first = await guest.batch(1)
      assert.deepEqual(await waiting(guest), [first.text])
      guest.site.answer = ACCEPT
      await guest.open()
      const again = await guest.batch(2)
      assert.equal(again.text, first.text)
      await guest.until(() => window.probe.core)
      await nothingWaits(guest)
      await guest.left(3)
      assert.deepEqual(guest.site.batches.map(({ id }) => id === first.id), [true, true, false])
      assert.deepEqual(pick(guest.rows().action, 'name'), [['said']])
    },
  },
  {
    name: 'a browser without keepalive uses sendBeacon when it is left, and hands the body over once',
    pages: { '/': page({ overheard: true, first: '<script>delete Request.prototype.keepalive</script>', body: BUTTON }) },
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      await visitsAll(guest)
      allIsThere(await guest.left())
      assert.deepEqual((await guest.heard()).map(({ way }) => way), ['beacon'])
      assert.match(guest.site.batches[0].headers['content-type'], /^text\/plain;charset=utf-8$/i)
      assert.deepEqual(await waiting(guest), [])
    },
  },
  {
    name: 'that browser refuses a beacon: the next page sends the body',
    pages: {
      '/': page({ first: '<script>if (!/again/.test(location)) { delete Request.prototype.keepalive; Navigator.prototype.sendBeacon = () => false }</script>' }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.wasmRum.track('said'))
      await guest.leaveAtOnce()
      const [body] = await waiting(guest)
      assert.match(body, /said/)
      assert.deepEqual(guest.site.batches, [])
      await guest.open('/?again')
      assert.equal((await guest.batch(1)).text, body)
    },
  },
]
