// All situations in one engine: a test for each and each execution.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { Engine, lacks } from './engine.mjs'
import { libraries } from './libraries.mjs'
import { onceMore } from './once-more.mjs'
import { agree, idsAreGood, isRestored, last, of } from './reports.mjs'
import { OF_THE_NAVIGATION, rowAgrees } from './row.mjs'
import { executionsAgree, isRaw, measured } from './sdk.mjs'
import { MODES, THEMES } from './situations/index.mjs'
import { softViewsAgree } from './soft-views.mjs'
import { tableIsCurrent } from './table.mjs'
import { visit } from './visit.mjs'

/** A visit's steps have limits of their own; what hangs all the same fails, and the others still run. In ms. */
const LIMIT = 120_000

/** Kinds of pages that have to be equal, in an engine that can do everything. */
const LEAST = 60

/** Runs everything that the engine can run which `Driver` drives. */
export async function suite(Driver) {
  const scripts = await libraries()
  // Before there is a test: which there are depends on what the browser has.
  const engine = await Engine.launch(Driver)
  const reported = new Set()
  const passed = new Set()
  const carriedOut = onceMore()
  after(() => engine.close())

  for (const [theme, situations] of Object.entries(THEMES)) {
    describe(theme, () => {
      for (const situation of situations) {
        if (lacks(situation, engine).length) continue
        for (const mode of situation.modes ?? MODES) {
          test(`${title(situation)} (${mode})`, { timeout: LIMIT }, async (test) => {
            const visited = await carriedOut(() => visit({ engine, scripts, situation, mode }), (text) => test.diagnostic(text))
            await check(visited, situation, mode)
            for (const { reports } of visited.documents) for (const { metric } of reports) reported.add(metric.name)
            passed.add(`${situation.name} ${mode}`)
          })
        }
      }
    })
  }

  test('as many situations as there are to be, where the browser has what they need', () => {
    assert.ok(Object.values(THEMES).flat().length >= LEAST, 'there are situations')
    const carriedOut = new Set([...passed].map((name) => name.replace(/ \w+$/, '')))
    assert.ok(carriedOut.size >= (Driver.situations ?? LEAST), `${carriedOut.size} situations are equal in ${engine.name}`)
  })

  test('docs/vitals.md says what is measured here', (test) => tableIsCurrent(engine, { reported, passed }, (text) => test.diagnostic(text)))
}

/** Where we differ on purpose, the test says why. */
const title = ({ name, differs = {} }) =>
  [name, ...Object.entries(differs).map(([metric, { why }]) => `${metric} differs, for ${why}`)].join('; ')

export async function check(visited, situation, mode) {
  const { documents, origin } = visited
  const reports = documents.flatMap((document) => of(document, 'reference', 'final'))
  assert.equal(reports.length > 0, !situation.silent, 'the reference has reported something to compare with')
  situation.shows?.(shown(documents, visited))
  const told = new Set()
  for (const document of documents) {
    idsAreGood(document)
    if (mode === 'wasm') {
      for (const series of ['final', 'all']) agree(document, 'drop-in', series)
      coreHasComputed(document)
    } else await executionsAgree(document.bodies)
    for (const metric of rowsAgree(document, origin, situation.differs ?? {})) told.add(metric)
    softViewsAgree(document, origin)
  }
  for (const metric of Object.keys(situation.differs ?? {})) assert.ok(told.has(metric), `somebody has told of ${metric}, which differs`)
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

/** Records would give the same rows: that Wasm made the last ones is seen from the body only. */
function coreHasComputed({ core, bodies }) {
  if (core && bodies.length) assert.deepEqual([core, isRaw(bodies.at(-1))], ['up', false], 'the core is up, and has computed the last body')
}

/**
 * The rows of the SDK say what the reference does; where they do not, `differs` says what they say instead. Gives the metrics of which
 * either has told.
 */
function rowsAgree(document, origin, differs) {
  const told = new Set()
  const found = new Map(measured(document.bodies).vitals.map((vital) => [`${vital.metric} ${vital.restores}`, vital]))
  const reports = last(of(document, 'reference', 'plain'))
  // Of one page in some hundreds WebKit never does, and the reference has no TTFB.
  const isTold = reports.some(({ metric }) => metric.name === 'TTFB')
  for (const { metric, restores } of reports) {
    const key = `${metric.name} ${isRestored(metric) ? restores : 0}`
    const vital = found.get(key)
    found.delete(key)
    told.add(metric.name)
    if (differs[metric.name]) differs[metric.name].as(vital?.value, metric.value, vital, metric)
    else if (vital) rowAgrees(vital, metric, origin, isTold || vital.navigationType ? [] : OF_THE_NAVIGATION)
    else assert.fail(`the SDK has no ${key}, which the reference reports as ${metric.value}`)
  }
  for (const [key, { metric, value }] of found) {
    assert.ok(differs[metric], `the SDK has a ${key}, ${value}, which the reference does not report`)
    differs[metric].as(value)
    told.add(metric)
  }
  return told
}
