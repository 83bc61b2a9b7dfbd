// The SDK never makes the browser compute styles or a layout earlier than it would: a trace of every page of the suite shows
// none that our code forced.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { Chromium } from '../drivers/chromium.mjs'
import { page } from '../html.mjs'
import { Engine, lacks } from '../engine.mjs'
import { alone } from '../libraries.mjs'
import { THEMES } from '../situations/index.mjs'
import { visit } from '../visit.mjs'
import { forcedLayouts, STACKS, traced } from './trace.mjs'

let engine, scripts
before(async () => {
  scripts = await alone('sdk')
  engine = await Engine.launch(Chromium)
})
after(() => engine?.close())

async function forced(situation) {
  const found = []
  const keep = (events) => found.push(...forcedLayouts(events))
  await visit({ engine: traced(engine, { categories: STACKS, keep }), scripts, situation, mode: 'wasm' })
  return found
}

test('a layout that a script of ours forces is seen', async () => {
  const meddling = `
    document.body.append('more')
    document.body.offsetHeight
  `
  const situation = {
    name: 'a script that reads what it has just changed',
    pages: { '/': page('<h1>A page</h1><script src="/sdk/meddling.js"></script>'), '/sdk/meddling.js': { type: 'text/javascript', body: meddling } },
  }
  assert.match((await forced(situation)).join(), /Layout.*meddling\.js/)
})

for (const [theme, situations] of Object.entries(THEMES)) {
  test(`no layout is forced on pages about ${theme}`, async () => {
    const run = situations.filter((situation) => !lacks(situation, engine).length)
    for (const situation of run) assert.deepEqual(await forced(situation), [], situation.name)
  })
}
