// All situations in one engine: a test for each and each execution.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { libraries } from './libraries.mjs'
import { agree, idsAreGood, isRestored, last, of } from './reports.mjs'
import { executionsAgree, measured } from './sdk.mjs'
import { THEMES } from './situations/index.mjs'
import { lacks, tableIsCurrent } from './table.mjs'
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
  const reported = new Set()
  before(async () => {
    scripts = await libraries()
    driver = await Driver.launch()
  })
  after(() => driver?.close())

  for (const [theme, situations] of Object.entries(THEMES)) {
    describe(theme, () => {
      for (const situation of situations) {
        if (lacks(situation, Driver).length) continue
        for (const mode of situation.modes ?? MODES) {
          test(`${title(situation)} (${mode})`, async () => {
            const visited = await visit({ driver, scripts, situation, mode })
            for (const { reports } of visited.documents) for (const { metric } of reports) reported.add(metric.name)
            await check(visited, situation, mode)
          })
        }
      }
    })
  }

  test('docs/vitals.md says what is measured here', () => tableIsCurrent(Driver, THEMES, reported))
}

/** Where we differ on purpose, the test says why. */
const title = ({ name, differs = {} }) =>
  [name, ...Object.entries(differs).map(([metric, { why }]) => `${metric} differs, for ${why}`)].join('; ')

export async function check(visited, situation, mode) {
  const { documents } = visited
  situation.shows?.(shown(documents, visited))
  for (const document of documents) {
    idsAreGood(document)
    if (mode === 'wasm') for (const series of ['final', 'all']) agree(document, 'drop-in', series)
    else await executionsAgree(document.bodies)
    rowsAgree(document, situation.differs ?? {})
  }
}

/**
 * What a situation has to show: by name what the reference reported at last of the first document, and of its latest
 * restore in `restored`; the SDK's `views` of the document; every document; and whatever else was `visited`.
 */
function shown(documents, visited) {
  const [document = { reports: [], bodies: [] }] = documents
  const metrics = last(of(document, 'reference', 'final')).map(({ metric }) => metric)
  const byName = (restored) =>
    Object.fromEntries(metrics.filter((metric) => isRestored(metric) === restored).map((metric) => [metric.name, metric]))
  return { ...byName(false), restored: byName(true), views: measured(document.bodies).views, document, ...visited }
}

/** The rows of the SDK say what the reference does; where they do not, `differs` says what they say instead. */
function rowsAgree(document, differs) {
  const found = new Map(measured(document.bodies).vitals.map(({ metric, restores, value }) => [`${metric} ${restores}`, value]))
  for (const { metric, restores } of last(of(document, 'reference', 'plain'))) {
    const key = `${metric.name} ${isRestored(metric) ? restores : 0}`
    const value = found.get(key)
    found.delete(key)
    const expected = metric.value * (UNITS[metric.name] ?? MICROS)
    if (differs[metric.name]) differs[metric.name].as(value, expected)
    else assert.ok(Math.abs(value - expected) <= tolerance(metric), `the SDK's ${key} is ${value}, the reference's ${expected}`)
  }
  for (const [key, value] of found) {
    const [name] = key.split(' ')
    assert.ok(differs[name], `the SDK has a ${key}, ${value}, which the reference does not report`)
    differs[name].as(value)
  }
}

/** How far the SDK's value may be from the reference's. */
function tolerance(metric) {
  if (metric.name === 'CLS') return ROUNDED * Math.max(1, metric.entries.length)
  return isRestored(metric) && /FCP|LCP/.test(metric.name) ? RESTORED : ROUNDED
}
