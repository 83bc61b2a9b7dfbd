// What follows from an action.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from './features.mjs'
import { Kind, launch, leave } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const BODY = `
  <button id="dead">Nothing</button>
  <button id="alive" onclick="this.textContent = 'Changed'">Change</button>
  <button id="asks" onclick="fetch('/api')">Ask</button>
  <button id="waits" onclick="fetch('/slow')">Wait</button>
  <button id="throws" onclick="null.x">Throw</button>
  <button id="masked" data-rum-mask>4111 1111 1111 1111</button>
  <button id="named" data-rum-name="Checkout">Pay 12 €</button>
  <input id="field">`
const RAGE = 1
const DEAD = 2
const ERROR = 4

const SLOW = () => new Promise((later) => setTimeout(later, 3_000, { body: '' }))
const page = async (t) => open(t, browser, { body: BODY, routes: { '/slow': SLOW } })
const actions = async (server) => Object.fromEntries((await server.batch(1)).named(Kind.Action).map((action) => [action.target, action]))
const settled = (tab) => tab.waitForTimeout(1_200)

test('dead clicks, and those that something follows', async (t) => {
  const { server, tab } = await page(t)
  for (const id of ['dead', 'alive', 'asks', 'waits', 'field']) {
    await tab.click(`#${id}`)
    await settled(tab)
  }
  await leave(tab)
  const found = await actions(server)
  assert.equal(found['#dead'].frustration, DEAD)
  for (const id of ['alive', 'asks', 'waits', 'field']) assert.equal(found[`#${id}`].frustration, null, id)
  for (const id of ['dead', 'alive', 'asks']) assert.ok(found[`#${id}`].duration > 0 && found[`#${id}`].duration < 1e6, 'until the next paint')
})

test('a request knows the action that it followed', async (t) => {
  const { server, tab } = await page(t)
  await tab.evaluate(() => fetch('/api'))
  await tab.click('#asks')
  await settled(tab)
  await leave(tab)
  const batch = await server.batch(1)
  const [alone, asked] = batch.named(Kind.Request)
  assert.equal(alone.action, null)
  assert.equal(asked.action, batch.named(Kind.Action)[0].ordinal)
})

test('a click that a script makes on the document is not looked at', async (t) => {
  const { server, tab } = await open(t, browser, { body: '<button id="dead">Dead</button>' })
  await tab.click('#dead')
  await tab.evaluate(() => document.dispatchEvent(new MouseEvent('click', { bubbles: true })))
  await tab.waitForTimeout(1_200)
  await tab.evaluate(() => wasmRum.track('after'))
  await leave(tab)
  const actions = (await server.batch(1)).named(Kind.Action)
  assert.deepEqual(actions.map(({ name, frustration }) => [name, frustration]), [['Dead', 2], ['after', null]])
})

test('rage, and an error', async (t) => {
  const { server, tab } = await page(t)
  await tab.click('#alive', { clickCount: 4, delay: 20 })
  await tab.click('#throws')
  await settled(tab)
  await leave(tab)
  const all = (await server.batch(1)).named(Kind.Action)
  assert.deepEqual(all.filter(({ target }) => target === '#alive').map(({ frustration }) => (frustration ?? 0) & RAGE), [0, 0, RAGE, RAGE])
  assert.equal(all.find(({ target }) => target === '#throws').frustration & ERROR, ERROR)
})

test('a report does not wait, and calls no click dead too early', async (t) => {
  const { server, tab } = await page(t)
  await tab.click('#dead')
  await leave(tab)
  assert.equal((await actions(server))['#dead'].frustration, null)
})

test('names are masked and given', async (t) => {
  const { server, tab } = await page(t)
  await tab.click('#masked')
  await tab.click('#named')
  await leave(tab)
  const found = await actions(server)
  assert.deepEqual([found['#masked'].name, found['#named'].name], [null, 'Checkout'])
})
