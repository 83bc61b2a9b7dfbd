// Pages that fail in every way: the page goes on working, the limits hold, and what was cut or dropped is counted.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { cameBy } from './fixture/expect.mjs'
import { World } from './fixture/world.mjs'

/** The SDK's limits: UTF-16 units of a message, and different errors of a document. */
const MESSAGE = 1_000
const DIFFERENT = 50

let world
before(async () => {
  world = await World.open()
})
after(() => world?.close())

/** Visits a product with `switches`, shops there, and leaves. `errors` is how many errors the browser must have seen. */
async function shopWith(switches, errors, more = async () => {}) {
  const visit = await world.visit()
  await visit.open('/products/porcini', switches)
  await visit.wasmIsUp()
  await visit.page.waitForFunction((least) => window.__uncaught >= least, errors)
  await more(visit.page)
  // The page works: the visitor can shop, and the shop hears of it.
  const told = visit.page.waitForResponse('**/api/cart')
  await visit.click('#add-to-cart')
  assert.equal((await told).status(), 201)
  assert.equal(await visit.page.textContent('.cart-count'), '1')
  await visit.leave()
  const rows = await visit.rows()
  assert.equal(rows.view.mode, 'wasm')
  // None of the errors is ours.
  for (const error of visit.uncaught) assert.doesNotMatch(String(error.stack), /rum(-glue)?[.\w]*\.(js|wasm)/)
  assert.ok(rows.requests.some(({ method, path, status }) => method === 'POST' && path === '/api/cart' && status === 201))
  return rows
}

test('the same error a thousand times is one row with its count', async () => {
  const { errors, views } = await shopWith('error-loop=1000', 1_000)
  assert.deepEqual(
    errors.map(({ type, message, count, cut }) => [type, message, count, cut]),
    [['RangeError', 'the countdown has no numbers left', 1_000, 0]],
  )
  cameBy(views, 'wasm')
})

test('an error that goes on after it was reported is counted on, in the same row', async () => {
  const { errors } = await shopWith('', 0, async (page) => {
    await page.evaluate(failTimes, 5)
    await page.waitForFunction(() => window.__uncaught >= 5)
    const reported = page.waitForResponse('**/v1/batches?*')
    await page.evaluate(becomeVisible, false)
    assert.equal((await reported).status(), 204)
    await page.evaluate(becomeVisible, true)
    await page.evaluate(failTimes, 7)
    await page.waitForFunction(() => window.__uncaught >= 12)
  })
  assert.deepEqual(
    errors.map(({ message, count }) => [message, count]),
    [['again', 12]],
  )
})

test('a message of a mebibyte is cut, and the row says by how much', async () => {
  const { errors, views } = await shopWith('huge-error=1', 1)
  assert.equal(errors.length, 1)
  const [{ message, stack, cut, type }] = errors
  assert.equal(type, 'Error')
  assert.equal(message, 'x'.repeat(MESSAGE))
  assert.equal(cut, (1 << 20) - MESSAGE)
  assert.match(stack, /throwHuge/)
  cameBy(views, 'wasm')
})

test('an object that contains itself, thrown and rejected, is counted twice', async () => {
  const { errors, views } = await shopWith('circular=1', 2)
  assert.ok(errors.every(({ type, message, stack }) => type === '' && message === '{name,inside}' && stack === ''))
  assert.equal(sum(errors.map(({ count }) => count)), 2)
  cameBy(views, 'wasm')
})

test('a string, a number, null and undefined that are thrown are rows without a type', async () => {
  const { errors, views } = await shopWith('throw-string=1', 4)
  assert.deepEqual(errors.map(({ type, message }) => [type, message]).sort(), [
    ['', 'Uncaught 42'],
    ['', 'Uncaught a lamp fell over'],
    ['', 'Uncaught null'],
    ['', 'Uncaught undefined'],
  ])
  cameBy(views, 'wasm')
})

test('of very many different errors the first are kept, and the others are counted as dropped', async () => {
  const over = 30
  const { errors, view } = await shopWith('', 0, async (page) => {
    await page.evaluate((total) => {
      for (let i = 0; i < total; i++)
        setTimeout(() => {
          // At places of their own: of one place half as many are told apart, and none by numbers alone.
          throw Object.assign(new Error(`problem ${i}`), { stack: `at place (${i})` })
        })
    }, DIFFERENT + over)
    await page.waitForFunction((total) => window.__uncaught >= total, DIFFERENT + over)
  })
  assert.deepEqual(
    errors.map(({ message }) => message).sort(),
    Array.from({ length: DIFFERENT }, (_, i) => `problem ${i}`).sort(),
  )
  assert.equal(view.queue_dropped, over)
})

test('an object that is hostile to whoever reads it does no harm', async () => {
  const { errors } = await shopWith('', 0, async (page) => {
    await page.evaluate(() => {
      const trap = () => {
        throw new Error('hands off')
      }
      const hostile = new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap })
      setTimeout(() => {
        throw hostile
      })
      Promise.reject(hostile)
    })
    await page.waitForFunction(() => window.__uncaught >= 2)
  })
  assert.equal(sum(errors.map(({ count }) => count)), 2)
})

test('an error before the script has arrived is kept by the inline stub', async () => {
  const visit = await world.visit()
  await visit.open('/', 'rum=stub&late-rum=1000&throw=1')
  await visit.wasmIsUp()
  await visit.leave()
  const { errors, view } = await visit.rows()
  assert.deepEqual(
    errors.map(({ type, message }) => [type, message]),
    [['TypeError', "Cannot read properties of undefined (reading 'percent')"]],
  )
  assert.ok(view.attached_ms >= 1_000, `the script attached at ${view.attached_ms} ms`)
})

const sum = (numbers) => numbers.reduce((all, number) => all + number, 0)

/** In the page: throws the same error, each time in a task of its own. */
function failTimes(times) {
  window.fail ??= () => {
    throw new RangeError('again')
  }
  for (let i = 0; i < times; i++) setTimeout(window.fail)
}

/** In the page: the tab is switched away, or back. Playwright keeps every page visible, so the page is told as if. */
function becomeVisible(visible) {
  Object.defineProperty(document, 'hidden', { value: !visible, configurable: true })
  Object.defineProperty(document, 'visibilityState', { value: visible ? 'visible' : 'hidden', configurable: true })
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
}
