// What the SDK's bodies say, as rows: computed in the page, or from its records by the core that the collector has.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { core } from '../recordings/core.mjs'
import { isOnce } from '../recordings/recording.mjs'
import { rows } from '../recordings/rows.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const NATIVE_CORE = process.env.RUM_NATIVE_CORE_BIN ?? here('../../target/debug/native-core')
const NATIVE_VITALS = process.env.RUM_NATIVE_VITALS_BIN ?? here('../../target/debug/native-vitals')

const DOCUMENT = 0
const BFCACHE = 1
export const SOFT = 3
const RECORDS = 1

export const isRaw = (body) => JSON.parse(body)[1] === RECORDS

/** The lines that a program makes of bodies. */
const lines = (program, bodies) =>
  execFileSync(program, { input: bodies.map((body) => `${body}\n`).join(''), encoding: 'utf8' }).split('\n').filter(Boolean)

/** What the collector makes of raw bodies. */
const native = (bodies) => lines(NATIVE_CORE, bodies)

/** What the shipped Wasm makes of the records of a document's raw bodies, given to it as they came. */
async function wasm(bodies) {
  if (!bodies.length) return []
  const [, , , , document] = JSON.parse(bodies[0])
  const page = await core(document)
  let known = 0
  return bodies.flatMap((body) => {
    const [, , , , , records] = JSON.parse(body)
    const kept = records.filter((record) => !isOnce(record))
    page.push([...kept.slice(known), ...records.filter(isOnce)])
    known = kept.length
    return page.flush()
  })
}

/** Both executions give equal rows. */
export async function executionsAgree(bodies) {
  assert.ok(bodies.every(isRaw), 'a page without Wasm sends records')
  assert.deepEqual(rows(await wasm(bodies)), rows(native(bodies)), 'the rows of both executions')
}

/** The rows of any bodies: of raw ones those that the collector makes of them. */
export const rowsOf = (bodies) => rows([...bodies.filter((body) => !isRaw(body)), ...native(bodies.filter(isRaw))])

/**
 * The rows of a document's bodies: `views` in the order of their starts, and `vitals` of the document's scope. A vital is
 * as `native-vitals` says it, with `restores`: how often the page had been restored when its document scope began. Of each
 * view's own scope there are the `vitals` of the view, by metric.
 */
export function measured(bodies) {
  const all = rowsOf(bodies)
  const of = (kind) => Object.entries(all).flatMap(([name, row]) => (name.split(' ')[1] === kind ? [row] : []))
  const views = of('view')
    .map(([, id, , kind, start, page, , , , name, , , receipt]) => ({ id, kind, start, page, name, receipt, vitals: {} }))
    .sort((a, b) => a.start - b.start)
  const restores = new Map()
  let count = 0
  for (const { id, kind } of views) restores.set(id, kind === BFCACHE ? ++count : count)

  const newest = new Map()
  for (const vital of lines(NATIVE_VITALS, bodies).map(JSON.parse)) {
    const name = `${vital.view} ${vital.metric} ${vital.scope}`
    if (!(newest.get(name)?.seq > vital.seq)) newest.set(name, vital)
  }
  const vitals = []
  for (const vital of newest.values()) {
    if (vital.scope === DOCUMENT) vitals.push({ ...vital, restores: restores.get(vital.view) })
    else views.find(({ id }) => id === vital.view).vitals[vital.metric] = vital
  }
  return { views, vitals }
}
