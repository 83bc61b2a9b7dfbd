// A site that swaps the import: the package, packed and installed into a Vite app that was written for web-vitals.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launch, serve, setHidden } from './harness.mjs'

const wrapper = join(dirname(fileURLToPath(import.meta.url)), '..')
const { resolve } = createRequire(import.meta.url)
/** The program of a package that is installed for the tests. */
const program = (name, path) => join(dirname(resolve(`${name}/package.json`)), path)

for (const entry of ['web-vitals', 'web-vitals/attribution'])
  test(`wasm-rum/${entry} in a Vite app`, async (t) => {
    const app = mkdtempSync(join(tmpdir(), 'wasm-rum-vite-'))
    t.after(() => rmSync(app, { recursive: true }))
    const run = (command, ...given) => execFileSync(command, given, { cwd: app, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const write = (name, content) => writeFileSync(join(app, name), content)

    const [packed] = JSON.parse(run('npm', 'pack', wrapper, '--json'))
    write('package.json', JSON.stringify({ name: 'app', private: true, type: 'module' }))
    run('npm', 'install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', `./${packed.filename}`)
    mkdirSync(join(app, 'src'))
    write('index.html', '<!doctype html><link rel="icon" href="data:,"><h1 id="title">Vite</h1><script type="module" src="/src/main.ts"></script>')
    const site = `import { onCLS, onFCP, onINP, onLCP, onTTFB, type MetricType } from '${entry}'
      const reports: MetricType[] = ((window as any).reports = [])
      for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on((metric: MetricType) => reports.push(metric))`
    write('src/main.ts', site.replace(`'${entry}'`, `'wasm-rum/${entry}'`))
    write('tsconfig.json', JSON.stringify({ compilerOptions: { strict: true, noEmit: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'], types: [] }, include: ['src'] }))
    run(process.execPath, program('typescript', 'bin/tsc'), '--project', app)
    assert.equal(run(process.execPath, program('vite', 'bin/vite.js'), 'build', '--logLevel', 'warn'), '', 'Vite has nothing to complain about')
    assert.deepEqual(readdirSync(join(app, 'dist/assets')).filter((name) => !/^index-.*\.js$/.test(name)), [], 'one module, the Wasm in it')

    const server = await serve({ '/': readFileSync(join(app, 'dist/index.html'), 'utf8') }, join(app, 'dist'))
    t.after(server.close)
    const browser = await launch()
    t.after(() => browser.close())
    const page = await browser.newPage()
    const complaints = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(server.origin)
    await page.waitForFunction(() => ['FCP', 'TTFB'].every((name) => window.reports.some((metric) => metric.name === name)))
    await page.click('h1')
    await page.waitForFunction(() => window.reports.some(({ name }) => name === 'LCP'))
    await setHidden(page, true)
    const reports = await page.evaluate(() => window.reports.map(({ name, value, rating, attribution }) => ({ name, value, rating, target: attribution?.target })))
    const [lcp] = reports.filter(({ name }) => name === 'LCP')
    assert.ok(lcp.value > 0 && lcp.rating === 'good', JSON.stringify(lcp))
    assert.equal(lcp.target, entry === 'web-vitals' ? undefined : '#title')
    assert.ok(reports.some(({ name, value }) => name === 'CLS' && value === 0))
    assert.deepEqual(complaints, [])
  })
