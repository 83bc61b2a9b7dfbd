// Real visits make the alerts fire, and other visits end them; the webhook hears of each once.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { until } from './fixture/deadline.mjs'
import { Listener } from './fixture/listener.mjs'
import { World } from './fixture/world.mjs'

const RULES = `
rules:
  - alert: SlowLargestPaint
    metric: lcp
    stat: p75
    where: { app: shop, page: / }
    above: 2500ms
    window: 20s
    for: 1s
    min_samples: 1
  - alert: ErrorsOnPage
    metric: js_errors
    stat: count
    where: { app: shop }
    group_by: [page]
    above: 0
    window: 20s
    annotations:
      summary: "{{value}} errors on {{page}}"
`

/** What the webhook was sent, in order. */
const heard = []

let world, webhook
before(async () => {
  webhook = await Listener.start(async (request, response) => {
    const body = (await request.toArray()).join('')
    heard.push({ ...JSON.parse(body), key: request.headers['idempotency-key'], type: request.headers['content-type'] })
    response.statusCode = 204
    response.end()
  })
  world = await World.open({ alerts: { rules: RULES, webhook: `${webhook.url}/hook` } })
})
after(async () => {
  await world?.close()
  await webhook?.stop()
})

async function visit(path, switches) {
  const visit = await world.visit()
  await visit.open(path, switches)
  await visit.wasmIsUp()
  if (switches.includes('slow-lcp')) await visit.heroIsPainted()
  await visit.leave()
  return (await visit.rows()).view
}

const told = (alert, status) => heard.filter((one) => one.alert === alert && one.status === status)

/** Waits until the rules were evaluated `times` more. */
async function rounds(times) {
  const seen = new Set()
  await until(`${times} rounds of the rules`, async () => {
    const { last_round, problem } = await world.collector.health('alerts')
    assert.equal(problem, undefined)
    return seen.add(last_round).size > times
  })
}

test('a slow page and a page with errors fire once each, and resolve once each', async () => {
  const slow = await visit('/', 'slow-lcp=3000')
  assert.equal(slow.mode, 'wasm')
  await until('the slow page fires', () => told('SlowLargestPaint', 'firing').length > 0)
  await visit('/products/porcini', 'throw=1')
  await until('the errors fire', () => told('ErrorsOnPage', 'firing').length > 0)

  // Without visitors nobody knows whether a page is well again: fast ones end the alert, absent errors end the other.
  await until('the slow page is well', async () => {
    await visit('/', '')
    return told('SlowLargestPaint', 'resolved').length > 0
  })
  await until('the errors are over', () => told('ErrorsOnPage', 'resolved').length > 0)
  await rounds(3)

  assert.deepEqual(
    heard.map(({ alert, status, labels }) => [alert, status, labels.page]).sort(),
    [
      ['ErrorsOnPage', 'firing', '/products/porcini'],
      ['ErrorsOnPage', 'resolved', '/products/porcini'],
      ['SlowLargestPaint', 'firing', '/'],
      ['SlowLargestPaint', 'resolved', '/'],
    ],
  )
  const [fired] = told('SlowLargestPaint', 'firing')
  const [{ value: lcp }] = await world.collector.sql(`SELECT value FROM rum.web_vitals WHERE metric = 'LCP' AND view_id = '${slow.view_id}'`)
  assert.ok(Math.abs(fired.value - lcp) < 1, `the alert says ${fired.value}, the row ${lcp}`)
  assert.equal(fired.samples, 1)
  assert.equal(told('ErrorsOnPage', 'firing')[0].annotations.summary, '1 errors on /products/porcini')
  for (const { alert, starts_at, ends_at, fingerprint, key } of heard.filter(({ status }) => status === 'resolved')) {
    const [firing] = told(alert, 'firing')
    assert.deepEqual([firing.fingerprint, firing.starts_at, firing.ends_at], [fingerprint, starts_at, null])
    assert.ok(Date.parse(ends_at) > Date.parse(starts_at))
    assert.notEqual(firing.key, key)
  }
  assert.ok(heard.every(({ type }) => type === 'application/json'))
})
