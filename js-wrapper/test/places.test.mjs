// Where the package is imported and there is no page: Node, workers; and that an app bundles only what it calls.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build } from 'esbuild'
import { launch, serve, dist } from './harness.mjs'

/** Imports the package and calls everything; what that leaves behind. Runs here and in workers. */
const LOOK = `
  const before = Object.getOwnPropertyNames(globalThis)
  const said = []
  for (const level of ['error', 'warn', 'log']) console[level] = (text) => said.push(text)
  const rum = await load()
  const options = { app: 'demo', endpoint: '/' }
  const returned = [rum.init(options), rum.init(), rum.startView('a'), rum.captureError(new Error('a'), { b: 1 }), rum.track('a'), rum.measure('a', 1), rum.log('info', 'a'), rum.setUser({ id: 1 }), rum.setContext({}), rum.addTag('a', 1), rum.setFlag('a', 1), rum.setConsent('granted'), rum.getSession(), rum.stop()]
  const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name))
  const result = { names: Object.keys(rum).sort(), returned: returned.filter((value) => value !== undefined), added, said }
`
const NOTHING = { names: ['addTag', 'captureError', 'getSession', 'init', 'log', 'measure', 'setConsent', 'setContext', 'setFlag', 'setUser', 'startView', 'stop', 'track'], returned: [], added: [], said: [] }

test('Node', async () => {
  const { log, warn, error } = console
  try {
    const look = new (async () => {}).constructor('load', `${LOOK} return result`)
    assert.deepEqual(await look(() => import('wasm-rum')), NOTHING)
  } finally {
    Object.assign(console, { log, warn, error })
  }
  // Neither Vue nor anything else is there.
  const { wasmRum } = await import('wasm-rum/vue')
  const app = { config: {} }
  wasmRum.install(app, { app: 'demo', endpoint: '/', router: { afterEach: (told) => told({ path: '/a', matched: [] }) } })
  assert.equal(typeof app.config.errorHandler, 'function')
})

test('workers', async (t) => {
  const script = (body) => ({ body, type: 'text/javascript' })
  const looking = `const load = () => import('/npm/index.js')\n${LOOK}`
  const server = await serve({
    '/': '<!doctype html>',
    '/worker.js': () => script(`${looking} postMessage(result)`),
    '/shared.js': () => script(`onconnect = async ({ ports: [port] }) => { ${looking} port.postMessage(result) }`),
  })
  t.after(server.close)
  const browser = await launch()
  t.after(() => browser.close())
  const tab = await browser.newPage()
  await tab.goto(server.origin)
  const answers = await tab.evaluate(async () => {
    const heard = (port) => new Promise((resolve) => port.addEventListener('message', ({ data }) => resolve(data)))
    const shared = new SharedWorker('/shared.js', { type: 'module' }).port
    shared.start()
    return Promise.all([heard(new Worker('/worker.js', { type: 'module' })), heard(shared)])
  })
  assert.deepEqual(answers, [NOTHING, NOTHING])
  assert.deepEqual(server.requests.map(({ path }) => path).filter((path) => /glue|wasm|batches/.test(path)), [], 'nothing is fetched')
})

/** The bytes of an app of this code, as esbuild bundles it. */
const bytes = async (contents) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: dist },
    bundle: true,
    write: false,
    logLevel: 'error',
    minify: true,
    format: 'esm',
    packages: 'bundle',
    external: ['react'],
    outdir: 'out',
  })
  return outputFiles.reduce((sum, { contents }) => sum + contents.length, 0)
}

test('an app bundles what it calls', async () => {
  const whole = await bytes("import { init } from 'wasm-rum'; init({ app: 'demo', endpoint: '/' })")
  assert.ok(whole > 10_000, `${whole}: the capture and its second chunk`)
  for (const [most, code] of [
    [0, "import 'wasm-rum'"],
    [150, "import { startView } from 'wasm-rum'; startView('a')"],
    [250, "import { captureError, startView } from 'wasm-rum'; startView('a'); captureError(1)"],
    [700, "import { ErrorBoundary } from 'wasm-rum/react'; console.log(ErrorBoundary)"],
    [500, "import { useView } from 'wasm-rum/react'; console.log(useView)"],
  ]) {
    const size = await bytes(code)
    assert.ok(size <= most, `${size} bytes: ${code}`)
  }
})
