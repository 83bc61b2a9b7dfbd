// The queue of bodies and where it keeps them, in Node: time, network, storage and visibility are arguments.

import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { load } from './source.mjs'

const { queue } = await load('late/queue.ts')
const { unsent } = await load('late/unsent.ts')

const START = Date.UTC(2026, 10, 21)
const SECOND = 1e3
const HOUR = 36e5

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START })
  // The most that jitter makes of a time.
  mock.method(Math, 'random', () => 1)
  globalThis.document = { hidden: false }
  mock.method(performance, 'now', () => Date.now() - START)
})

let ids = 0
/** A body that is built now; `padding` makes it larger. */
const body = (padding = '') => `[1,0,"${(++ids).toString(16).padStart(16, '0')}",${Date.now()},[],["${padding}"]]`

/** What is promised to happen at once has happened. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await null
}
const pass = async (ms) => {
  mock.timers.tick(ms)
  await settled()
}

const answer = (status, headers = {}) => ({ status, headers: new Headers(headers), text: async () => '' })
const OK = answer(204)

/** A storage as browsers have it, with room for so many UTF-16 units. */
const storageOf = (units = Infinity) =>
  new Proxy(
    {},
    {
      get: (_, key) => stores[key],
      ownKeys: () => Object.keys(stores).reverse(),
      getOwnPropertyDescriptor: (_, key) => Object.getOwnPropertyDescriptor(stores, key),
      deleteProperty: (_, key) => delete stores[key],
      set(_, key, value) {
        if (Object.values({ ...stores, [key]: value }).join('').length > units) throw new DOMException('full', 'QuotaExceededError')
        stores[key] = value
        return true
      },
    },
  )
let stores
beforeEach(() => (stores = {}))

const stored = () => Object.keys(stores).sort().map((key) => stores[key])

/** A page with a queue. `answers` is asked for each try, and returns a response, or rejects. */
const page = ({ answers = () => OK, storage = storageOf(), memory = new Map(), shrink = async () => undefined } = {}) => {
  const sent = []
  const told = []
  let lost = 0
  const send = async (body, away, fits) => {
    sent.push({ body, away, fits })
    return await answers(body, sent.length)
  }
  const kept = unsent(() => storage ?? undefined, 'key ', memory)
  let taken = 0
  return { ...queue(() => `key ${Date.now()},${taken++},${Math.trunc(Math.random() * 1e9)}`, kept, send, shrink, () => void lost++, (response) => told.push(response)), sent, told, lost: () => lost }
}

test('a body is stored before it is sent, and removed at its answer', async () => {
  let arrive
  const { take, sent, told } = page({ answers: () => new Promise((resolve) => (arrive = resolve)) })
  const one = body()
  take(one)
  assert.deepEqual(stored(), [one])
  assert.equal(sent.length, 0, 'in a task of its own')
  await pass(0)
  assert.deepEqual(sent, [{ body: one, away: false, fits: true }])
  assert.deepEqual(stored(), [one])
  arrive(OK)
  await settled()
  assert.deepEqual(stores, {}, 'nothing is left behind')
  assert.deepEqual(told, [OK])
})

test('at hide all bodies go at once and as they are, while the page is seen one after the other', async () => {
  const arrive = []
  const { take, go, leave, sent } = page({ answers: () => new Promise((resolve) => arrive.push(resolve)) })
  const [one, two, three] = [body(), body(), body()]
  take(one)
  take(two)
  await pass(0)
  assert.deepEqual(sent.map(({ body }) => body), [one])
  take(three)
  leave()
  assert.deepEqual(sent.map(({ body, away }) => [body, away]), [[one, false], [two, true], [three, true]])
  arrive.forEach((done) => done(OK))
  await settled()
  assert.equal(sent.length, 3)
  assert.deepEqual(stored(), [])
})

test('a page that is hidden sends when the last listener is called, once, and what comes after that at once', () => {
  const { take, look, leave, sent } = page({ answers: () => new Promise(() => {}) })
  const [one, two] = [body(), body()]
  document.hidden = true
  take(one)
  assert.equal(sent.length, 0, 'the listener that is not the last')
  look()
  leave()
  assert.deepEqual(sent, [{ body: one, away: true, fits: true }])
  take(two)
  assert.deepEqual(sent[1], { body: two, away: true, fits: true })
})

