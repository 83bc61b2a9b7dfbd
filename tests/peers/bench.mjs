// What a page pays for SDKs: ours, web-vitals with attribution, and those of other makers, on the same standard visit in
// Chromium. In every round a page without any and one with each, in an order that goes round: what is said of one is the
// median of its differences to the page without in the same round, with an interval of 95 %.
//
//   node tests/peers/bench.mjs [rounds]           prints a list of objects as JSON
//   node tests/peers/bench.mjs [rounds] parts     the same of our own SDK with parts of it missing
//
// Times of the slower page are by Chromium's emulated throttling (four times).

import { Chromium } from '../vitals/drivers/chromium.mjs'
import { parts, sdks, DIST } from './sdks.mjs'
import { Collector } from './servers.mjs'
import { visit } from './visit.mjs'

const SLOWER = 4
const rounds = Number(process.argv[2] ?? 30)
const COUNTS = ['requests', 'preflights', 'body_bytes']
const TIMES = ['script_ms', 'cpu_ms', 'long_task_ms', 'lcp_ms', 'inp_ms']

const sorted = (numbers) => [...numbers].sort((a, b) => a - b)
const median = (numbers) => {
  const all = sorted(numbers)
  const half = all.length >> 1
  return all.length % 2 ? all[half] : (all[half - 1] + all[half]) / 2
}

/**
 * Of the median of `numbers`, without assuming anything of how they are distributed: the order statistics at
 * n/2 ± 0.98 √n (https://doi.org/10.1136/bmj.296.6634.1454).
 */
function interval(numbers) {
  const all = sorted(numbers)
  const half = 0.98 * Math.sqrt(all.length)
  const low = Math.max(0, Math.floor(all.length / 2 - half))
  return [all[low], all[Math.min(all.length - 1, Math.ceil(all.length / 2 + half) - 1)]]
}

const tenths = (ms) => Math.round(ms * 10) / 10

/** By SDK, each round's visit. */
async function visited(browser, collector, all, slower) {
  const names = Object.keys(all)
  const seen = Object.fromEntries(Object.keys(all).map((name) => [name, []]))
  // What the browser does once, it does here.
  await visit(browser, collector, all.none, slower)
  for (let round = 0; round < rounds; round++) {
    const order = names.map((_, at) => names[(at + round) % names.length])
    for (const name of order) seen[name].push(await visit(browser, collector, all[name], slower))
  }
  return seen
}

const collector = await Collector.open(DIST)
const all = process.argv[3] === 'parts' ? parts(collector.origin) : await sdks(collector.origin)
const driver = await Chromium.launch()
const rows = []
try {
  const slow = await visited(driver.browser, collector, all, SLOWER)
  const fast = await visited(driver.browser, collector, all, 1)
  for (const [sdk, { version }] of Object.entries(all).slice(1)) {
    const differences = (seen, figure) => seen[sdk].map((visit, round) => visit[figure] - seen.none[round][figure])
    const row = { sdk, version }
    row.script_ms_4x = tenths(median(differences(slow, 'script_ms')))
    row.script_ms_4x_interval = interval(differences(slow, 'script_ms')).map(tenths)
    for (const figure of TIMES) row[figure] = tenths(median(differences(figure === 'long_task_ms' ? slow : fast, figure)))
    row.script_ms_interval = interval(differences(fast, 'script_ms')).map(tenths)
    for (const count of COUNTS) row[count] = median(fast[sdk].map((visit) => visit[count]))
    rows.push(row)
  }
} finally {
  await driver.close()
  collector.close()
}
console.log(JSON.stringify(rows, null, 2))
