// What the collector refuses, a page of another origin can read: status, code, and how to mend it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'

import { SHOP_APP } from './fixture/collector.mjs'
import { Listener } from './fixture/listener.mjs'
import { World } from './fixture/world.mjs'

const VIEW_START = Math.floor(Date.now() / 1000)
const TEXT = { 'Content-Type': 'text/plain' }

let world, known, stranger
before(async () => {
  const empty = (_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A site</title>')
  known = await Listener.start(empty)
  stranger = await Listener.start(empty)
  world = await World.open({ apps: [SHOP_APP, { name: 'listed', key: 'listed', origins: [known.url] }] })
})
after(async () => {
  await world?.close()
  await Promise.all([known, stranger].map((site) => site?.stop()))
})

/** What a page of `site` reads when it posts; null if the browser did not let it read. */
async function post(site, query, { body, headers = TEXT }) {
  const { page } = await world.visit()
  await page.goto(site.url)
  return page.evaluate(
    async ([url, body, headers]) => {
      const given = typeof body === 'string' ? body : new Uint8Array(body)
      const response = await fetch(url, { method: 'POST', body: given, headers, credentials: 'omit' }).catch(() => null)
      if (!response) return null
      const text = await response.text()
      return { status: response.status, json: text && JSON.parse(text) }
    },
    [`${world.collector.url}/v1/batches?${query}`, body, headers],
  )
}

/** A good batch of one view. */
function batch(number) {
  const id = (half) => VIEW_START.toString(16).padStart(8, '0') + half.toString(16).padStart(8, '0')
  const now = Date.now()
  const view = [1, 0, 0, id(number), id(number), 0, 0, `/page-${number}`]
  return JSON.stringify([1, 0, id(number + (1 << 16)), now, [now, known.url, '0.1.0'], [view]])
}

const isStored = async (number) => {
  await world.collector.drained()
  const rows = await world.collector.sql(`SELECT app FROM rum.page_views WHERE page = '/page-${number}'`)
  return rows.length === 1
}

test('a listed origin may send, as text and as JSON with a preflight', async () => {
  assert.deepEqual(await post(known, 'k=listed', { body: batch(1) }), { status: 204, json: '' })
  const headers = { 'Content-Type': 'application/json' }
  assert.deepEqual(await post(known, 'k=listed', { body: batch(2), headers }), { status: 204, json: '' })
  assert.ok((await isStored(1)) && (await isStored(2)))
})

const cases = [
  { what: 'a wrong key', site: () => known, query: 'k=nobody', body: () => batch(10), status: 403, code: 'unknown_key', says: 'nobody' },
  { what: 'no key', site: () => known, query: '', body: () => batch(11), status: 400, code: 'missing_key', says: 'k=KEY' },
  { what: 'a wrong origin', site: () => stranger, query: 'k=listed', body: () => batch(12), status: 403, code: 'origin_not_allowed', says: 'listed' },
  { what: 'a body that is no JSON', site: () => known, query: 'k=listed', body: () => 'hello', status: 400, at: 0, says: 'JSON' },
  { what: 'a body that breaks off', site: () => known, query: 'k=listed', body: () => batch(13).slice(0, 60), status: 400, at: 60, says: 'byte 60' },
  { what: 'a wrong type', site: () => known, query: 'k=listed', body: () => batch(14).replace(/^\[1,0,"/, '[1,0,7,"'), status: 400, at: 5, says: 'byte 5' },
  { what: 'a body that is too large', site: () => known, query: 'k=listed', body: () => `[${' '.repeat(300 << 10)}]`, status: 413, code: 'body_too_large', says: 'limits.body_bytes' },
  { what: 'a zip bomb', site: () => known, query: 'k=listed&z=gzip', body: () => [...gzipSync(Buffer.alloc(64 << 20, ' '))], status: 413, code: 'decompressed_too_large', says: 'limits.decompressed_bytes' },
  { what: 'a body that is not compressed as it says', site: () => known, query: 'k=listed&z=gzip', body: () => batch(15), status: 400, says: 'gzip' },
]

for (const { what, site, query, body, status, code, at, says } of cases) {
  test(`${what} is refused readably, and the next batch is stored`, async () => {
    const answer = await post(site(), query, { body: body() })
    assert.ok(answer, 'the browser lets the page read the answer')
    assert.equal(answer.status, status)
    const { error } = answer.json
    if (code) assert.equal(error.code, code)
    assert.match(error.code, /^[a-z_]+$/)
    assert.ok(error.message.includes(says), error.message)
    if (at !== undefined) assert.equal(error.at, at, error.message)
    const next = 100 + cases.findIndex((other) => other.what === what)
    assert.equal((await post(known, 'k=listed', { body: batch(next) })).status, 204)
    assert.ok(await isStored(next))
  })
}