test('what a hidden page tells without being asked goes as if it were the last', async () => {
  const { take, sent } = page()
  document.hidden = true
  const one = body()
  take(one)
  await pass(0)
  assert.deepEqual(sent, [{ body: one, away: true, fits: true }])
})

test('what was compressed in time goes compressed; when the page is left meanwhile, it goes as it is, once', async () => {
  let shrunk
  const shrink = () => new Promise((resolve) => (shrunk = resolve))
  const { take, leave, sent } = page({ shrink })
  const bytes = new ArrayBuffer(7)
  const [one, two] = [body(), body()]
  take(one)
  await pass(0)
  shrunk(bytes)
  await settled()
  assert.equal(sent[0].body, bytes)
  assert.deepEqual(stored(), [], 'its answer removes the text')

  take(two)
  await pass(0)
  leave()
  await settled()
  shrunk(bytes)
  await settled()
  assert.deepEqual(sent.slice(1).map(({ body }) => body), [two])
})

test('a body that another tab has delivered while it was compressed does not hold up the next one', async () => {
  const shrunk = []
  const { take, sent } = page({ shrink: () => new Promise((resolve) => shrunk.push(resolve)) })
  const [one, two] = [body(), body()]
  take(one)
  take(two)
  await pass(0)
  assert.equal(shrunk.length, 1, 'one at a time')
  for (const [key, body] of Object.entries(stores)) if (body === one) delete stores[key]
  shrunk[0]()
  await settled()
  shrunk[1]()
  await settled()
  assert.deepEqual(sent.map(({ body }) => body), [two])
})

test('a body that cannot be compressed goes as it is', async () => {
  const { take, sent } = page({ shrink: () => Promise.reject(new Error('no')) })
  const one = body()
  take(one)
  await pass(0)
  assert.deepEqual(sent.map(({ body }) => body), [one])
})

for (const status of [200, 408, 425, 429, 500, 503])
  test(`${status} may pass: the same bytes again, after 1, 2, 4 … s, at most 5 min`, async () => {
    const { take, sent, lost } = page({ answers: () => answer(status) })
    const one = body()
    take(one)
    await pass(0)
    for (const [tries, seconds] of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].entries()) {
      await pass(seconds * SECOND - 1)
      assert.equal(sent.length, tries + 1, `not before ${seconds} s`)
      await pass(1)
      assert.equal(sent.length, tries + 2)
    }
    assert.deepEqual(new Set(sent.map(({ body }) => body)), new Set([one]))
    assert.equal(lost(), 0)
    assert.deepEqual(stored(), [one])
  })

test('jitter takes up to half of it', async () => {
  mock.method(Math, 'random', () => 0)
  const { take, sent } = page({ answers: () => answer(503) })
  take(body())
  await pass(0)
  await pass(499)
  assert.equal(sent.length, 1)
  await pass(1)
  assert.equal(sent.length, 2)
})

test('timers may be early, for they have no fractions of a millisecond', async () => {
  mock.method(Math, 'random', () => 1 / 3)
  const { take, sent } = page({ answers: () => answer(503) })
  take(body())
  await pass(0)
  for (let ms = 0; ms < 700; ms++) await pass(1)
  assert.equal(sent.length, 2)
})

for (const status of [400, 403, 404, 413, 422])
  test(`${status} will not pass: the body is lost`, async () => {
    const { take, sent, lost } = page({ answers: () => answer(status) })
    take(body())
    await pass(0)
    await pass(HOUR)
    assert.deepEqual([sent.length, lost(), stored()], [1, 1, []])
  })

for (const [name, value, ms] of [
  ['seconds', '60', 60 * SECOND],
  ['a date', new Date(START + 90 * SECOND).toUTCString(), 90 * SECOND],
  ['a date that has passed', new Date(START - 90 * SECOND).toUTCString(), SECOND],
  ['nonsense', 'soon', SECOND],
])
  test(`Retry-After: ${name}; also kept at hide`, async () => {
    const { take, leave, sent } = page({ answers: () => answer(503, { 'Retry-After': value }) })
    take(body())
    await pass(0)
    await pass(ms - 1)
    leave()
    take(body())
    await pass(0)
    assert.equal(sent.length, 1)
    await pass(1)
    assert.equal(sent.length, 2)
  })

