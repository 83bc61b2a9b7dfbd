// A tab that ends without a word: what waited is sent by the browser, and what was sent is not sent again.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from './features.mjs'
import { Kind, launch, leave, setHidden } from './harness.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

/** The snapshot is due after five seconds without a report; the page's own clock says so. */
const DUE = 6_000
const opened = async (t, settings = {}) => {
  const page = await open(t, browser, { raw: false, ...settings })
  await page.tab.evaluate(() => setTimeout(() => { throw new Error('the last one') }))
  return page
}
const entrusted = (tab) => tab.waitForFunction(() => window.snapshots > 0, null, { timeout: 2 * DUE })
/** Counts what the page entrusts to the browser. */
const counting = (context) =>
  context.addInitScript(() => {
    window.snapshots = 0
    const { fetchLater } = window
    window.fetchLater = (url, init) => {
      window.snapshots++
      window.withdrawn = () => init.signal.aborted
      return fetchLater(url, init)
    }
  })

test('a tab that crashes has told what it knew', async (t) => {
  const { server, tab, context } = await opened(t, { prepare: counting })
  await entrusted(tab)
  assert.equal(server.batches.length, 0, 'nothing was due')
  const session = await context.newCDPSession(tab)
  session.send('Page.crash').catch(() => {})
  const batch = await server.batch(1)
  assert.equal(batch.of(Kind.View).length, 1)
  assert.match(JSON.stringify(batch.of(Kind.Error)), /the last one/)
  assert.equal(batch.of(Kind.Cut).length, 1, 'a report of the vitals')
})

for (const [what, end] of [
  ['refused', () => wasmRum.setConsent('denied')],
  ['stopped', () => wasmRum.stop()],
])
  test(`what is ${what} is withdrawn`, async (t) => {
    const { tab } = await opened(t, { prepare: counting })
    await entrusted(tab)
    assert.equal(await tab.evaluate(() => window.withdrawn()), false)
    await tab.evaluate(end)
    assert.equal(await tab.evaluate(() => window.withdrawn()), true)
  })

test('a crash after a report leaves what that said beside the vitals', async (t) => {
  const { server, tab, context } = await open(t, browser, { raw: false, prepare: counting })
  await setHidden(tab, true)
  await setHidden(tab, false)
  await server.batch(1)
  await tab.evaluate(() => setTimeout(() => { throw new Error('the last one') }))
  await entrusted(tab)
  const session = await context.newCDPSession(tab)
  session.send('Page.crash').catch(() => {})
  const [first, last] = (await server.batch(2)).named(Kind.Cut)
  assert.ok(last.t > first.t)
  assert.deepEqual(last.receipt, first.receipt)
  assert.notEqual(last.receipt, null)
})

test('what was reported is not told again', async (t) => {
  const { server, tab } = await opened(t, { prepare: counting })
  await entrusted(tab)
  await leave(tab)
  await server.batch(1)
  await tab.goto('about:blank')
  await tab.close()
  assert.equal(server.batches.length, 1)
})
