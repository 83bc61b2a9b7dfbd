// What is measured where: each engine's part of docs/vitals.md, as its run has seen it.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('../../docs/vitals.md', import.meta.url))
const METRICS = ['LCP', 'CLS', 'INP', 'FCP', 'TTFB']

const begin = (engine) => `<!-- ${engine}: written by tests/vitals, do not edit -->`
const end = (engine) => `<!-- end of ${engine} -->`

/** What an engine has to lack so that a situation cannot be run in it. */
export const lacks = ({ needs = [] }, { abilities }) => needs.filter((ability) => !abilities.has(ability))

/** `reported` has the metrics that the reference has reported, and with which the others agreed. */
function part(Driver, themes, reported) {
  const row = (...cells) => `| ${cells.join(' | ')} |`
  const lines = [
    row('', ...METRICS),
    row('---', ...METRICS.map(() => '---')),
    row('measured', ...METRICS.map((metric) => (reported.has(metric) ? 'yes' : 'no'))),
    '',
    row('situations', 'equal', 'differ on purpose', 'the engine lacks'),
    row('---', '---:', '---:', '---'),
  ]
  for (const [theme, situations] of Object.entries(themes)) {
    const run = situations.filter((situation) => !lacks(situation, Driver).length)
    const different = run.filter(({ differs }) => differs).length
    const lacking = new Set(situations.flatMap((situation) => lacks(situation, Driver)))
    lines.push(row(theme, run.length - different, different, [...lacking].sort().join(', ')))
  }
  return lines.join('\n')
}

/** Compares an engine's part of the table with the file, or writes it there if RUM_WRITE_DOCS is set. */
export function tableIsCurrent(Driver, themes, reported) {
  const text = readFileSync(FILE, 'utf8')
  const [from, to] = [begin(Driver.engine), end(Driver.engine)]
  const start = text.indexOf(from) + from.length
  const stop = text.indexOf(to)
  assert.ok(start >= from.length && stop > start, `${FILE} has a place for ${Driver.engine}`)
  const current = `\n${part(Driver, themes, reported)}\n`
  if (process.env.RUM_WRITE_DOCS) writeFileSync(FILE, text.slice(0, start) + current + text.slice(stop))
  else assert.equal(text.slice(start, stop), current, 'docs/vitals.md is out of date: run this with RUM_WRITE_DOCS=1')
}
