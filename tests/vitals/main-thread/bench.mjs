// How long the SDK keeps the main thread: on every page of the suite, the longest task in which it runs, and the report when
// the page is left. Beside it the reference library on the same page, and the floor: a script that does nothing but ask for
// its own element and send such a report. Medians of several visits, in ms of processor time, times four: what a processor of
// a fourth of this machine's speed would take, as Lighthouse simulates it
// (https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md).
//
//   node tests/vitals/main-thread/bench.mjs [--visits 3] [--only PATTERN] [--emulated]     prints JSON
//
// With `--emulated` Chromium slows itself down four times instead, by signals that interrupt the page: on a machine of few
// processors the browser's other processes are then in the way as well, and twice as much is measured, of the floor too. A
// page that is slowed down so prerenders nothing; those are left out.

import { parseArgs } from 'node:util'

import { Chromium } from '../drivers/chromium.mjs'
import { Engine, lacks } from '../engine.mjs'
import { alone } from '../libraries.mjs'
import { THEMES } from '../situations/index.mjs'
import { visit } from '../visit.mjs'
import { OURS, REFERENCE, tasks, TIMELINE, traced } from './trace.mjs'

const SLOWER = 4
const { values } = parseArgs({ options: { visits: { type: 'string' }, only: { type: 'string' }, emulated: { type: 'boolean' } } })
const visits = Number(values.visits ?? 3)
const only = new RegExp(values.only ?? '')
const emulated = !!values.emulated

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const longest = (tasks) => Math.max(0, ...tasks.map(({ ms }) => ms))

const subjects = {
  sdk: { scripts: await alone('sdk'), of: OURS, mode: 'wasm' },
  reference: { scripts: await alone('reference'), of: REFERENCE },
  floor: { scripts: await alone('floor'), of: OURS },
}

/** What a page costs with one of them: the longest task, the report, and all of it. */
async function cost(engine, situation, { scripts, of, mode }) {
  const seen = { task_ms: [], report_ms: [], total_ms: [] }
  for (let n = 0; n < visits; n++) {
    const found = []
    const keep = (events) => found.push(...tasks(events, of))
    await visit({ engine: traced(engine, { slower: emulated ? SLOWER : 1, categories: TIMELINE, keep }), scripts, situation, mode })
    seen.task_ms.push(longest(found.filter(({ leaving }) => !leaving)))
    seen.report_ms.push(longest(found.filter(({ leaving }) => leaving)))
    seen.total_ms.push(found.reduce((sum, { ms }) => sum + ms, 0))
  }
  return Object.fromEntries(Object.entries(seen).map(([name, figures]) => [name, median(figures) * (emulated ? 1 : SLOWER)]))
}

const engine = await Engine.launch(Chromium)
const rows = []
try {
  for (const [theme, situations] of Object.entries(THEMES)) {
    for (const situation of situations) {
      if (lacks(situation, engine).length || (emulated && situation.needs?.includes('prerender'))) continue
      if (!only.test(`${theme}: ${situation.name}`)) continue
      const row = { theme, situation: situation.name }
      for (const [name, subject] of Object.entries(subjects)) row[name] = await cost(engine, situation, subject)
      rows.push(row)
    }
  }
} finally {
  await engine.close()
}
if (!rows.length) throw new Error(`no page's name matches ${only}: it is such as "INP: a click with a slow handler"`)
console.log(JSON.stringify({ slower: SLOWER, emulated, visits, rows }, null, 2))
