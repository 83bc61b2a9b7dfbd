// How long the SDK keeps the main thread: on every page of the suite, the longest task in which it runs, and the report when
// the page is left, in ms of processor time at a fourth of this machine's speed. Medians of several visits.
//
//   node tests/vitals/main-thread/bench.mjs [visits]     prints JSON

import { Chromium } from '../drivers/chromium.mjs'
import { ownScripts } from '../libraries.mjs'
import { THEMES } from '../situations/index.mjs'
import { visit } from '../visit.mjs'
import { tasks, TIMELINE, traced } from './trace.mjs'

const SLOWER = 4
const visits = Number(process.argv[2] ?? 5)

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const longest = (tasks) => Math.max(0, ...tasks.map(({ ms }) => ms))

const scripts = await ownScripts()
const driver = await Chromium.launch()
const rows = []
try {
  for (const [theme, situations] of Object.entries(THEMES)) {
    for (const situation of situations) {
      const seen = { task: [], report: [], total: [] }
      for (let n = 0; n < visits; n++) {
        const found = []
        const keep = (events) => found.push(...tasks(events))
        await visit({ driver: traced(driver, { slower: SLOWER, categories: TIMELINE, keep }), scripts, situation, mode: 'wasm' })
        seen.task.push(longest(found.filter(({ leaving }) => !leaving)))
        seen.report.push(longest(found.filter(({ leaving }) => leaving)))
        seen.total.push(found.reduce((sum, { ms }) => sum + ms, 0))
      }
      const [task, report, total] = [seen.task, seen.report, seen.total].map(median)
      rows.push({ theme, situation: situation.name, task_ms: task, report_ms: report, total_ms: total })
    }
  }
} finally {
  await driver.close()
}
console.log(JSON.stringify({ slower: SLOWER, visits, rows }, null, 2))
