// Requests by fetch and XMLHttpRequest: what became of them, and what the browser's own resource timing says.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { BREAKS, NEVER, page } from '../site.mjs'

const FETCH = 0
const XHR = 1
const ANSWERED = 0
const FAILED = 1
const ABORTED = 2
const TIMED_OUT = 3

const ROUTES = {
  '/api': () => ({ body: '{}' }),
  '/made': () => ({ status: 201, body: '{}' }),
  '/slow': () => ({ body: 'x'.repeat(5_000), delay: 120 }),
  '/broken': () => BREAKS,
  '/never': () => NEVER,
}
/** `/slow` waits so long, in µs; less what timers and coarse clocks are off. */
const SLOW = 115_000

const FIELDS = ['initiator', 'method', 'url', 'status', 'outcome']

/** Both sorts of requests took no longer than the page saw. */
const durationsFit = (rows, seen) =>
  rows.forEach(({ duration, url }, at) => {
    // Clocks of whole ms may be off by one at either end.
    assert.ok(duration <= seen[at] * 1e3 + 2_000, `${url}: ${duration} µs of ${seen[at]} ms`)
    if (url === '/slow') assert.ok(duration >= SLOW, `${duration} µs`)
  })

export const REQUESTS = [
  {
    name: 'fetch: method, path, status, duration, and how it ended',
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      const { took, reasons } = await guest.evaluate(async () => {
        const took = []
        const reasons = []
        const timed = async (ask) => {
          const start = performance.now()
          await ask().catch(({ name }) => reasons.push(name))
          took.push(performance.now() - start)
        }
        const aborted = new AbortController()
        setTimeout(() => aborted.abort(), 20)
        for (const ask of [
          () => fetch('/api?secret=1#too'),
          () => fetch(new Request('/made', { method: 'put', body: 'x' })),
          () => fetch('/missing'),
          () => fetch('/slow'),
          () => fetch('/broken'),
          () => fetch('/never', { signal: aborted.signal }),
          () => fetch('/never', { signal: AbortSignal.timeout(20) }),
          () => fetch('http://['),
        ])
          await timed(ask)
        return { took, reasons }
      })
      const timesOut = reasons[2] === 'TimeoutError'
      if (!timesOut) guest.lacks(`a fetch whose signal times out ends with ${reasons[2]} here: it counts as aborted`)
      const { request: requests } = await guest.left()
      assert.deepEqual(pick(requests, ...FIELDS), [
        [FETCH, 'GET', '/api', 200, ANSWERED],
        [FETCH, 'PUT', '/made', 201, ANSWERED],
        [FETCH, 'GET', '/missing', 404, ANSWERED],
        [FETCH, 'GET', '/slow', 200, ANSWERED],
        [FETCH, 'GET', '/broken', null, FAILED],
        [FETCH, 'GET', '/never', null, ABORTED],
        [FETCH, 'GET', '/never', null, timesOut ? TIMED_OUT : ABORTED],
        [FETCH, 'GET', '', null, FAILED],
      ])
      durationsFit(requests, took)
    },
  },
  {
    name: 'XMLHttpRequest: the same',
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      const seen = await guest.evaluate(async () => {
        const took = []
        const xhr = new XMLHttpRequest()
        const timed = async (method, url, prepare = () => {}) => {
          const start = performance.now()
          const ended = new Promise((done) => xhr.addEventListener('loadend', done, { once: true }))
          xhr.open(method, url)
          xhr.timeout = 0
          prepare()
          xhr.send(method === 'GET' ? null : 'x')
          if (prepare.length) setTimeout(() => xhr.abort(), 20)
          await ended
          took.push(performance.now() - start)
        }
        await timed('get', '/api?secret=1')
        await timed('POST', '/made')
        await timed('GET', '/missing')
        await timed('GET', '/slow')
        await timed('GET', '/broken')
        await timed('GET', '/never', (aborts) => aborts)
        await timed('GET', '/never', () => void (xhr.timeout = 20))
        return took
      })
      const { request: requests } = await guest.left()
      assert.deepEqual(pick(requests, ...FIELDS), [
        [XHR, 'GET', '/api', 200, ANSWERED],
        [XHR, 'POST', '/made', 201, ANSWERED],
        [XHR, 'GET', '/missing', 404, ANSWERED],
        [XHR, 'GET', '/slow', 200, ANSWERED],
        [XHR, 'GET', '/broken', null, FAILED],
        [XHR, 'GET', '/never', null, ABORTED],
        [XHR, 'GET', '/never', null, TIMED_OUT],
      ])
      durationsFit(requests, seen)
    },
  },
  {
    name: 'what resource timing says is on the row',
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      const entries = await guest.evaluate(async () => {
        const { resources } = window.probe
        const found = []
        const told = async () => {
          while (resources.filter((name) => name.endsWith('/slow')).length <= found.length) await new Promise((later) => setTimeout(later))
          found.push(performance.getEntriesByName(new URL('/slow', location)).at(-1).toJSON())
        }
        await (await fetch('/slow')).text()
        await told()
        await new Promise((done) => {
          const xhr = new XMLHttpRequest()
          xhr.onload = done
          xhr.open('GET', '/slow')
          xhr.send()
        })
        await told()
        return found
      })
      const { request: requests } = await guest.left()
      assert.equal(requests.length, 2)
      const span = (from, to) => (from && to ? Math.round((to - from) * 1e3) : null)
      const missing = ['transferSize', 'encodedBodySize', 'decodedBodySize', 'nextHopProtocol'].filter((name) => !entries[0][name])
      if (missing.length) guest.lacks(`this browser’s entry of a resource has no ${missing.join(', no ')}: the row has none either`)
      for (const [at, entry] of entries.entries()) {
        const { request, response, transfer_bytes, encoded_bytes, decoded_bytes, protocol } = requests[at]
        assert.ok(request >= SLOW, `${request} µs until the first byte`)
        assert.deepEqual(
          [request, response, transfer_bytes, encoded_bytes, decoded_bytes, protocol],
          [
            span(entry.requestStart, entry.responseStart),
            span(entry.responseStart, entry.responseEnd),
            entry.transferSize ?? null,
            entry.encodedBodySize ?? null,
            entry.decodedBodySize === entry.encodedBodySize ? null : entry.decodedBodySize,
            entry.nextHopProtocol || null,
          ],
        )
        if (!missing.includes('encodedBodySize')) assert.equal(encoded_bytes, 5_000)
      }
    },
  },
  {
    name: 'the operation of a GraphQL request, and nothing else of its body',
    routes: { '/graphql': () => ({ body: '{}' }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        const bodies = [
          { query: 'query Products($n: Int) { secret }' },
          { query: '{ secret }', operationName: 'Named' },
          { query: 'mutation { secret }' },
        ].map((body) => JSON.stringify(body))
        const others = [
          JSON.stringify([{ query: 'query First { secret }' }, { query: 'query Second { secret }' }]),
          JSON.stringify({ operationName: 'Persisted', extensions: { persistedQuery: { sha256Hash: 'secret' } } }),
          JSON.stringify({ query: 'secret shoes' }),
        ]
        for (const body of [...bodies, '{"query": broken', 'a text', ...others]) await fetch('/graphql', { method: 'POST', body })
        await new Promise((done) => {
          const xhr = new XMLHttpRequest()
          xhr.onload = done
          xhr.open('POST', '/graphql')
          xhr.send(bodies[0])
        })
      })
      const { request: requests } = await guest.left()
      assert.deepEqual(pick(requests, 'operation').flat(), ['query Products', 'query Named', 'mutation', null, null, 'query First,query Second', 'Persisted', null, 'query Products'])
      assert.deepEqual(guest.texts().filter((text) => /secret/.test(text)), [])
    },
  },
  {
    name: 'a request is of the path that its page had when it asked; with a reason of its own it was aborted all the same',
    routes: { '/there/data': () => ({ body: '{}' }), '/there/slow': () => NEVER },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        history.replaceState(0, '', '/there/page')
        const answer = fetch('data')
        history.replaceState(0, '', '/elsewhere/page')
        await answer.then((response) => response.text())
        for (const abort of [(controller) => controller.abort('changed my mind'), (controller) => controller.abort(new Error('unmounted'))]) {
          const controller = new AbortController()
          const { signal } = controller
          const failed = fetch('/there/slow', { signal }).catch(() => {})
          abort(controller)
          await failed
          const request = new Request('/there/slow', { signal: new AbortController().signal })
        }
      })
      const { request: requests } = await guest.left()
      assert.deepEqual(pick(requests, 'url', 'outcome'), [['/there/data', 0], ['/there/slow', 2], ['/there/slow', 2]])
    },
  },
  {
    name: 'a trace, and all of the page’s options, although somebody’s wrapper of fetch copies them',
    pages: {
      '/': (site) =>
        page({
          tag: `data-tracing="${site.elsewhere}"`,
          first: `<script>
            const inner = window.fetch
            // Our own bodies would need a preflight by it.
            const below = (url) => (/batches/.test(url) ? {} : { 'X-Below': '1' })
            window.fetch = (url, init) => inner(url, { ...init, headers: { ...init?.headers, ...below(url) } })
          </script>`,
        })(site),
    },
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async (listed) => {
        await fetch(`${listed}/made`, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'X-Own': '2' } })
        await fetch(`${listed}/api`)
      }, guest.site.elsewhere)
      const asked = (path) => guest.site.asked.find((one) => one.path === path && one.method !== 'OPTIONS')
      const { method, text, headers } = asked('/made')
      assert.deepEqual([method, text, headers['content-type'], headers['x-own'], headers['x-below']], ['POST', '{}', 'application/json', '2', '1'])
      const { request: requests } = await guest.left()
      const traces = requests.map(({ trace_id, span_id }) => `00-${trace_id}-${span_id}-01`)
      assert.deepEqual(traces, [headers.traceparent, asked('/api').headers.traceparent])
    },
  },
  {
    name: 'a trace, although somebody’s wrapper of fetch waits for something first',
    pages: {
      '/': (site) =>
        page({
          tag: `data-tracing="${site.elsewhere}"`,
          // It comes behind the first part of the SDK, and before the second.
          head: `<script>document.addEventListener('DOMContentLoaded', () => {
            const wait = setInterval(() => {
              if (!window.wasmRum?.app) return
              clearInterval(wait)
              const inner = window.fetch
              window.fetch = (...given) => inner('/token').then(() => inner(...given))
            }, 1)
          })</script>`,
        })(site),
    },
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async (listed) => {
        await fetch(`${listed}/api`)
        await fetch(`${listed}/api`)
        // Which of these is which nobody can tell.
        await Promise.all([fetch(`${listed}/api`), fetch(`${listed}/api`)])
        await fetch(`${listed}/api`)
      }, guest.site.elsewhere)
      const { request: requests } = await guest.left()
      const asked = guest.site.asked.filter(({ method, path }) => path === '/api' && method !== 'OPTIONS')
      const sent = asked.map(({ headers }) => headers.traceparent)
      assert.equal(new Set(sent).size, 5)
      const traces = (path) => requests.filter(({ url }) => url.endsWith(path)).map(({ trace_id, span_id }) => trace_id && `00-${trace_id}-${span_id}-01`)
      assert.deepEqual(traces('/api'), [sent[0], sent[1], null, null, sent[4]])
      assert.deepEqual(traces('/token'), Array(5).fill(null))
    },
  },
  {
    name: 'traceparent goes to the listed origin only, and its ids are on the row',
    pages: { '/': (site) => page({ tag: `data-tracing="https://x.example,${site.elsewhere}"` })(site) },
    routes: ROUTES,
    async visit(guest) {
      const OWN = '00-11111111111111111111111111111111-2222222222222222-01'
      const { elsewhere: listed, collector: unlisted } = guest.site
      await guest.starts()
      await guest.evaluate(
        async ([listed, unlisted, OWN]) => {
          await fetch(`${listed}/api`, { headers: { 'X-Own': '1' }, method: 'POST', body: 'b' })
          await fetch(new Request(`${listed}/api`, { headers: { 'X-Own': '2' } }))
          await fetch(`${listed}/api`, { headers: { traceparent: OWN } })
          for (const set of [() => {}, (xhr) => xhr.setRequestHeader('TraceParent', OWN)])
            await new Promise((done) => {
              const xhr = new XMLHttpRequest()
              xhr.onloadend = done
              xhr.open('GET', `${listed}/api`)
              set(xhr)
              xhr.send()
            })
          await fetch(`${unlisted}/api`)
          await fetch('/api')
        },
        [listed, unlisted, OWN],
      )
      const { request: requests } = await guest.left()
      const asked = guest.site.asked.filter(({ method, path }) => path === '/api' && method !== 'OPTIONS')
      const [first, second, own, xhr, ownXhr, ...others] = asked
      assert.deepEqual(asked.map(({ origin }) => origin), [...Array(5).fill(listed), unlisted, guest.site.origin])
      assert.deepEqual([first.headers['x-own'], second.headers['x-own'], first.text], ['1', '2', 'b'])
      for (const { headers } of [own, ownXhr]) assert.equal(headers.traceparent, OWN, 'the page’s own stays')
      assert.deepEqual(others.map(({ headers }) => headers.traceparent), [undefined, undefined])
      assert.deepEqual(
        requests.map(({ trace_id, span_id }) => trace_id && `00-${trace_id}-${span_id}-01`),
        [...[first, second, own, xhr, ownXhr].map(({ headers }) => headers.traceparent), null, null],
      )
      assert.equal(new Set(asked.map(({ headers }) => headers.traceparent)).size, 5, 'three of ours, the page’s own, and none')
    },
  },
  {
    name: 'tracestate goes beside a traceparent that begins here, so to the listed origin only; of itself there is none',
    pages: {
      '/': (site) => page({ tag: `data-tracing="${site.elsewhere}" data-tracestate="vendor=a1,other=b2"` })(site),
      '/none': (site) => page({ tag: `data-tracing="${site.elsewhere}"` })(site),
    },
    routes: ROUTES,
    async visit(guest) {
      const OWN = '00-11111111111111111111111111111111-2222222222222222-01'
      const { elsewhere: listed, collector: unlisted, origin } = guest.site
      const asks = () =>
        guest.evaluate(
          async ([listed, unlisted, OWN]) => {
            const xhr = (url, set = () => {}) =>
              new Promise((done) => {
                const xhr = new XMLHttpRequest()
                xhr.onloadend = done
                xhr.open('GET', url)
                set(xhr)
                xhr.send()
              })
            await fetch(`${listed}/api`, { headers: { 'X-Own': '1' } })
            await xhr(`${listed}/api`)
            // A trace of the page's own has a state of its own, or none.
            await fetch(`${listed}/api`, { headers: { traceparent: OWN } })
            await xhr(`${listed}/api`, (xhr) => xhr.setRequestHeader('traceparent', OWN))
            await fetch(`${unlisted}/api`)
            await xhr(`${unlisted}/api`)
            await fetch('/api')
          },
          [listed, unlisted, OWN],
        )
      await guest.starts()
      await asks()
      await guest.left()
      await guest.starts('/none')
      await asks()
      await guest.left(2)
      const asked = guest.site.asked.filter(({ method, path }) => path === '/api' && method !== 'OPTIONS')
      const [ours, none] = [asked.slice(0, 7), asked.slice(7)]
      const origins = [listed, listed, listed, listed, unlisted, unlisted, origin]
      const states = (requests) => requests.map(({ origin, headers }) => [origin, headers.tracestate])
      assert.deepEqual(states(ours), origins.map((origin, at) => [origin, at < 2 ? 'vendor=a1,other=b2' : undefined]))
      assert.deepEqual(states(none), origins.map((origin) => [origin, undefined]))
      for (const requests of [ours, none])
        assert.deepEqual(requests.map(({ headers: { traceparent } }) => traceparent && traceparent !== OWN), [true, true, false, false, undefined, undefined, undefined])
    },
  },
  {
    name: 'requests of one moment have each its own trace and operation, however coarse the clock is',
    pages: {
      '/': (site) =>
        page({
          tag: `data-tracing="${site.elsewhere}"`,
          // The next one has less than 20 ms to come.
          first: '<script>{ const { now } = performance; performance.now = () => Math.floor(now.call(performance) / 20) * 20 }</script>',
        })(site),
    },
    // The first ends last.
    routes: { '/graphql': ({ text }) => ({ body: '{}', delay: { First: 90, Second: 60, Third: 30 }[JSON.parse(text).operationName] }), ...ROUTES },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async (listed) => {
        const url = `${listed}/graphql`
        const body = (operationName) => JSON.stringify({ query: 'query {}', operationName })
        const first = fetch(url, { method: 'POST', body: body('First') })
        const second = new Promise((done) => {
          const xhr = new XMLHttpRequest()
          xhr.onloadend = done
          xhr.open('POST', url)
          xhr.send(body('Second'))
        })
        const third = fetch(new Request(url, { method: 'POST' }), { body: body('Third') })
        const untraced = fetch('/api')
        await Promise.all([first, second, third, untraced])
        // The same object again, with nothing to tell.
        const xhr = new XMLHttpRequest()
        for (const [address, sent] of [[url, body('Third')], ['/api', null]]) {
          xhr.open('POST', address)
          const ended = new Promise((done) => xhr.addEventListener('loadend', done, { once: true }))
          xhr.send(sent)
          await ended
        }
      }, guest.site.elsewhere)
      const { request: requests } = await guest.left()
      const sent = guest.site.asked.filter(({ method, path }) => path === '/graphql' && method === 'POST')
      assert.equal(sent.length, 4)
      const told = sent.map(({ text, headers }) => [`query ${JSON.parse(text).operationName}`, headers.traceparent])
      const rows = requests.map(({ operation, trace_id, span_id }) => [operation, trace_id && `00-${trace_id}-${span_id}-01`])
      assert.deepEqual(rows.filter(([, trace]) => trace).sort(), told.sort())
      assert.equal(new Set(told.map(([, trace]) => trace)).size, 4)
      assert.deepEqual(rows.filter(([, trace]) => !trace), [[null, null], [null, null]])
      assert.deepEqual(pick(requests.filter(({ trace_id }) => !trace_id), 'url'), [['/api'], ['/api']])
    },
  },
  {
    name: 'a request knows the click that it followed',
    pages: { '/': page({ body: '<button id="asks" onclick="fetch(\'/api\')">Ask</button>' }) },
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => fetch('/api').then(() => true))
      await guest.click('#asks')
      await guest.until(() => window.probe.resources.filter((name) => name.endsWith('/api')).length === 2)
      const { request: requests, action: actions } = await guest.left()
      assert.equal(actions.length, 1)
      assert.deepEqual(pick(requests, 'action'), [[null], [actions[0].ordinal]])
    },
  },
]
