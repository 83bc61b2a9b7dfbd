// Whether a row of the SDK says of a metric what the reference does: value, rating, sort of navigation, attribution.

import assert from 'node:assert/strict'

import { isRestored, mended, RESTORED } from './reports.mjs'

/** The wire has whole µs, and millionths of a score. What is computed of some of them is off by as many. */
const ROUNDED = { ms: 0.005, score: 1e-6 }
/** The parts of a metric in ms, by the reference's names. */
const PARTS = {
  LCP: ['timeToFirstByte', 'resourceLoadDelay', 'resourceLoadDuration', 'elementRenderDelay'],
  CLS: [],
  INP: ['inputDelay', 'processingDuration', 'presentationDelay'],
  FCP: ['timeToFirstByte', 'firstByteToFCP'],
  TTFB: ['waitingDuration', 'cacheDuration', 'dnsDuration', 'connectionDuration', 'requestDuration'],
}
const TOTALS = ['totalScriptDuration', 'totalStyleAndLayoutDuration', 'totalPaintDuration', 'totalUnattributedDuration']

/** A URL as it may leave a page: no query, no fragment, and of the page's own origin only the path. */
function plain(url, origin) {
  if (!url) return url
  const parsed = new URL(url)
  if (!parsed.protocol.startsWith('http')) return parsed.protocol
  return (parsed.origin === origin ? '' : parsed.origin) + parsed.pathname
}

/** What the row has to say, by the names of `native-vitals`. */
function expected({ name, attribution: said, entries }, origin) {
  const parts = Object.fromEntries(PARTS[name].map((part) => [part, said[part]]))
  switch (name) {
    case 'LCP':
      // Of a resource of which nothing is known the reference says that it took no time. Here what is not known is absent.
      if (said.url && !said.lcpResourceEntry) for (const part of PARTS.LCP.slice(1)) parts[part] = null
      return { ...parts, target: said.target, detail: plain(said.url, origin) }
    case 'CLS':
      return { target: said.largestShiftTarget, at: said.largestShiftTime, loadState: said.loadState }
    case 'INP':
      // All interactions were too short to be told: nothing is known but their number.
      if (!entries.length) return { target: undefined, at: undefined }
      // What the click removed the reference cannot name.
      if (said.interactionTarget) parts.target = said.interactionTarget
      return { ...parts, sort: said.interactionType, at: said.interactionTime, loadState: said.loadState, ...script(said, origin) }
    case 'FCP':
      return { ...parts, loadState: said.loadState }
    default:
      return parts
  }
}

/** A script that begins with the handlers: where that is, the last bit of a sum decides. */
const isAtOnce = ({ interactionTime, inputDelay, longestScript: { entry } }) =>
  Math.abs(entry.startTime - interactionTime - inputDelay) < ROUNDED.ms

/** What an interaction's long animation frames say. */
function script(said, origin) {
  const totals = Object.fromEntries(TOTALS.map((total) => [total, said[total]]))
  if (!said.longestScript) return { ...totals, longestScript: undefined }
  const { entry, subpart, intersectingDuration } = said.longestScript
  const named = { sourceURL: plain(entry.sourceURL, origin), sourceFunctionName: entry.sourceFunctionName }
  return { ...totals, longestScript: { ...(!isAtOnce(said) && { subpart }), intersectingDuration, ...named } }
}

/** What the row says nothing about where the browser tells nothing of the navigation, and the reference has zeros. */
export const OF_THE_NAVIGATION = ['navigationType', 'loadState', ...PARTS.LCP, ...PARTS.FCP, ...PARTS.TTFB]

/**
 * Fails unless `vital`, a line of `native-vitals`, says of `metric` what the reference's last report does; of what is
 * `unknown` to the row it says nothing.
 */
export function rowAgrees(vital, metric, origin, unknown = []) {
  const restoredPaint = isRestored(metric) && /FCP|LCP/.test(metric.name)
  const most = metric.name === 'CLS' ? ROUNDED.score * Math.max(1, metric.entries.length) : restoredPaint ? RESTORED : ROUNDED.ms
  const wanted = { value: metric.value, rating: metric.rating, navigationType: metric.navigationType, ...expected(mended({ metric }).metric, origin) }
  for (const name of unknown) if (name in wanted) wanted[name] = null
  const row = { ...vital, sort: vital.detail?.startsWith('key') ? 'keyboard' : 'pointer' }
  const differences = Object.entries(wanted).flatMap(([name, value]) => compare(row[name], value, name === 'value' || restoredPaint ? most : ROUNDED.ms, name))
  assert.deepEqual(differences, [], `the row of ${metric.name}, which is ${metric.value}`)
}

/** What is not there is nothing, however it is written. */
const orNull = (value) => (value === undefined || value === '' ? null : value)

function compare(actual, value, most, name) {
  if (typeof value === 'number' && typeof actual === 'number') return Math.abs(actual - value) <= most ? [] : [`${name} is ${actual}, not ${value}`]
  if (typeof value === 'object' && value) return Object.entries(value).flatMap(([part, value]) => compare(actual?.[part], value, most, `${name}.${part}`))
  return orNull(actual) === orNull(value) ? [] : [`${name} is ${JSON.stringify(actual)}, not ${JSON.stringify(value)}`]
}
