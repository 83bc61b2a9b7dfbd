// What the user has agreed to, and what a page wants to see before it is sent.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from './features.mjs'
import { Kind, launch, leave, secondChunk, setHidden } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const VITAL = 2
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

test('what was granted can be pending again', async (t) => {
  const { server, tab } = await open(t, browser)
  await setHidden(tab, true)
  await setHidden(tab, false)
  await server.batch(1)
  // The page has heard of it.
  await tab.waitForFunction(() => !Object.keys(sessionStorage).some((key) => key.startsWith('wasm-rum demo')))
  await tab.evaluate(() => {
    wasmRum.setConsent('pending')
    wasmRum.track('meanwhile')
  })
  await setHidden(tab, true)
  await setHidden(tab, false)
  await tab.evaluate(() => new Promise((later) => setTimeout(later, 200)))
  assert.equal(server.batches.length, 1)
  await tab.evaluate(() => wasmRum.setConsent('granted'))
  await leave(tab)
  assert.match((await server.batch(2)).text, /meanwhile/)
})

test('what is refused is refused for the document, and what was stored goes', async (t) => {
  const { server, tab } = await open(t, browser)
  await setHidden(tab, true)
  await setHidden(tab, false)
  await server.batch(1)
  assert.ok((await stored(tab))[0].includes('wasm-rum'))
  await tab.evaluate(() => {
    wasmRum.setConsent('denied')
    wasmRum.track('secret')
  })
  assert.deepEqual(await stored(tab), NOTHING)
  await setHidden(tab, true)
  await tab.evaluate(() => wasmRum.setConsent('granted'))
  await leave(tab)
  await tab.goto('about:blank')
  assert.ok(server.batches.every(({ text }) => !text.includes('secret')))
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

for (const [signal, prepare] of [
  ['Global Privacy Control', gpc],
  ['Do Not Track', (context) => context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' }))],
])
  test(`${signal} is obeyed`, async (t) => {
    const { server, tab } = await open(t, browser, { prepare })
    await tab.evaluate(() => setTimeout(() => { throw new Error('seen by nobody') }))
    await setHidden(tab, true)
    assert.deepEqual(await stored(tab), NOTHING)
    await leave(tab)
    await tab.goto(`${server.origin}/api`)
    assert.equal(server.batches.length, 0)
  })

test('or ignored', async (t) => {
  const { server, tab } = await open(t, browser, { prepare: gpc, tag: 'data-privacy-signals="ignore"' })
  await leave(tab)
  assert.equal((await server.batch(1)).of(Kind.View).length, 1)
})

test('or holds for all but errors', async (t) => {
  const { server, tab } = await open(t, browser, { prepare: gpc, tag: 'data-privacy-signals="errors"', raw: false })
  await tab.evaluate(() => {
    wasmRum.track('nobody’s')
    setTimeout(() => { throw new Error('an error') })
    return new Promise((later) => setTimeout(later, 50))
  })
  assert.deepEqual(await stored(tab), NOTHING)
  await leave(tab)
  const kinds = (await server.batch(1)).items.map(([kind]) => kind)
  assert.deepEqual([...new Set(kinds)].sort(), [1, Kind.Error])
})

test('a page may change an event, or drop it', async (t) => {
  const { server, tab, complaints } = await open(t, browser, {
    raw: false,
    prepare: (context) =>
      context.addInitScript(() => {
        const { assign } = Object
        window.seen = []
        const beforeSend = (event) => {
          window.seen.push(event.kind)
          if (event.kind === 'error') event.message = event.message.replace(/\d+/, 'n')
          if (event.name === 'secret') return null
          if (event.name === 'breaks') throw new Error('of the page')
          return event
        }
        Object.defineProperty(HTMLScriptElement.prototype, 'dataset', { get: () => assign({ app: 'demo' }, { beforeSend }) })
      }),
  })
  await tab.evaluate(() => {
    for (const name of ['secret', 'breaks', 'open']) wasmRum.track(name, { a: 1 })
    setTimeout(() => { throw new Error('order 4711') })
    return new Promise((later) => setTimeout(later, 50))
  })
  await setHidden(tab, true)
  const batch = await server.batch(1)
  assert.deepEqual(batch.of(Kind.Action).map((action) => [action[6], action[10]]), [['open', [['a', '1']]]])
  assert.deepEqual(batch.of(Kind.Error).map((error) => error[7]), ['order n'])
  assert.ok(batch.of(VITAL).length >= 3)
  assert.ok((await tab.evaluate(() => window.seen)).includes('vital'))
  assert.deepEqual(complaints, ['order 4711'])
})

test('without Wasm only numbers are sent where a page wants to see what is', async (t) => {
  const { server, tab } = await open(t, browser, {
    body: '<h1 id="secret-id">A page</h1>',
    prepare: (context) =>
      context.addInitScript(() => {
        const { assign } = Object
        Object.defineProperty(HTMLScriptElement.prototype, 'dataset', { get: () => assign({ app: 'demo' }, { beforeSend: (event) => event }) })
      }),
  })
  await tab.evaluate(() => wasmRum.track('secret'))
  await leave(tab)
  const batch = await server.batch(1)
  assert.ok(!batch.text.includes('secret'))
  assert.equal(batch.of(Kind.Paint).length, 1)
  assert.equal(batch.named(Kind.View)[0].page, '')
})
