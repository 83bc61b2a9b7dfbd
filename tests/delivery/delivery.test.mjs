// 500 visits in Chromium, half of them left within 300 ms of their load, while the collector refuses, resets connections and
// loses answers, while networks are away and tabs are killed: what was captured is in the tables once, or its loss is told.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launch } from '../../js-wrapper/test/harness.mjs'
import { rows as rowsOf } from '../recordings/rows.mjs'
import { isKept, serve } from './collector.mjs'
import { pageOf, visitor, VISITS } from './visitor.mjs'

const NATIVE_CORE = process.env.RUM_NATIVE_CORE_BIN ?? fileURLToPath(new URL('../../target/debug/native-core', import.meta.url))
/** Visitors of each manner: fifty. */
const VISITORS = { reader: 18, opener: 12, unlucky: 9, traveller: 7, old: 4 }
/** At one time. */
const PARALLEL = 5
/** Where a row of a view has its path, and its receipt the records and bodies that were lost. */
const VIEW = { path: 5, receipt: 12, lost: 1 }

/** A generator of numbers from 0 to 1, the same each time (mulberry32). */
const randomFrom = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

let arrivals
let visitors
/** Rows of all that the collector has kept. */
let rows

before(async () => {
  const browser = await launch()
  const collector = await serve(pageOf)
  const waiting = Object.entries(VISITORS).flatMap(([manner, count]) => Array.from({ length: count }, (_, n) => [manner, `${manner}${n}`]))
  visitors = []
  const work = async () => {
    for (let next; (next = waiting.shift()); ) {
      const [manner, app] = next
      visitors.push(await visitor({ browser, collector, app, manner, random: randomFrom(visitors.length) }))
    }
  }
  try {
    await Promise.all(Array.from({ length: PARALLEL }, work))
  } finally {
    // What is left open would keep a failed run from ending.
    await browser.close()
    await collector.close()
  }
  arrivals = collector.arrivals

  // As the collector does: by batch id first.
  const kept = [...new Map(arrivals.filter(isKept).map((one) => [one.id, one])).values()]
  const raw = kept.filter(({ raw }) => raw).map(({ text }) => text + '\n')
  const replayed = execFileSync(NATIVE_CORE, { input: raw.join(''), encoding: 'utf8', maxBuffer: 1 << 30 }).split('\n').filter(Boolean)
  rows = Object.entries(rowsOf([...replayed, ...kept.filter(({ raw }) => !raw).map(({ text }) => text)]))
    .map(([identity, row]) => ({ kind: identity.split(' ')[1], row, text: JSON.stringify(row) }))
})

const visits = () => visitors.flatMap(({ app, manner, told, handedOver }) => Object.entries(told).map(([id, one]) => ({ id, app, manner, handedOver, ...one })))
const having = (deed) => rows.filter(({ kind, text }) => kind !== 'view' && kind !== 'vital' && text.includes(deed)).length
const viewsOf = (id) => rows.filter(({ kind, row }) => kind === 'view' && row[VIEW.path] === `/${id}`)
/** Bodies that were refused for good. */
const refused = () => [...new Map(arrivals.filter(({ fate }) => fate === 'never').map((one) => [one.id, one])).values()]

after(() => {
  // The visits have failed: there is nothing to sum up.
  if (!rows) return
  const count = (what) => arrivals.filter(what).length
  const of = (name) => visitors.reduce((sum, { left }) => sum + left[name], 0)
  const deeds = visits().flatMap(({ deeds }) => deeds)
  console.log(
    [
      `${visitors.length * VISITS} visits and ${visitors.length} last ones: ${of('quickly')} left within 300 ms, ${of('killed')} killed, ${of('offline')} offline`,
      `${count(() => true)} bodies arrived, ${new Set(arrivals.map(({ id }) => id)).size} different: ${count(({ raw }) => raw)} raw, of which ${count(({ early }) => early)} early, ${count(({ zipped }) => zipped)} compressed, ${count(({ beacon }) => beacon)} beacons`,
      ['kept', 'refused', 'refused, wait', 'never', 'reset', 'answer lost'].map((fate) => `${count((one) => one.fate === fate)} ${fate}`).join(', '),
      `${visits().filter(({ up }) => up).length} pages told of ${deeds.length} things that they did: ${deeds.filter((deed) => having(deed) === 1).length} are one row, ${deeds.filter((deed) => !having(deed)).length} none`,
      `receipts tell of ${viewLosses(visitors.map(({ app }) => app))} lost bodies; ${refused().length} were refused for good`,
    ].join('\n'),
  )
})

