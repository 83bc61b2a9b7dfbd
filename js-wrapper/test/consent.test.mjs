// What the user has agreed to: what tests/features does not look at in three engines.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from './features.mjs'
import { Kind, launch, leave, secondChunk, setHidden } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const stored = (tab) => tab.evaluate(() => [Object.keys(sessionStorage), Object.keys(localStorage), document.cookie])
const NOTHING = [[], [], '']
const gpc = (context) => context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }))

for (const consent of ['pending', 'denied', 'Granted'])
  test(`nothing is stored or sent until it is granted: ${consent}`, async (t) => {
    const { server, tab } = await open(t, browser, { tag: `data-consent="${consent}"` })
    await tab.evaluate(() => wasmRum.track('before'))
    await setHidden(tab, true)
    await setHidden(tab, false)
    assert.deepEqual(await stored(tab), NOTHING)
    assert.equal(server.batches.length, 0)
    await tab.evaluate(() => wasmRum.setConsent('granted'))
    await tab.evaluate(() => wasmRum.track('after'))
    await leave(tab)
    const batch = await server.batch(1)
    assert.equal(batch.of(Kind.Paint).length, 1, 'what was seen meanwhile is told')
    const [before, after] = batch.named(Kind.View)
    assert.notEqual(after.session_id, before.session_id, 'another session')
    await tab.goto(server.origin)
    assert.ok((await stored(tab))[0].includes('wasm-rum'))
  })

test('granted on every page, a session goes on', async (t) => {
  const { server, tab } = await open(t, browser, { tag: 'data-consent="pending"' })
  const grant = () => tab.evaluate(() => {
    wasmRum.push((rum) => rum.setConsent('granted'))
    wasmRum.push((rum) => rum.setConsent('granted'))
  })
  await grant()
  await leave(tab)
  await tab.goto(server.origin)
  await secondChunk(server, 2)
  await grant()
  await leave(tab)
  const last = ({ named }) => named(Kind.View).at(-1).session_id
  const batches = await server.until(() => server.batches.length > 1 && server.batches, 'second batch')
  assert.equal(last(batches.at(-1)), last(batches[0]))
  assert.equal(batches[0].of(Kind.View).length, 2, 'said twice, it is one change')
})

const ELDER = `<script>
  sessionStorage['wasm-rum'] = '6b00f0a400000001,1,0;1,0;1'
  sessionStorage['wasm-rum demo 1'] = '[1,1,"6b00f0a400000002",1795226212000,[],[]]'
</script>`

test('refused where nobody had agreed, what an earlier page has stored goes as well, and nothing is sent any more', async (t) => {
  const { server, tab } = await open(t, browser, { tag: 'data-consent="pending"', head: ELDER })
  assert.equal((await stored(tab))[0].length, 2)
  await tab.evaluate(() => {
    wasmRum.track('secret')
    wasmRum.setConsent('denied')
    wasmRum.setConsent('granted')
    wasmRum.track('secret')
  })
  assert.deepEqual(await stored(tab), NOTHING)
  await setHidden(tab, true)
  assert.deepEqual(await stored(tab), NOTHING)
  await leave(tab)
  await tab.goto(`${server.origin}/api`)
  assert.equal(server.batches.length, 0)
})

test('errors of users who do not want to be followed wait for the consent that a page asks for', async (t) => {
  const { server, tab } = await open(t, browser, { prepare: gpc, tag: 'data-privacy-signals="errors" data-consent="pending"', raw: false })
  await tab.evaluate(() => {
    setTimeout(() => { throw new Error('an error') })
    return new Promise((later) => setTimeout(later, 50))
  })
  await setHidden(tab, true)
  await leave(tab)
  await tab.goto(`${server.origin}/api`)
  assert.equal(server.batches.length, 0)
})
