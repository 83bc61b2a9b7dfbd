// `cargo xtask demo` as a person runs it, except that what it starts is built already, and its folder is the test's own.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

import { until } from './fixture/deadline.mjs'
import { Listener } from './fixture/listener.mjs'
import { fromEnvironment } from './fixture/server.mjs'

const run = promisify(execFile)

/** Generous: two visits, their rows and an alert take a quarter of a minute. */
const DEMO_MS = 180_000

/** Everything is below it. */
let folder
let demos = 0
/** Those that have not ended: a demo leads a group of its own, which a Ctrl-C of the tests does not reach. */
const running = new Set()
process.once('exit', () => running.forEach((demo) => demo.signal('SIGKILL')))
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => process.exit(1))

before(async () => (folder = await mkdtemp(join(tmpdir(), 'rum-demo-'))))
after(async () => {
  // After a failure.
  await Promise.all([...running].map((demo) => (demo.signal('SIGKILL'), demo.ended)))
  await rm(folder, { recursive: true })
})

/** `cargo xtask demo`, leader of a process group as a shell makes it. */
class Demo {
  /** Resolves with `[code, signal]`. */
  ended
  stdout = ''
  stderr = ''
  #child

  constructor(args, environment = {}) {
    // The folder is an argument or the TMPDIR of all that the demo starts: by its name they are found.
    const env = { ...process.env, NO_COLOR: '1', TMPDIR: folder, ...environment }
    const given = ['demo', '--no-build', '--folder', join(folder, `demo-${++demos}`), ...args]
    const child = (this.#child = spawn(fromEnvironment('RUM_XTASK_BIN'), given, {
      detached: true,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    }))
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => (this[stream] += text))
    const overdue = setTimeout(() => this.signal('SIGKILL'), DEMO_MS)
    running.add(this)
    // Not `exit`: when the pipes have closed, the output is whole.
    this.ended = once(child, 'close').finally(() => {
      clearTimeout(overdue)
      running.delete(this)
    })
  }

  /** On free ports, except those in `ports`, by flag. */
  static async start(args = [], ports = {}) {
    const listeners = [await Listener.start(), await Listener.start()]
    await Promise.all(listeners.map((listener) => listener.stop()))
    const [port, shopPort] = listeners.map(({ url }) => new URL(url).port)
    return new Demo([...args, ...Object.entries({ '--port': port, '--shop-port': shopPort, ...ports }).flat()])
  }

  /** To the whole group, as a terminal's Ctrl-C. */
  signal(name) {
    process.kill(-this.#child.pid, name)
  }

  /** Waits for its end, which must be this one, and of which nothing must be left. */
  async ends(code, signal = null) {
    const output = () => `stdout:\n${this.stdout}\nstderr:\n${this.stderr}`
    const ended = await this.ended
    // Keepers and browsers may end a moment after the demo, if it was killed.
    await until('all that the demo started has ended', async () => {
      assert.deepEqual(await processes(), [])
      return true
    })
    assert.deepEqual(ended, [code, signal], output())
  }
}

/** What `ps` shows of what a demo has started and is still there: its folder is in the arguments or the environment. */
async function processes() {
  const { stdout } = await run('ps', ['axeww', '-o', 'pid=,command='], { maxBuffer: 1 << 26 })
  return stdout.split('\n').filter((line) => line.includes(folder))
}

/** The cells of a table under `heading`, row by row. */
function table(text, heading) {
  const [, lines] = text.split(`\n${heading}\n`)
  assert.ok(lines, `${heading} is in\n${text}`)
  const rows = lines.split('\n\n')[0].split('\n').filter((line) => line.includes('│'))
  return rows.map((row) => row.split('│').slice(1, -1).map((cell) => cell.trim()))
}

test('visits end with their report: p75, errors, sessions, and the alert that they made fire', async () => {
  const demo = await Demo.start(['--visits', '2'])
  await demo.ends(0)

  const pages = table(demo.stdout, 'p75 by page (ms; CLS without unit)')
  assert.deepEqual(pages.map(([page, views]) => [page, views]).sort(), [
    ['/', '2'],
    ['/cart', '2'],
    ['/magazine', '2'],
    ['/products', '2'],
    ['/products/porcini', '2'],
  ])
  // One of the two visits has images that come after 3,200 ms; the p75 of two lies three quarters of the way to it.
  const [, , lcp] = pages.find(([page]) => page === '/')
  assert.ok(Number(lcp) > 0.75 * 3_200, `LCP is ${lcp}`)

  const errors = table(demo.stdout, 'Errors')
  assert.ok(errors.some(([type, , page, times, sessions]) => `${type} ${page} ${times} ${sessions}` === 'TypeError / 1 1'), demo.stdout)

  const sessions = table(demo.stdout, 'Sessions')
  assert.deepEqual(sessions.map(([, , , entry, exit]) => [entry, exit]), [
    ['/', '/magazine'],
    ['/', '/magazine'],
  ])
  assert.deepEqual(sessions.map((row) => row[5] > 0).sort(), [false, true], 'only the visit with errors has some')

  assert.match(demo.stdout, /\nThe alerts that are firing\n(?:.*\n)*FIRING +SlowLargestPaint +app=shop page=\/ /)
})

for (const [signal, ...end] of [
  ['SIGINT', 0],
  ['SIGKILL', null, 'SIGKILL'],
]) {
  test(`${signal} ends the demo with all that it started`, async () => {
    const demo = await Demo.start()
    const [shop, collector] = await Promise.race([
      until('the demo says where it is', () =>
        ['Shop', 'Collector'].every((name) => demo.stdout.includes(`\n${name} `)) && demo.stdout.match(/(?<=^(?:Shop|Collector) +)\S+/gm),
      ),
      // It must not, yet.
      demo.ended.then((ended) => assert.fail(`ended (${ended}):\n${demo.stderr}`)),
    ])
    for (const address of [shop, `${collector}readyz`]) assert.equal((await fetch(address)).status, 200, address)
    const started = await processes()
    for (const name of ['xtask demo', 'xtask keep', 'rum-collector serve', 'demo-site --listen']) {
      assert.ok(started.some((line) => line.includes(name)), `${name} is one of\n${started.join('\n')}`)
    }

    demo.signal(signal)
    await demo.ends(...end)
    for (const address of [shop, collector]) await assert.rejects(fetch(address), `${address} is closed`)
  })
}

for (const [flag, whose] of [
  ['--port', 'the collector'],
  ['--shop-port', 'the shop'],
]) {
  test(`a taken ${flag} is one sentence that names it`, async () => {
    const listener = await Listener.start(() => {})
    try {
      const { port } = new URL(listener.url)
      const demo = await Demo.start([], { [flag]: port })
      await demo.ends(1)
      const sentence = new RegExp(`^ +error  port ${port}, for ${whose}, is taken: choose another with \`${flag} \\d+\`\n$`)
      assert.match(demo.stderr, sentence)
      assert.equal(demo.stdout, '')
    } finally {
      await listener.stop()
    }
  })
}

test('a Node.js that is too old is one sentence, before anything else', async () => {
  await writeFile(join(folder, 'node'), '#!/bin/sh\necho v18.20.4\n', { mode: 0o755 })
  const demo = new Demo([], { PATH: [folder, process.env.PATH].join(delimiter), RUM_LIBCHDB: '', RUM_TOOLS: folder })
  await demo.ends(1)
  assert.match(demo.stderr, /^ +error  Node\.js 20 or newer is needed with npm, and node is v18\.20\.4: install .*\n$/)
})
