// The page's fetch and XMLHttpRequest with the SDK are what they were without: every call shape is made on a page with it, on
// one with it whose requests are traced, and on one without, and everything that a page can observe of it is the same.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import { DIST } from '../vitals/libraries.mjs'
import { Server } from './server.mjs'

/** What differs, and why it has to. */
const DIFFERENT = {
  'the text of fetch, to the letter': 'the text of a Proxy has no name',
  'how often the options are read': 'the SDK reads the method as well',
}
/** What has this many shapes has not lost half of them. */
const LEAST = 80
/** The header that the server tells of, as it stands in its answer. */
const TRACE = /"traceparent":"00-[\da-f]{32}-[\da-f]{16}-01",?/g
const untraced = (note) => (typeof note === 'string' ? note.replace(TRACE, '') : note)

/** By shape what there was to observe on the page at `path`; and whether the SDK is there. */
async function observed(driver, origin, path) {
  const tab = await driver.tab()
  try {
    await tab.open(`${origin}/${path}`)
    // The second chunk wraps them once more.
    while (path !== 'plain' && !(await tab.evaluate('Boolean(window.wasmRum?.track)'))) await pause(20)
    const shapes = {}
    for (const name of await tab.evaluate('shapes')) shapes[name] = await tab.evaluate(`run(${JSON.stringify(name)})`)
    return { shapes, hasSdk: await tab.evaluate('Boolean(window.wasmRum)') }
  } finally {
    await tab.close()
  }
}

/** Runs all shapes in `Driver`'s engine. */
export async function suite(Driver) {
  const server = await Server.open(DIST)
  const driver = await Driver.launch()
  let plain, wrapped, traced
  try {
    plain = await observed(driver, server.origin, 'plain')
    wrapped = await observed(driver, server.origin, 'wrapped')
    traced = await observed(driver, server.origin, 'traced')
  } finally {
    await driver.close()
    server.close()
  }

  test('one page has the SDK, and the other has not', () => {
    assert.deepEqual([plain.hasSdk, wrapped.hasSdk, traced.hasSdk], [false, true, true])
    const isTraced = ({ shapes }) => Object.values(shapes).filter((notes) => notes.some((note) => untraced(note) !== note)).length
    assert.deepEqual([isTraced(plain), isTraced(wrapped)], [0, 0])
    assert.ok(isTraced(traced) > 30, `${isTraced(traced)} shapes were traced`)
    const names = Object.keys(plain.shapes)
    assert.ok(names.length >= LEAST, `${names.length} shapes`)
    assert.deepEqual(Object.keys(wrapped.shapes), names)
  })

  describe('call shapes', () => {
    for (const [name, notes] of Object.entries(plain.shapes)) {
      const why = DIFFERENT[name]
      test(why ? `${name}: differs, for ${why}` : name, () => {
        if (why) assert.notDeepEqual(wrapped.shapes[name], notes)
        else {
          assert.deepEqual(wrapped.shapes[name], notes)
          assert.deepEqual(traced.shapes[name].map(untraced), notes, 'with a trace')
        }
      })
    }
  })
}
