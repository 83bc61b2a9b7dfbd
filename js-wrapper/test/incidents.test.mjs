// The stub, and what hears by itself; errors from every source are in tests/features, in three engines.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { open } from './features.mjs'
import { dist, Kind, launch, leave, manifest } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const errors = async (server, count = 1) => (await server.batch(count)).named(Kind.Error)

test('the stub makes place for what hears by itself', async (t) => {
  const { server, tab, complaints } = await open(t, browser, { head: `<script>${readFileSync(join(dist, manifest.stub), 'utf8')}</script><img id="early" src="data:,">` })
  await tab.evaluate(() => {
    setTimeout(() => { throw new Error('once') })
    return new Promise((later) => setTimeout(later, 100))
  })
  await leave(tab)
  assert.deepEqual((await errors(server)).map(({ source, message, target, count }) => [source, message, target, count]), [[4, 'img', '#early', 1], [0, 'once', null, 1]])
  assert.deepEqual(complaints, ['once'])
})

