// The core and what surrounds it, in Node: the shipped Wasm, and idle time that is ours. What rows mean is tested in
// rum-core.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dist, manifest } from './harness.mjs'
import { load } from './source.mjs'

const { drive } = await load('late/core.ts')
const { outbox } = await load('late/outbox.ts')
const shipped = await WebAssembly.compile(readFileSync(join(dist, manifest.wasm[0])))

const DOCUMENT = '[1795226212000,"https://shop.example","0.1.0"]'
/** What surrounds the rows is the capture script's, and tested with it. */
const bodyOf = (rows) => `[1,0,"",0,${DOCUMENT},[${rows}]]`
const VIEW = '[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,"/"]'
const RECEIPT = 13
const VITAL = 2
const ACTION = 66

/** A core in a page, what it posted, and its idle time. */
const start = async (module = shipped) => {
  const idle = []
  const posted = []
  let flushes = 0
  const core = await drive(module, bodyOf, (take) => idle.push(take), (body) => posted.push(body), () => flushes++)
  let ordinals = 1
  return {
    core,
    idle,
    posted,
    flushes: () => flushes,
    spend: () => idle.splice(0).forEach((take) => take()),
    take: (kind, t, ...fields) => core.take(JSON.stringify([kind, ordinals++, t * 1000, ...fields])),
    items: () => posted.flatMap((body) => JSON.parse(body)[5]),
  }
}
const click = (page, t, name = 'Buy') => page.take(ACTION, t, t * 1000, 0, name, 'button')
const cut = (page, t) => page.take(11, t, 0, null, [5])
const of = (page, kind) => page.items().filter((item) => item[0] === kind)

test('records are taken in short slices of idle time', async (test) => {
  let time = 0
  test.mock.method(performance, 'now', () => (time += 0.05))
  const page = await start()
  page.core.take(VIEW)
  for (let n = 0; n < 119; n++) click(page, n)
  assert.equal(page.idle.length, 1, 'nothing at once')
  let slices = 0
  for (; page.idle.length; slices++) page.spend()
  // 0.2 ms each, in which the clock is looked at four times.
  assert.ok(slices >= 120 / 4 && slices <= 120 / 2, `${slices} slices`)
  assert.equal(page.posted.length, 0, 'and nothing is sent before it is due')
  assert.equal(page.core.flush(), true)
  assert.equal(of(page, ACTION).length, 119)
})

test('rows have texts as they came, and go once', async () => {
  const page = await start()
  page.core.take('[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,"/é\\ud83d\\ude00"]')
  click(page, 5, '"]}\\,null')
  page.core.flush()
  assert.deepEqual(page.items(), [
    [1, 0, 0, '6b00f0a400000001', '6b00f0a400000002', 0, 0, '/é😀'],
    [ACTION, 0, 5, 1, 5000, 0, '"]}\\,null', 'button'],
  ])
  page.core.flush()
  assert.equal(page.posted.length, 1, 'nothing waits any more')
})

test('personal data and secrets do not leave the page, and ids do', async () => {
  const page = await start()
  page.core.take(VIEW)
  click(page, 5, 'Mail jane@example.com, card 4111 1111 1111 1111')
  click(page, 6, '4111111111111111')
  page.take(64, 7, 7000, 0, 'GET', '/u/jane%40example.com', 200, 5, 0, ...Array(12), null, '5424000000000015')
  page.core.flush()
  assert.equal(of(page, ACTION)[0][6], 'Mail [email], card [card]')
  assert.equal(of(page, ACTION)[1][6], '[card]', 'digits are no id where none is expected')
  assert.match(page.posted[0], /u\/\[email\]/)
  assert.match(page.posted[0], /"5424000000000015"/, 'a span has such an id')
})

test('a text that is longer than the room comes as far as it goes if it was scrubbed', async () => {
  const page = await start()
  page.core.take(VIEW)
  click(page, 5, 'a@b.cc ' + 'x'.repeat(20_000))
  page.core.flush()
  assert.equal(of(page, ACTION)[0][6], ('[email] ' + 'x'.repeat(20_000)).slice(0, 16_385))
})

test('a burst of events is bounded and counted, and displaces no vital', async () => {
  const page = await start()
  page.core.take(VIEW)
  page.take(3, 600, 0, null, null, null, null, null, null, null, null, null, null, null, 100_000)
  page.take(5, 800)
  page.take(8, 900, 0, 1)
  for (let n = 0; n < 600; n++) click(page, n)
  cut(page, 2000)
  page.core.flush()
  assert.equal(of(page, ACTION).length, 500)
  assert.deepEqual(of(page, VITAL).map((item) => item[3]).sort(), [2, 4, 5], 'CLS, FCP, TTFB')
  assert.equal(of(page, 1)[0][3 + RECEIPT], 100)
})

