// The pure pieces, in Node.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dist } from './harness.mjs'
import { load } from './source.mjs'

test('ids carry their moment and are random otherwise', async () => {
  const { idAt, randomId, startOf } = await load('ids.ts')
  const ids = new Set(Array.from({ length: 1000 }, randomId))
  assert.equal(ids.size, 1000)
  for (const id of ids) assert.match(id, /^[\da-f]{16}$/)
  assert.match(idAt(1_795_000_000_999), /^6afd[\da-f]{12}$/)
  assert.equal(startOf(idAt(1_795_000_000_999)), 1_795_000_000_000)
  assert.match(idAt(0), /^0{8}[\da-f]{8}$/, 'a clock without a battery')
  assert.equal(startOf(idAt(2 ** 32 * 1000 - 1)), 2 ** 32 * 1000 - 1000)
})

test('nothing is stored or read before the start has asked who agrees', async (t) => {
  const { configure, silence, storage } = await load('session.ts', 'options.ts')
  t.after(() => delete globalThis.sessionStorage)
  globalThis.sessionStorage = {}
  configure({})
  assert.equal(storage(), undefined)
  silence(false)
  assert.equal(storage(), sessionStorage)
})

test('who is in the sample is what the collector takes for it', async (t) => {
  const { configure, idAt, renewSession, silence, unsampled } = await load('session.ts', 'options.ts', 'ids.ts')
  configure({})
  silence(false)
  t.after(() => delete globalThis.sessionStorage)
  const { cases } = JSON.parse(readFileSync(new URL('../../tests/sampling.json', import.meta.url), 'utf8'))
  for (const [share, random, inside] of cases) {
    const id = idAt(Date.now()).slice(0, 8) + random
    globalThis.sessionStorage = { 'wasm-rum': `${[id, Date.now(), `1;${share}`, '0;1']}` }
    // As a page that has just been opened.
    renewSession(0)
    assert.equal(unsampled(), !inside, `${share} ${random}`)
  }
})

test('the package can be imported where there is no page', async () => {
  delete globalThis.window
  const { init } = await import(join(dist, 'npm/index.js'))
  assert.equal(init({ app: 'a', endpoint: 'https://rum.example.com' }), undefined)
})

test('the route of a path', async () => {
  const { pattern } = await load('route.ts')
  const hole = (name, rest) => (rest ? `[...${name}]` : `[${name}]`)
  for (const [path, params, route] of [
    ['/', {}, '/'],
    ['/item/7', { id: '7' }, '/item/[id]'],
    ['/item/7/', { id: '7' }, '/item/[id]/'],
    ['/item/7/edit', { id: '7' }, '/item/[id]/edit'],
    ['/7/7', { shop: '7', item: '7' }, '/[shop]/[item]'],
    ['/users/users', { id: 'users' }, '/users/[id]'],
    ['/docs/a/b', { slug: ['a', 'b'] }, '/docs/[...slug]'],
    ['/docs/a', { slug: ['a'] }, '/docs/[...slug]'],
    ['/files/a/b', { '*': 'a/b' }, '/files/[...*]'],
    ['/docs', { slug: undefined }, '/docs'],
    ['/docs', { slug: [], '*': '' }, '/docs'],
    ['/caf%C3%A9/x', { name: 'café' }, '/[name]/x'],
    ['/caf%C3%A9/x', { name: 'caf%C3%A9' }, '/[name]/x'],
    ['/100%/x', { rate: '100%' }, '/[rate]/x'],
    ['/item/7', { id: '8', constructor: 'a/b/c/d' }, '/item/7'],
  ])
    assert.equal(pattern(path, params, hole), route, path)
})

test('a router that keeps its path elsewhere than in the URL’s has a view for each', async (t) => {
  const { show } = await load('route.ts')
  const shown = []
  globalThis.location = { pathname: '/app' }
  globalThis.window = { wasmRum: { push: (use) => use({ startView: (name) => shown.push(name) }) } }
  t.after(() => {
    delete globalThis.location
    delete globalThis.window
  })
  for (const path of ['/item/7', '/item/7', '/item/8', null, undefined]) show('/item/:id', path)
  location.pathname = '/other'
  show('/item/:id')
  assert.equal(shown.length, 4, 'two of the router’s, two of the URL’s')
})
