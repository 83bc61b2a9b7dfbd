// The pure pieces, in Node.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { dist } from './harness.mjs'
import { load } from './source.mjs'

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

test('the package can be imported where there is no page', async () => {
  delete globalThis.window
  const { init } = await import(join(dist, 'npm/index.js'))
  assert.equal(init({ app: 'a', endpoint: 'https://rum.example.com' }), undefined)
})
