// All situations in one engine: a test for each.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { onceMore } from '../vitals/once-more.mjs'
import { Guest } from './guest.mjs'
import { Site } from './site.mjs'
import { THEMES } from './situations/index.mjs'

/** The steps have limits of their own; what hangs all the same fails, and the others still run. In ms. */
const LIMIT = 120_000

/** Runs everything in `Driver`'s engine, in one tab: each situation has origins of its own. */
export async function suite(Driver) {
  const driver = await Driver.launch()
  const tab = await driver.tab()
  const carriedOut = onceMore()
  after(() => driver.close())

  for (const [theme, situations] of Object.entries(THEMES)) {
    describe(theme, () => {
      for (const situation of situations) {
        test(situation.name, { timeout: LIMIT }, (test) => {
          const tell = (text) => test.diagnostic(text)
          return carriedOut(() => run(situation, tab, Driver.abilities, tell), tell)
        })
      }
    })
  }
}

async function run(situation, tab, abilities, tell) {
  const site = await Site.open(situation)
  try {
    await situation.visit(new Guest(tab, site, { abilities, tell }))
    wellSent(site)
  } finally {
    site.close()
  }
}

/** What holds for all that any page sends. */
function wellSent({ asked, batches, origin, collector }) {
  const ours = asked.filter(({ path }) => path === '/v1/batches')
  assert.deepEqual(ours.filter(({ method }) => method !== 'POST'), [], 'no preflight')
  for (const { headers } of ours) {
    assert.equal(headers.cookie, undefined)
    assert.equal(headers.origin, origin)
    assert.equal(headers.traceparent, undefined)
  }
  for (const { url, text } of batches) {
    assert.deepEqual([url.origin, url.searchParams.get('k')], [collector, 'features'])
    const [version, , id, , document] = JSON.parse(text)
    assert.equal(version, 1)
    assert.match(id, /^[\da-f]{16}$/)
    assert.equal(document[1], origin)
  }
}
