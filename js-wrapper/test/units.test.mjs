// The pure pieces, in Node: TypeScript modules, bundled as they are and with nothing in their place.

import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { dist } from './harness.mjs'

const load = async (name) => {
  const entry = join(dirname(fileURLToPath(import.meta.url)), '../src', name)
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm' })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
}

test('ids carry their moment and are random otherwise', async () => {
  const { idAt, randomId, startOf } = await load('ids.ts')
  const ids = new Set(Array.from({ length: 1000 }, randomId))
  assert.equal(ids.size, 1000)
  for (const id of ids) assert.match(id, /^[\da-f]{16}$/)
  assert.match(idAt(1_795_000_000_999), /^6afd[\da-f]{12}$/)
  assert.equal(startOf(idAt(1_795_000_000_999)), 1_795_000_000_000)
  assert.match(idAt(0), /^0{8}[\da-f]{8}$/, 'a clock without a battery')
  assert.equal(startOf(idAt(2 ** 32 * 1000 - 1)), 2 ** 32 * 1000 - 1000)
})

/** A Wasm core that can be told to break down, and a page whose idle time is ours. */
const driver = async (sdk) => {
  const { drive } = await load('late/core.ts')
  const idle = []
  const log = []
  const core = drive(sdk(log), (take) => idle.push(take), (body) => log.push(['post', body]), () => log.push(['flush']))
  return { core, log, idle, spend: () => idle.splice(0).forEach((take) => take()) }
}

test('the core takes records in slices of idle time', async () => {
  const { core, log, idle, spend } = await driver((log) => ({
    push: (records) => (log.push(JSON.parse(records).length), 0),
    flush: () => undefined,
  }))
  for (let n = 0; n < 120; n++) core.take(`[${n}]`)
  assert.deepEqual(log, [], 'nothing at once')
  assert.equal(idle.length, 1)
  spend()
  assert.deepEqual(log, [50])
  spend()
  spend()
  assert.deepEqual(log, [50, 50, 20])
  assert.equal(idle.length, 0)
  for (let n = 0; n < 1001; n++) core.take('[1]')
  assert.deepEqual(log.slice(3), [1000], 'what waits is bounded')
})

test('a flush hands over what waits and sends every body', async () => {
  const bodies = ['one', 'two']
  const { core, log } = await driver((log) => ({
    push: (records) => (log.push(records), 0),
    flush: (id, at) => {
      assert.match(id, /^[\da-f]{16}$/)
      assert.ok(Number.isInteger(at))
      return bodies.shift()
    },
  }))
  core.take('[1]')
  core.take('[2]')
  assert.equal(core.flush(), true)
  assert.deepEqual(log, ['[[1],[2]]', ['post', 'one'], ['post', 'two']])
})

test('a core that always has another body is stopped', async () => {
  const { core, log } = await driver(() => ({ push: () => 0, flush: () => 'again' }))
  assert.equal(core.flush(), true)
  assert.equal(log.length, 10)
})

for (const [what, push] of [['throws', () => { throw new WebAssembly.RuntimeError('unreachable') }], ['cannot read', () => 1]])
  test(`a core that ${what} is not asked again`, async () => {
    let asked = 0
    const { core, log, spend } = await driver(() => ({ push: () => (asked++, push()), flush: () => (asked++, 'body') }))
    core.take('[1]')
    spend()
    assert.deepEqual(log, [['flush']], 'the stream is told, and goes on without it')
    core.take('[2]')
    spend()
    assert.equal(core.flush(), false)
    assert.equal(asked, 1)
    assert.ok(!log.some(([kind]) => kind === 'post'))
  })

test('the package can be imported where there is no page', async () => {
  delete globalThis.window
  const { init } = await import(join(dist, 'npm/index.js'))
  assert.equal(init({ app: 'a', endpoint: 'https://rum.example.com' }), undefined)
})