const viewLosses = (apps) =>
  rows
    .filter(({ kind, row }) => kind === 'view' && apps.some((app) => row[VIEW.path].startsWith(`/${app}-`)))
    .reduce((sum, { row }) => sum + (row[VIEW.receipt]?.[VIEW.lost] ?? 0), 0)

test('the weather was bad enough', () => {
  assert.equal(visitors.length * VISITS, 500)
  for (const fate of ['refused', 'refused, wait', 'never', 'reset', 'answer lost'])
    assert.ok(arrivals.some((one) => one.fate === fate), fate)
  for (const what of ['beacon', 'raw', 'zipped']) assert.ok(arrivals.some((one) => one[what]), what)
  assert.ok(arrivals.some(({ raw }) => !raw))
  const unheard = new Set(arrivals.filter(({ early, fate }) => early && fate !== 'kept').map(({ id }) => id))
  assert.ok(arrivals.some(({ id, fate }) => unheard.has(id) && fate === 'kept'), 'what a page that was left early could not deliver came again')
  for (const what of ['quickly', 'killed', 'offline']) assert.ok(visitors.some(({ left }) => left[what] > 0), what)
  assert.ok(visits().length > 400, 'pages tell what they did')
})

test('a batch id names bytes', () => {
  const known = new Map()
  for (const { id, text } of arrivals) {
    assert.equal(known.get(id) ?? text, text, id)
    known.set(id, text)
  }
})

test('whatever was kept counts once', () => {
  for (const { id, deeds } of visits()) {
    for (const deed of deeds) assert.ok(having(deed) <= 1, `${having(deed)} rows have ${deed}`)
    assert.ok(viewsOf(id).length <= 1, id)
  }
  const known = rows.filter(({ kind }) => kind === 'request').map(({ text }) => /\/api\/[^"]+/.exec(text)?.[0])
  assert.equal(new Set(known).size, known.length, 'killed pages included')
})

test('a body is handed over to sendBeacon at most once, and then never sent again', () => {
  const handedOver = visitors.flatMap(({ handedOver }) => handedOver)
  assert.ok(handedOver.length > 0)
  assert.equal(new Set(handedOver).size, handedOver.length)
  const known = new Map()
  for (const { id, beacon, fate } of arrivals) {
    const last = known.get(id)
    // A connection that breaks is the browser's own reason to repeat a request.
    if (last?.beacon) assert.ok(beacon && ['reset', 'answer lost'].includes(last.fate), `${id} after ${last.fate}`)
    known.set(id, { beacon, fate })
  }
})

test('everything that a page did is a row, or in a body that was refused for good, or was handed over', () => {
  const keptIds = new Set(arrivals.filter(isKept).map(({ id }) => id))
  const poisoned = refused().map(({ text }) => text)
  const missing = visits().flatMap(({ id, deeds, handedOver, up }) => {
    // What nobody promises to deliver.
    const given = [...poisoned, ...handedOver.filter((text) => !keptIds.has(JSON.parse(text)[2]))]
    const isGiven = (what) => given.some((text) => text.includes(what))
    return [
      ...deeds.filter((deed) => having(deed) !== 1 && !isGiven(deed)),
      ...(up && !viewsOf(id).length && !isGiven(`"/${id}"`) ? [`the view ${id}`] : []),
    ]
  })
  assert.deepEqual(missing, [])
})

test('receipts tell of every body that was refused for good', () => {
  for (const { app } of visitors)
    assert.equal(viewLosses([app]), refused().filter((one) => one.app === app).length, app)
  assert.ok(refused().length > 0)
})
