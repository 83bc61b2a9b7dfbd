// What libraries reported, and whether two of them reported the same.

import assert from 'node:assert/strict'

const ID = /^v6-(\d{13})-(\d{13})$/
/** Sums of the same numbers in another order. */
const ROUNDING = 1e-6
/** After a restore each library reads the clock in a frame of its own, in ms. */
export const RESTORED = 25

export const isRestored = ({ navigationType }) => navigationType === 'back-forward-cache'

export const of = (document, library, series) =>
  document.reports.filter((report) => report.library === library && report.series === series)

/** The last report of each metric instance of a series. */
export function last(reports) {
  const instances = new Map()
  for (const report of reports) instances.set(report.metric.id, report)
  return [...instances.values()]
}

/** Every instance has one id, no other has it, and it tells when it was made. */
export function idsAreGood({ reports, timeOrigin }) {
  const owners = new Map()
  for (const { library, series, metric } of reports) {
    const [, made] = ID.exec(metric.id) ?? assert.fail(`the form of ${metric.id}`)
    assert.ok(made >= timeOrigin - 1_000 && made <= Date.now(), `${metric.id} was made while the page lived`)
    const owner = `${library} ${series} ${metric.name} ${metric.navigationType}`
    assert.equal(owners.get(metric.id) ?? owner, owner, `${metric.id} has one owner`)
    owners.set(metric.id, owner)
  }
}

/** A report without what is a library's own: an id is the number of its instance. */
function comparable(reports) {
  const ids = {}
  return reports.map(({ library, series, metric: { id, ...metric }, ...moment }) => {
    const known = (ids[metric.name] ??= [])
    if (!known.includes(id)) known.push(id)
    return { ...moment, metric: { ...metric, instance: known.indexOf(id) } }
  })
}

/**
 * What the reference should have said. It counts a frame without style and layout, whose `styleAndLayoutStart` is 0, as if
 * these had begun with the page: its two totals are off by the time at which the frame ended.
 */
export function mended(report) {
  const { attribution } = report.metric
  if (attribution?.totalStyleAndLayoutDuration === undefined) return report
  const ends = attribution.longAnimationFrameEntries
    .filter(({ styleAndLayoutStart }) => styleAndLayoutStart === 0)
    .reduce((sum, { startTime, duration }) => sum + startTime + duration, 0)
  const totals = {
    totalStyleAndLayoutDuration: attribution.totalStyleAndLayoutDuration - ends,
    totalUnattributedDuration: attribution.totalUnattributedDuration + ends,
  }
  return { ...report, metric: { ...report.metric, attribution: { ...attribution, ...totals } } }
}

/** What INP's attribution takes from long animation frames. */
const OF_FRAMES = ['longAnimationFrameEntries', 'longestScript', 'totalScriptDuration', 'totalStyleAndLayoutDuration', 'totalPaintDuration', 'totalUnattributedDuration']

/**
 * Two reports of one interaction, the later of which the browser may have told of one frame more: it tells each library in a task of
 * its own. Then what follows from frames is left out of both; the last reports, which know all, are compared whole.
 */
function upToFrames(reports) {
  const [one, other] = reports.map(({ metric }) => metric.attribution?.longAnimationFrameEntries?.length)
  if (one === other) return reports
  return reports.map((report) => {
    const attribution = Object.fromEntries(Object.entries(report.metric.attribution).filter(([name]) => !OF_FRAMES.includes(name)))
    return { ...report, metric: { ...report.metric, attribution } }
  })
}

const METRICS = ['CLS', 'FCP', 'INP', 'LCP', 'TTFB']

/** As many reports, in the same order, with equal everything. */
export function agree(document, library, series) {
  const [expected, actual] = ['reference', library].map((name) => comparable(of(document, name, series)))
  for (const name of METRICS) {
    const [wanted, given] = [expected, actual].map((reports) => reports.filter(({ metric }) => metric.name === name))
    const shown = (reports) => reports.map(({ metric, hides }) => `${metric.value} (instance ${metric.instance}, hidden ${hides} times)`)
    assert.equal(given.length, wanted.length, `${name}, ${series}: ${shown(given)} is not ${shown(wanted)}`)
    for (const [at, original] of wanted.entries()) {
      const isLast = at === wanted.length - 1
      const [own, report] = isLast ? [given[at], mended(original)] : upToFrames([given[at], mended(original)])
      const tolerance = isRestored(report.metric) && /FCP|LCP/.test(name) ? RESTORED : ROUNDING
      assert.deepEqual(differences(own, report, tolerance), [], `${name}, ${series}: report ${at}`)
    }
  }
  // Tasks of different metrics may come in any order, but one event is one order.
  const inEvents = (reports) => reports.filter(({ during }) => during).map(({ during, hides, metric }) => `${during} ${hides} ${metric.name}`)
  assert.deepEqual(inEvents(actual), inEvents(expected), `${series}: what is reported during events`)
}

/** Where two values of JSON differ by more than `tolerance`. */
function differences(actual, expected, tolerance, path = '') {
  if (typeof actual === 'number' && typeof expected === 'number' && Math.abs(actual - expected) <= tolerance) return []
  if (!isObject(actual) || !isObject(expected)) {
    return Object.is(actual, expected) ? [] : [`${path}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`]
  }
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
  // An entry that is not complete yet goes on while one library after the other reports.
  const isComing = (name) => expected.of === '[object PerformanceNavigationTiming]' && !(expected[name] && actual[name])
  return [...names].filter((name) => !isComing(name)).flatMap((name) => differences(actual[name], expected[name], tolerance, path ? `${path}.${name}` : name))
}

const isObject = (value) => typeof value === 'object' && value !== null
