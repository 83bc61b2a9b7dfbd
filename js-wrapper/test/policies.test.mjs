// Pages that trust nobody: a strict Content-Security-Policy, Trusted Types, subresource integrity.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Kind, launch, leave, manifest, noteWasm, page, serve, wasmUp } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const RUM = `/${manifest.pinned}`
const GLUE = `/${manifest.glue[0]}`
const RECORDS = 1

/** Everything is forbidden but a script with the nonce and what that imports; and Wasm, and to send. */
const STRICT = [
  "default-src 'none'",
  "script-src 'nonce-n0nce' 'strict-dynamic' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  'img-src data:',
  "require-trusted-types-for 'script'",
]

/** Opens a page of this policy and script tag, with what it violates. */
const open = async (t, policy, tag, head = '') => {
  const html = page({ tag: `<script async src="${RUM}" data-app="demo" ${tag}></script>`, head })
  const server = await serve({ '/': () => ({ body: html, type: 'text/html', headers: policy && { 'Content-Security-Policy': policy.join('; ') } }) })
  t.after(server.close)
  const context = await browser.newContext()
  t.after(() => context.close())
  await noteWasm(context)
  await context.addInitScript(() => {
    window.violations = []
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => window.violations.push([effectiveDirective, blockedURI, sample]))
  })
  const tab = await context.newPage()
  const complaints = []
  for (const event of ['console', 'pageerror']) tab.on(event, (said) => complaints.push(said.text?.() ?? said.message))
  await tab.goto(server.origin)
  return { server, tab, complaints }
}

const violations = (tab) => tab.evaluate(() => window.violations)

for (const types of ["trusted-types 'none'", 'trusted-types some-other-policy'])
  test(`a nonce, strict-dynamic and ${types}`, async (t) => {
    const { server, tab, complaints } = await open(t, [...STRICT, types], 'nonce="n0nce"')
    await wasmUp(tab)
    await tab.evaluate(() => window.wasmRum.startView('Basket'))
    assert.deepEqual(await violations(tab), [])
    assert.deepEqual(complaints, [])
    await leave(tab)
    const batch = await server.batch(1)
    assert.equal(batch.content, 0, 'computed by the Wasm, which the second chunk has started')
    assert.equal(batch.of(Kind.View).length, 2)
  })

test('where Wasm is forbidden that is the one violation, and the collector computes', async (t) => {
  const { server, tab } = await open(t, STRICT.map((directive) => directive.replace(" 'wasm-unsafe-eval'", '')), 'nonce="n0nce"')
  await tab.waitForFunction(() => window.violations.length)
  assert.deepEqual((await violations(tab)).map(([directive, blocked]) => [directive, blocked]), [['script-src', 'wasm-eval']])
  await leave(tab)
  const batch = await server.batch(1)
  assert.equal(batch.content, RECORDS)
})

/** https://html.spec.whatwg.org/multipage/webappapis.html#import-map-integrity */
const importMap = (hash) => `<script type="importmap">${JSON.stringify({ integrity: { [GLUE]: hash } })}</script>`
const WRONG = `sha384-${'A'.repeat(64)}`

test('integrity of the script, and of the chunk behind it', async (t) => {
  const { server, tab, complaints } = await open(t, undefined, `integrity="${manifest.integrity[manifest.pinned]}"`, importMap(manifest.integrity[manifest.glue[0]]))
  await wasmUp(tab)
  await leave(tab)
  assert.equal((await server.batch(1)).content, 0)
  assert.deepEqual(complaints, [])
})

test('a script of another hash does not run', async (t) => {
  const { tab, complaints } = await open(t, undefined, `integrity="${WRONG}"`)
  assert.equal(await tab.evaluate(() => window.wasmRum), undefined)
  assert.match(complaints.join(), /integrity/)
})

test('a chunk of another hash does not run, and the collector computes', async (t) => {
  const { server, tab, complaints } = await open(t, undefined, `integrity="${manifest.integrity[manifest.pinned]}"`, importMap(WRONG))
  await server.until(() => server.requests.some(({ path }) => path === GLUE), 'second chunk')
  await tab.waitForFunction(() => document.readyState === 'complete')
  await leave(tab)
  assert.equal((await server.batch(1)).content, RECORDS)
  assert.match(complaints.join(), /integrity/)
})