test('a later report of a row replaces the one that waits', async () => {
  const page = await start()
  page.core.take(VIEW)
  page.take(5, 800)
  for (const [t, value] of [[900, 100_000], [5000, 300_000]]) {
    page.take(8, t, value, 0)
    cut(page, t + 100)
  }
  page.core.flush()
  assert.deepEqual(of(page, VITAL).filter((item) => item[3] === 2).map((item) => [item[2], item[5]]), [[5100, 300_000]])
})

test('bodies keep their limit in bytes, not in characters, and each has the views of its events', async () => {
  const page = await start()
  page.core.take(VIEW)
  for (let n = 0; n < 60; n++) click(page, n, '雨'.repeat(1000))
  page.core.flush()
  assert.ok(page.posted.length > 2)
  for (const body of page.posted) {
    assert.ok(Buffer.byteLength(body) < 61_000, `${Buffer.byteLength(body)}`)
    assert.equal(JSON.parse(body)[5].filter(([kind]) => kind === 1).length, 1)
  }
  assert.equal(of(page, ACTION).length, 60)
})

test('an event larger than a body goes alone and does not stay for ever', async () => {
  const page = await start()
  page.core.take(VIEW)
  click(page, 1)
  click(page, 2, 'x'.repeat(70_000))
  click(page, 3)
  page.core.flush()
  assert.deepEqual(page.posted.map((body) => JSON.parse(body)[5].length), [2, 2, 2])
})

test('views are sent before there are too many, and one that is forgotten takes nothing with it', async () => {
  const page = await start()
  for (let n = 0; n < 300; n++) {
    page.take(1, n * 100, (0x6b00f0a4_00000000n + BigInt(n)).toString(16), '6b00f0a4000000aa', n ? 4 : 0, '/route')
    click(page, n * 100 + 1)
    while (page.idle.length) {
      const before = page.flushes()
      page.spend()
      if (page.flushes() > before) page.core.flush()
    }
  }
  page.core.flush()
  assert.ok(page.flushes() >= 5, `${page.flushes()}`)
  assert.equal(new Set(of(page, 1).map((item) => item[3])).size, 300)
  assert.equal(of(page, ACTION).length, 300)
})

test('texts that nobody asks for any more are let go of', async () => {
  const { hold, page, tidy, send } = outbox(bodyOf)
  hold([6, 1, 0, 'a text'])
  page.touch(0, 0)
  const known = Array.from({ length: 600 }, () => page.keep(0))
  tidy(() => page.live(known[7]))
  page.begin(0, 1)
  for (const value of [1, 0, 5]) page.put(value)
  page.text(known[7])
  page.text(known[8])
  page.put(6)
  page.end()
  const bodies = []
  send((body) => bodies.push(JSON.parse(body)))
  assert.deepEqual(bodies[0][5][1], [VITAL, 0, 1, 1, 0, 5, 'a text', null, 6])
})

test('a page of many shifts and interactions keeps their texts within bounds', async () => {
  const page = await start()
  page.core.take(VIEW)
  page.take(5, 10)
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < 20_000; n++) {
    page.take(8, 100 + n * 6000, n, 0, `#shift-${n}-${'x'.repeat(5_000)}`)
    page.spend()
  }
  const kept = process.memoryUsage().heapUsed - before
  cut(page, 2e8)
  page.core.flush()
  assert.ok(kept < 50e6, `${kept} bytes, of texts of 100 MB`)
  assert.match(of(page, VITAL).find((item) => item[3] === 2)[6], /^#shift-19999-/)
})

/** A module whose `push` traps. */
const trapping = await WebAssembly.compile(
  Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 2, 124, 124, 0, 3, 2, 1, 0, 7, 8, 1, 4, 112, 117, 115, 104, 0, 0, 10, 5, 1, 3, 0, 0, 11),
)
for (const [what, module, record] of [
  ['traps', trapping, VIEW],
  ['cannot read', shipped, '[1,'],
])
  test(`a core that ${what} is not asked again`, async () => {
    const page = await start(module)
    page.core.take(record)
    page.spend()
    assert.equal(page.flushes(), 1, 'the stream is told, and goes on without it')
    page.core.take(VIEW)
    page.spend()
    assert.equal(page.core.flush(), false)
    assert.deepEqual(page.posted, [])
  })

test('records that lack what their kind needs have no effect', async () => {
  const page = await start()
  for (const record of ['[]', '[1]', '[9,1,5]', '[12,1,5,null,"x"]', '[99,1,2,3]', '[11,1,1]']) page.core.take(record)
  page.core.take(VIEW)
  for (const record of ['[9,1,5]', '[6,2,5]', '[8,3,5]', '[13,4,5]', '[16,5,5]', '[3,6,5]', '[10,7,5]', '[15,8,5]']) page.core.take(record)
  click(page, 5)
  assert.equal(page.core.flush(), true)
  assert.equal(of(page, ACTION).length, 1)
})
