// 500 visits in Chromium, half of them left within 300 ms of their load, while the collector refuses, resets connections and
// loses answers, while networks are away and tabs are killed. What gets through reaches a real collector: what was captured is
// in its tables once, or its loss is told.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launch } from '../../js-wrapper/test/harness.mjs'
import { Collector } from '../browser/fixture/collector.mjs'
import { rows as rowsOf } from '../recordings/rows.mjs'
import { pageOf, visitor, VISITS } from './visitor.mjs'
import { isKept, isThrough, serve } from './weather.mjs'

const NATIVE_CORE = process.env.RUM_NATIVE_CORE_BIN ?? fileURLToPath(new URL('../../target/debug/native-core', import.meta.url))
/** Visitors of each manner: fifty. */
const VISITORS = { reader: 18, opener: 12, unlucky: 9, traveller: 7, old: 4 }
/** At one time. */
const PARALLEL = 5
/** Metrics in the order of their numbers on the wire. */
const METRICS = `['LCP', 'CLS', 'INP', 'FCP', 'TTFB']`

/** All rows of all pages: the kind, the name that tells a row from all others (as in `rows.mjs`), and `what` it is about. */
const ROWS = [
  `SELECT 'view' AS kind, app, view_id || ' view' AS name, page AS what FROM rum.page_views`,
  `SELECT 'vital', app, format('{} vital {} {}', view_id, toString(indexOf(${METRICS}, metric)), toString(toUInt8(scope))), '' FROM rum.web_vitals_all`,
  ...Object.entries({ request: 'path', error: 'message', action: 'name', 'long-frame': `''` }).map(
    ([kind, what]) => `SELECT '${kind}', app, format('{} ${kind} {}', view_id, toString(ordinal)), ${what} FROM rum.${kind.replace('-', '_')}s`,
  ),
].join(' UNION ALL ')
/** What was lost by the receipts: a document's is the greatest of its views. */
const LOST = `SELECT app, sum(lost) AS lost FROM (SELECT app, max(queue_dropped) AS lost FROM rum.page_views GROUP BY app, document_id) GROUP BY app`

/** A generator of numbers from 0 to 1, the same each time (mulberry32). */
const randomFrom = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

let arrivals
let failures
let visitors
/** Rows of the collector's tables, as somebody who asks gets them. */
let rows
/** By app, bodies that were lost by the receipts in the tables. */
let lost
/** Names of the rows that the acknowledged bodies hold. */
let acknowledged

before(async () => {
  const waiting = Object.entries(VISITORS).flatMap(([manner, count]) => Array.from({ length: count }, (_, n) => [manner, `${manner}${n}`]))
  const collector = await Collector.start({ apps: waiting.map(([, app]) => ({ name: app, key: app, origins: ['*'] })) })
  try {
    await visitAll(waiting, collector.url)
    await collector.drained()
    rows = (await collector.sql(ROWS)).map((row) => ({ ...row, text: JSON.stringify(row.what) }))
    lost = Object.fromEntries((await collector.sql(LOST)).map(({ app, lost }) => [app, Number(lost)]))
  } finally {
    await collector.stop()
  }

  const kept = [...new Map(arrivals.filter(isKept).map((one) => [one.id, one])).values()]
  const raw = kept.filter(({ raw }) => raw).map(({ text }) => text + '\n')
  const replayed = execFileSync(NATIVE_CORE, { input: raw.join(''), encoding: 'utf8', maxBuffer: 1 << 30 }).split('\n').filter(Boolean)
  acknowledged = Object.keys(rowsOf([...replayed, ...kept.filter(({ raw }) => !raw).map(({ text }) => text)]))
})

/** All visits, some at one time; their bodies go through bad weather to the collector of that URL. */
async function visitAll(waiting, url) {
  const browser = await launch()
  const weather = await serve(pageOf, url)
  ;({ arrivals, failures } = weather)
  visitors = []
  const work = async () => {
    for (let next; (next = waiting.shift()); ) {
      const [manner, app] = next
      visitors.push(await visitor({ browser, weather, app, manner, random: randomFrom(visitors.length) }))
    }
  }
  try {
    await Promise.all(Array.from({ length: PARALLEL }, work))
  } finally {
    // What is left open would keep a failed run from ending.
    await browser.close()
    await weather.close()
  }
}

const visits = () => visitors.flatMap(({ app, manner, told, handedOver }) => Object.entries(told).map(([id, one]) => ({ id, app, manner, handedOver, ...one })))
const having = (deed) => rows.filter(({ kind, text }) => kind !== 'view' && kind !== 'vital' && text.includes(deed)).length
const viewsOf = (id) => rows.filter(({ kind, what }) => kind === 'view' && what === `/${id}`)
/** What became of the bodies that tell of a page. */
const met = (id) => arrivals.filter(({ text }) => text.includes(`"/${id}"`)).map(({ id, fate }) => `${id} ${fate}`)
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
      `${rows.length} rows in the tables, whose receipts tell of ${Object.values(lost).reduce((sum, count) => sum + count)} lost bodies; ${refused().length} were refused for good`,
    ].join('\n'),
  )
})

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

test('a batch id names bytes, and each body is one', () => {
  assert.deepEqual(failures, [])
  const known = new Map()
  for (const { id, text } of arrivals) {
    assert.equal(known.get(id) ?? text, text, id)
    known.set(id, text)
  }
})

test('the collector took all that came through to it, and refused for good what it does not know', () => {
  assert.deepEqual(arrivals.filter((one) => isThrough(one) && !isKept(one)).map(({ id, status }) => [id, status]), [])
  assert.deepEqual(new Set(arrivals.filter(({ fate }) => fate === 'never').map(({ status }) => status)), new Set([403]))
})

test('every row of what was acknowledged is in the tables exactly once, and nothing else is', () => {
  const known = new Set(rows.map(({ name }) => name))
  const expected = new Set(acknowledged)
  assert.ok(expected.size > 500)
  assert.deepEqual(acknowledged.filter((name) => !known.has(name)), [], 'rows that are missing')
  // An INP brings the frames that it met along, which are rows of their own.
  assert.deepEqual(rows.filter(({ kind, name }) => kind !== 'long-frame' && !expected.has(name)), [], 'rows of which nobody knows')
  assert.equal(rows.length, known.size, 'none is there twice')
})

test('whatever a page did counts once', () => {
  for (const { id, deeds } of visits()) {
    for (const deed of deeds) assert.ok(having(deed) <= 1, `${having(deed)} rows have ${deed}`)
    assert.ok(viewsOf(id).length <= 1, id)
  }
  const known = rows.filter(({ kind }) => kind === 'request').map(({ what }) => what)
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
      ...(up && !viewsOf(id).length && !isGiven(`"/${id}"`) ? [`the view ${id}, whose bodies were: ${met(id)}`] : []),
    ]
  })
  assert.deepEqual(missing, [])
})

test('receipts in the tables tell of every body that was refused for good', () => {
  for (const { app } of visitors)
    assert.equal(lost[app], refused().filter((one) => one.app === app).length, app)
  assert.ok(refused().length > 0)
})
