// One core, two executions: what the shipped Wasm makes of a page's records, and what the collector's native core makes
// of the same page without Wasm, are the same rows. Pages: tests/recordings.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { core, WASM } from '../recordings/core.mjs'
import { isOnce, rawBody } from '../recordings/recording.mjs'
import { rows } from '../recordings/rows.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const NATIVE_CORE = process.env.RUM_NATIVE_CORE_BIN ?? here('../../target/debug/native-core')
const DIST = process.env.RUM_DIST ?? here('../../js-wrapper/dist')

/** Records that the wrapper hands over in one go. */
const SLICE = 50
const NOT_LOADED = 2
/** The body that a page may take for the standard visit, in bytes. */
const TARGET = 1_300
/** A kind of records. */
const LONG_FRAME = 67

const RECORDINGS = readdirSync(here('../recordings'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name: name.replace('.json', ''), ...JSON.parse(readFileSync(here(`../recordings/${name}`), 'utf8')) }))

const sentAt = ({ document }) => document[0] + 60_000
let batches = 0
const batchId = () => (++batches).toString(16).padStart(16, '0')

/** A document whose records are computed in the page. */
async function wasm(recording) {
  const page = await core(recording.document)
  const bodies = []
  return { bodies, push: page.push, flush: () => bodies.push(...page.flush()) }
}

/** What the collector computes from raw batches, each a list of records. */
function native(recording, batches) {
  if (!batches.length) return []
  const document = [...recording.document, NOT_LOADED]
  const lines = batches.map((records) => JSON.stringify([1, 1, batchId(), sentAt(recording), document, records]) + '\n')
  return execFileSync(NATIVE_CORE, { input: lines.join(''), encoding: 'utf8' }).trim().split('\n')
}

/** The raw batches of the flushes from `first` on, up to and without `end`. */
const raw = ({ parts }, first, end = parts.length) =>
  Array.from({ length: end - first }, (_, at) => rawBody(parts, first + at))

/** The records that a page still holds when everything before part `at` has been handed over. */
const heldBefore = ({ parts }, at) => parts.slice(0, at).flat().filter((record) => !isOnce(record))

/** The whole page with Wasm. */
async function computed(recording) {
  const page = await wasm(recording)
  for (const part of recording.parts) {
    page.push(part)
    page.flush()
  }
  return page.bodies
}

for (const recording of RECORDINGS) {
  const { name, parts } = recording

  describe(`${name}: ${recording.visit}`, () => {
    let expected
    before(() => {
      expected = rows(native(recording, raw(recording, 0)))
      const kinds = new Set(Object.keys(expected).map((identity) => identity.split(' ')[1]))
      assert.ok(kinds.has('view') && kinds.has('vital') && kinds.has('request'), `rows to compare: ${[...kinds]}`)
    })

    test('with Wasm from the start', async () => {
      assert.deepEqual(rows(await computed(recording)), expected)
    })

    test('with a body taken at any moment', async () => {
      for (const [at, part] of parts.entries()) {
        for (let some = 0; some <= part.length; some++) {
          const page = await wasm(recording)
          page.push(parts.slice(0, at).flat())
          page.flush()
          page.push(part.slice(0, some))
          page.flush()
          page.push(part.slice(some))
          page.push(parts.slice(at + 1).flat())
          page.flush()
          assert.deepEqual(rows(page.bodies), expected, `a body after record ${some} of part ${at}`)
        }
      }
    })

    test('with Wasm that is late', async () => {
      for (const [at, part] of parts.entries()) {
        for (let some = 0; some <= part.length; some++) {
          const page = await wasm(recording)
          const waiting = [...heldBefore(recording, at), ...part.slice(0, some)]
          // As the wrapper hands them over: what is kept, then what goes once.
          page.push([...waiting.filter((record) => !isOnce(record)), ...waiting.filter(isOnce)])
          page.push(part.slice(some))
          page.flush()
          for (const later of parts.slice(at + 1)) {
            page.push(later)
            page.flush()
          }
          const bodies = [...native(recording, raw(recording, 0, at)), ...page.bodies]
          assert.deepEqual(rows(bodies), expected, `Wasm after record ${some} of part ${at}`)
        }
      }
    })

    test('with Wasm that traps', async () => {
      for (const [at, part] of parts.entries()) {
        for (let some = 0; some <= part.length; some++) {
          const page = await wasm(recording)
          for (const earlier of parts.slice(0, at)) {
            page.push(earlier)
            page.flush()
          }
          // What it was given since the last body is lost with it; the page still holds all of that.
          page.push(part.slice(0, some))
          const bodies = [...page.bodies, ...native(recording, raw(recording, at))]
          assert.deepEqual(rows(bodies), expected, `a trap after record ${some} of part ${at}`)
        }
      }
    })
  })
}

test('the recordings hold what they are for', async () => {
  const of = (name) => RECORDINGS.find((recording) => recording.name === name)
  const kinds = (name) => of(name).parts.flat().map(([kind]) => kind)
  const count = (list, wanted) => list.filter((kind) => kind === wanted).length
  const [VIEW, RESTORE, CUT, REQUEST, ERROR] = [1, 10, 11, 64, 65]

  const standard = kinds('standard-visit')
  assert.deepEqual([VIEW, CUT, REQUEST, ERROR].map((kind) => count(standard, kind)), [1, 1, 3, 1])
  const error = of('standard-visit').parts.flat().find(([kind]) => kind === ERROR)
  assert.equal(error[7].split('\n').length, 6, 'frames of its stack')
  assert.equal(count(kinds('hide-return-hide'), CUT), 3)
  assert.equal(count(kinds('route-change'), VIEW), 3)
  assert.equal(count(kinds('bfcache-restore'), RESTORE), 1)
  assert.ok(count(kinds('many-errors'), ERROR) >= 8)
})

test('the standard visit is one body within its target', async () => {
  const recording = RECORDINGS.find(({ name }) => name === 'standard-visit')
  // Whether a frame was long is the machine's doing.
  const parts = recording.parts.map((records) => records.filter(([kind]) => kind !== LONG_FRAME))
  const bodies = await computed({ ...recording, parts })
  assert.equal(bodies.length, 1)
  const bytes = Buffer.byteLength(bodies[0])
  assert.ok(bytes <= TARGET, `${bytes} bytes of ${TARGET}`)
})

test('the Wasm tested is the one that pages load', async () => {
  const { wasm } = JSON.parse(readFileSync(`${DIST}/manifest.json`, 'utf8'))
  const served = wasm.map((name) => readFileSync(`${DIST}/${name}`))
  assert.deepEqual(served, [readFileSync(WASM)])
})
