// What is measured where: each engine's part of docs/vitals.md, as its run has seen it.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { lacks } from './engine.mjs'
import { MODES, THEMES } from './situations/index.mjs'

const FILE = fileURLToPath(new URL('../../docs/vitals.md', import.meta.url))
const METRICS = ['LCP', 'CLS', 'INP', 'FCP', 'TTFB']

const begin = (engine) => `<!-- ${engine}: written by tests/vitals, do not edit -->`
const end = (engine) => `<!-- end of ${engine} -->`

const VERSION = /version ([\d.]+)/
const withoutVersion = (text) => text.replace(VERSION, '')

/**
 * `reported` has the metrics that the reference has reported, and with which the others agreed; `passed` the situations, each
 * with its execution, that did as they should.
 */
function part(engine, { reported, passed }) {
  const row = (...cells) => `| ${cells.join(' | ')} |`
  const reasons = []
  const lines = [
    row(`version ${engine.version}`, ...METRICS),
    row('---', ...METRICS.map(() => '---')),
    row('measured', ...METRICS.map((metric) => (reported.has(metric) ? 'yes' : 'no'))),
    '',
    row('situations', 'equal', 'differ on purpose', 'the engine lacks'),
    row('---', '---:', '---:', '---'),
  ]
  for (const [theme, situations] of Object.entries(THEMES)) {
    const run = situations.filter((situation) => !lacks(situation, engine).length)
    const good = run.filter(({ name, modes = MODES }) => modes.every((mode) => passed.has(`${name} ${mode}`)))
    const different = good.filter(({ differs }) => differs).length
    const lacking = new Set(situations.flatMap((situation) => lacks(situation, engine)))
    lines.push(row(theme, good.length - different, different, [...lacking].sort().join(', ')))
  }
  for (const { name, differs = {} } of Object.values(THEMES).flat()) {
    if (!MODES.some((mode) => passed.has(`${name} ${mode}`))) continue
    for (const [metric, { why }] of Object.entries(differs)) reasons.push(`- ${metric} of *${name}*: ${why}`)
  }
  return [...lines, ...(reasons.length ? ['', 'What differs on purpose, and why:', '', ...reasons] : [])].join('\n')
}

/** Browsers add entries with a first or, as WebKitGTK, with a second number. */
const release = (version) => version?.split('.').slice(0, 2).join('.')

/**
 * Compares an engine's part of the table with the file, or writes it there if RUM_WRITE_DOCS is set. Of another release
 * the file says nothing, which is `told`.
 */
export function tableIsCurrent(engine, seen, told) {
  const text = readFileSync(FILE, 'utf8')
  const [from, to] = [begin(engine.name), end(engine.name)]
  const start = text.indexOf(from) + from.length
  const stop = text.indexOf(to)
  assert.ok(start >= from.length && stop > start, `${FILE} has a place for ${engine.name}`)
  const current = `\n${part(engine, seen)}\n`
  if (process.env.RUM_WRITE_DOCS) return writeFileSync(FILE, text.slice(0, start) + current + text.slice(stop))
  const [, version] = text.slice(start, stop).match(VERSION) ?? []
  if (release(version) !== release(engine.version)) {
    return told(`docs/vitals.md is of ${engine.name} ${version}, and this is ${engine.version}: RUM_WRITE_DOCS=1 writes what it has`)
  }
  assert.equal(withoutVersion(text.slice(start, stop)), withoutVersion(current), 'docs/vitals.md is out of date: run this with RUM_WRITE_DOCS=1')
}