test('after a failure one body shows the way', async () => {
  let status = 503
  const { take, leave, sent } = page({ answers: () => answer(status) })
  const bodies = [body(), body(), body()]
  bodies.forEach(take)
  leave()
  await settled()
  assert.equal(sent.length, 3)
  await pass(SECOND - 1)
  assert.equal(sent.length, 3)
  // Those that failed together are one failure.
  await pass(1)
  assert.equal(sent.length, 4, 'one of them')
  status = 204
  await pass(2 * SECOND)
  assert.deepEqual(sent.slice(4).map(({ body }) => body), bodies)
})

test('a network that fails is tried again at hide, and when it is back', async () => {
  let works = false
  const { take, leave, online, sent } = page({ answers: () => (works ? OK : Promise.reject(new TypeError('Failed to fetch'))) })
  take(body())
  await pass(0)
  take(body())
  await pass(0)
  assert.equal(sent.length, 1, 'not at once')
  leave()
  await settled()
  assert.equal(sent.length, 3, 'the page may never come back')
  works = true
  online()
  await settled()
  assert.equal(sent.length, 5)
  assert.deepEqual(stored(), [])
})

test('the network is back, but the collector has asked to wait', async () => {
  const { take, online, sent } = page({ answers: () => answer(503, { 'Retry-After': '60' }) })
  take(body())
  await pass(0)
  online()
  await settled()
  assert.equal(sent.length, 1)
})

test('an unattended tab does not try; when it is seen again, it does', async () => {
  const { take, go, sent } = page({ answers: () => answer(503) })
  take(body())
  await pass(0)
  document.hidden = true
  await pass(HOUR)
  assert.equal(sent.length, 1)
  document.hidden = false
  go(false)
  await settled()
  assert.equal(sent.length, 2)
})

test('whatever a try rejects with', async () => {
  const fails = () => {
    throw new Error("the page's own")
  }
  const hostile = [{ get status() { return fails() } }, { status: 503, get headers() { return fails() } }, { status: 503, headers: { get: fails } }]
  const problems = [undefined, null, 0, 'x', {}, { status: 503, headers: {} }, { status: 503, headers: null }, ...hostile]
  const { take, sent } = page({ answers: (_, tries) => (tries > problems.length ? OK : Promise.reject(problems[tries - 1])) })
  take(body())
  await pass(0)
  for (const _ of problems) await pass(HOUR)
  assert.equal(sent.length, problems.length + 1)
  assert.deepEqual(stored(), [])
})

test('the next page sends what this one could not, and not what was acknowledged', async () => {
  const first = page({ answers: (_, tries) => (tries == 1 ? OK : new Promise(() => {})) })
  const [one, two] = [body(), body()]
  first.take(one)
  first.take(two)
  await pass(0)
  const second = page()
  second.go()
  await settled()
  assert.deepEqual(second.sent.map(({ body }) => body), [two])
  assert.deepEqual(stored(), [])
})

test('what another tab has delivered is not sent again', async () => {
  const [one, two] = [page({ answers: () => answer(503) }), page()]
  one.take(body())
  await pass(0)
  two.go()
  await settled()
  await pass(HOUR)
  assert.deepEqual([one.sent.length, two.sent.length], [1, 1])
})

test('after 24 hours a body is given up, and counted, by whoever finds it', async () => {
  const first = page({ answers: () => answer(503) })
  first.take(body())
  await pass(0)
  document.hidden = true
  await pass(24 * HOUR - 1)
  document.hidden = false
  const second = page({ answers: () => answer(503) })
  second.go()
  await settled()
  assert.equal(second.sent.length, 1, 'a day less a millisecond')
  await pass(SECOND)
  assert.deepEqual([second.lost(), second.sent.length, stored()], [1, 1, []])
  first.go()
  assert.deepEqual([first.lost(), first.sent.length], [0, 1], 'once')
})

