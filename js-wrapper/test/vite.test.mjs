// The npm package as a user gets it: packed, installed into an empty Vite app, built, and opened in a browser.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launch, leave, noteWasm, serve, wasmUp } from './harness.mjs'

const wrapper = join(dirname(fileURLToPath(import.meta.url)), '..')
const { resolve } = createRequire(import.meta.url)
/** The program of a package that is installed for the tests. */
const program = (name, path) => join(dirname(resolve(`${name}/package.json`)), path)

test('from npm pack to a batch', async (t) => {
  const app = mkdtempSync(join(tmpdir(), 'wasm-rum-vite-'))
  t.after(() => rmSync(app, { recursive: true }))
  const run = (command, given, cwd = app) =>
    execFileSync(command, given, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', app], wrapper))
  const files = packed.files.map(({ path }) => path.replace(/rum\.[\da-f]{8}\./, 'rum.<hash>.')).sort()
  assert.deepEqual(files, [
    'README.md', 'dist/npm/events.d.ts', 'dist/npm/glue.js',
    ...['index', 'init', 'next'].flatMap((name) => [`dist/npm/${name}.d.ts`, `dist/npm/${name}.js`]),
    'dist/npm/options.d.ts', 'dist/npm/react.d.ts', 'dist/npm/react.js', 'dist/npm/route.d.ts', 'dist/npm/rum.<hash>.wasm',
    'dist/npm/vue.d.ts', 'dist/npm/vue.js',
    ...['web-vitals-attribution.d.ts', 'web-vitals-attribution.js', 'web-vitals-types.d.ts', 'web-vitals.d.ts', 'web-vitals.js'].map((name) => `dist/npm/${name}`),
    'dist/stub.js', 'package.json',
  ])

  const write = (name, content) => writeFileSync(join(app, name), content)
  write('package.json', JSON.stringify({ name: 'app', private: true, type: 'module' }))
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', `./${packed.filename}`])
  mkdirSync(join(app, 'src'))
  write('index.html', '<!doctype html><link rel="icon" href="data:,"><h1>Vite</h1><script type="module" src="/src/main.ts"></script>')
  write(
    'src/main.ts',
    `import { init, type Options } from 'wasm-rum'
     const options: Options = { app: 'demo', endpoint: location.origin + '/', release: 'vite' }
     init({ app: 'bad', get endpoint(): string { throw new Error('nobody reads this') } })
     init(options)
     init({ ...options, app: 'second' })`,
  )
  write('tsconfig.json', JSON.stringify({ compilerOptions: { strict: true, noEmit: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'], types: [] }, include: ['src'] }))
  run(process.execPath, [program('typescript', 'bin/tsc'), '--project', app])
  const log = run(process.execPath, [program('vite', 'bin/vite.js'), 'build', '--logLevel', 'warn'])
  assert.equal(log, '', 'Vite has nothing to complain about')
  const assets = readdirSync(join(app, 'dist/assets'))
  assert.equal(assets.filter((name) => name.endsWith('.wasm')).length, 1)
  const entry = assets.find((name) => /^index-.*\.js$/.test(name))
  assert.ok(!readFileSync(join(app, 'dist/assets', entry), 'utf8').includes('wbindgen'), 'the second chunk stays one')

  const server = await serve({ '/': readFileSync(join(app, 'dist/index.html'), 'utf8') }, join(app, 'dist'))
  t.after(server.close)
  const browser = await launch()
  t.after(() => browser.close())
  const context = await browser.newContext()
  await noteWasm(context)
  const tab = await context.newPage()
  const complaints = []
  tab.on('console', (message) => complaints.push(message.text()))
  tab.on('pageerror', (error) => complaints.push(error.message))
  await tab.goto(server.origin)
  await wasmUp(tab)
  await leave(tab)
  const batch = await server.batch(1)
  assert.equal(batch.content, 0, 'computed by the Wasm')
  assert.equal(batch.url.searchParams.get('k'), 'demo')
  assert.equal(batch.document[3], 'vite')
  assert.deepEqual(complaints, ['wasm-rum: nothing is measured, for init() needs { app, endpoint }, such as https://rum.example.com for the endpoint.'], 'of the first init, which throws nothing')
})
