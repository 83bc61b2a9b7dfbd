// All situations in one engine: a test for each and each execution.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { libraries } from './libraries.mjs'
import { agree, idsAreGood, isRestored, last, of } from './reports.mjs'
import { executionsAgree, measured } from './sdk.mjs'
import { THEMES } from './situations/index.mjs'
import { visit } from './visit.mjs'

const MODES = ['wasm', 'raw']
/** A vital of the wire is an integer. */
const UNITS = { CLS: 1e6 }
const MICROS = 1e3
/** Rounded once; a score is a sum of rounded shifts. */
const ROUNDED = 1
/** After a restore the SDK reads the clock in a frame of its own, in µs. */
const RESTORED = 25_000

/** Runs everything that `Driver`'s engine can run. */
export function suite(Driver) {
  let driver, scripts
  before(async () => {
    scripts = await libraries()
    driver = await Driver.launch()
  })
  after(() => driver?.close())

  for (const [theme, situations] of Object.entries(THEMES)) {
    describe(theme, () => {
      for (const situation of situations) {
        if (situation.needs?.some((ability) => !Driver.abilities.has(ability))) continue
        for (const mode of situation.modes ?? MODES) {
          test(`${situation.name} (${mode})`, async () => {
            await check(await visit({ driver, scripts, situation, mode }), situation, mode)
          })
        }
      }
    })
  }
}

async function check(visited, situation, mode) {
  const { documents } = visited
  situation.shows?.(shown(documents, visited))
  for (const document of documents) {
    idsAreGood(document)
    if (mode === 'wasm') for (const series of ['final', 'all']) agree(document, 'drop-in', series)
    else await executionsAgree(document.bodies)
    rowsAgree(document, situation.differs?.sdk ?? {})
  }
}

/** What the reference reported at last, by metric: of the first document if several were seen. */
function shown(documents, visited) {
  const [document] = documents
  const metrics = document ? last(of(document, 'reference', 'final')).map(({ metric }) => metric) : []
  const byName = (restored) =>
    Object.fromEntries(metrics.filter((metric) => isRestored(metric) === restored).map((metric) => [metric.name, metric]))
  return { ...byName(false), restored: byName(true), document, documents, ...visited }
}

/** The rows of the SDK say what the reference does, but for what `differs`. */
function rowsAgree(document, differs) {
  const { vitals } = measured(document.bodies)
  const found = new Map(vitals.map(({ metric, restores, value }) => [`${metric} ${restores}`, value]))
  const reported = last(of(document, 'reference', 'plain'))
  for (const { metric, restores } of reported) {
    const key = `${metric.name} ${isRestored(metric) ? restores : 0}`
    const value = found.get(key)
    found.delete(key)
    if (differs[metric.name]) continue
    const expected = metric.value * (UNITS[metric.name] ?? MICROS)
    const shifts = metric.name === 'CLS' ? Math.max(1, metric.entries.length) : 1
    const tolerance = isRestored(metric) && /FCP|LCP/.test(metric.name) ? RESTORED : ROUNDED * shifts
    assert.ok(Math.abs(value - expected) <= tolerance, `the SDK's ${key} is ${value}, the reference's ${expected}`)
  }
  const more = [...found.keys()].filter((key) => !differs[key.split(' ')[0]])
  assert.deepEqual(more, [], 'vitals of the SDK that the reference does not report')
}