test('what is given up while nobody sees the page is counted when somebody does', async () => {
  const { take, go, leave, lost, sent } = page({ answers: () => answer(400) })
  document.hidden = true
  take(body())
  leave()
  await settled()
  leave()
  assert.deepEqual([sent.length, lost(), stored()], [1, 0, ['-']])
  const next = page()
  document.hidden = false
  next.go()
  assert.deepEqual([next.sent.length, next.lost(), stored()], [0, 1, []])
  go()
  assert.equal(lost(), 0, 'once')
})

test('at most 50 bodies are kept: the oldest goes, but none that is on its way', async () => {
  const { take, lost, sent } = page({ answers: () => new Promise(() => {}) })
  const bodies = Array.from({ length: 53 }, () => body())
  take(bodies[0])
  await pass(0)
  for (const one of bodies.slice(1)) {
    // Those of one millisecond have no order.
    mock.timers.setTime(Date.now() + 1)
    take(one)
  }
  assert.deepEqual(stored(), [bodies[0], '-', '-', '-', ...bodies.slice(4)])
  await pass(0)
  assert.equal(lost(), 3)
  assert.deepEqual(stored(), [bodies[0], ...bodies.slice(4)])
  assert.equal(sent.length, 1)
})

test('at most 200 KB are kept', async () => {
  const { take, lost } = page({ answers: () => new Promise(() => {}) })
  const bodies = Array.from({ length: 5 }, () => body('x'.repeat(29_000)))
  bodies.forEach(take)
  await pass(0)
  assert.equal(lost(), 2)
  assert.deepEqual(stored(), bodies.slice(2))
})

test('a body that is larger than all that is kept has its try', async () => {
  const { take, sent, lost } = page()
  take(body('x'.repeat(150_000)))
  await pass(0)
  assert.deepEqual([sent.length, lost(), sent[0].fits], [1, 0, false])
})

test('the quota of keepalive counts bytes in flight, and is given back', async () => {
  const arrive = []
  const { take, leave, sent } = page({ answers: () => new Promise((resolve) => arrive.push(resolve)) })
  // Three bytes a character.
  const large = () => body('\u0800'.repeat(5_000))
  take(large())
  take(large())
  take(large())
  leave()
  assert.deepEqual(sent.map(({ fits }) => fits), [true, true, false])
  arrive[0](OK)
  await settled()
  document.hidden = true
  take(large())
  leave()
  assert.equal(sent[3].fits, true)
})

test('what is no body stands for one that was given up, and is counted', async () => {
  const whole = body()
  Object.assign(stores, { 'key 1': '-', 'key 2': '"rest of one"]]', 'key 3': '[5,2,1]]', 'key 4': whole, 'other 5': body() })
  const { go, sent, lost } = page()
  go()
  await settled()
  assert.deepEqual([sent.map(({ body }) => body), lost(), Object.keys(stores)], [[whole], 3, ['other 5']])
})

test('a storage that is full, or forbidden, or not wanted: the page keeps its bodies itself', async () => {
  for (const storage of [storageOf(10), null]) {
    let status = 503
    const { take, sent, lost } = page({ storage, answers: () => answer(status) })
    const one = body()
    take(one)
    assert.deepEqual(stored(), [])
    await pass(0)
    status = 204
    await pass(SECOND)
    assert.deepEqual([sent.map(({ body }) => body), lost()], [[one, one], 0])
    await pass(HOUR)
    assert.equal(sent.length, 2)
  }
})

test('a storage that becomes full: nothing is sent twice, and nothing is forgotten', async () => {
  const arrive = []
  const one = body()
  const { take, leave, sent } = page({
    storage: storageOf(one.length + 1),
    answers: () => new Promise((resolve) => arrive.push(resolve)),
  })
  const two = body()
  take(one)
  take(two)
  leave()
  arrive.forEach((done) => done(OK))
  await settled()
  leave()
  await pass(HOUR)
  assert.deepEqual(sent.map(({ body }) => body), [one, two])
  assert.deepEqual(stored(), [])
})

test('what the capture script could not store is taken over', async () => {
  const one = body()
  const { go, sent } = page({ storage: null, memory: new Map([['key 1', one]]) })
  go()
  await settled()
  assert.deepEqual(sent.map(({ body }) => body), [one])
})
