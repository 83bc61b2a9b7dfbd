// The apps in examples/: each installed, built and walked through in Chromium.
//
// Installs, at the versions of examples/*/package-lock.json: React and React Router, Vue and vue-router, Next.js, SvelteKit,
// Vite, webpack; about 550 MB on disk, 150 MB of downloads where npm's cache has none of it. Nothing of it is a dependency of
// this workspace.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { errors, install, overhear, run, views, workshop } from './app.mjs'
import { launch, leave, noteWasm, serve, wasmUp } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

const wrapper = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

const LOAD = 0
const SOFT = 3
const ROUTE = 4

/** Opens a page whose Wasm is up. */
const open = async (t, url) => {
  const context = await browser.newContext()
  t.after(() => context.close())
  await noteWasm(context)
  const tab = await context.newPage()
  const heard = overhear(tab)
  await tab.goto(url)
  await wasmUp(tab)
  return { tab, heard }
}

/** Home, item 7, item 8 that breaks, and home again; `broken` waits until it has. */
const walk = async (t, server, url, broken) => {
  const { tab, heard } = await open(t, url)
  for (const item of ['Item 7', 'Item 8']) {
    await tab.click(`a:text("${item}")`)
    await tab.waitForSelector(`h1:text("${item}")`)
  }
  await tab.click('button:text("Break")')
  await broken(tab)
  await tab.click('a:text("Home")')
  await tab.waitForSelector('a:text("Item 7")')
  await leave(tab)
  await server.until(() => views(server).length > 3, 'views')
  return heard
}

/** The views of the walk, with the route's name of an item. */
const named = (server, item) => {
  const found = views(server)
  assert.deepEqual(found.map(({ page, name }) => [page, name]), [['/', '/'], ['/item/7', item], ['/item/8', item], ['/', '/']])
  const [load, ...routes] = found
  assert.equal(load.kind, LOAD)
  for (const { kind } of routes) assert.ok(kind === ROUTE || kind === SOFT, `kind ${kind}`)
  assert.ok(server.batches.every(({ content }) => content === 0), 'computed by the Wasm')
}

/** The error of the walk, once, and what is known about it. */
const reported = (server) => {
  const [{ context, ...error }, ...more] = errors(server)
  assert.deepEqual([error, more], [{ source: 2, name: 'RangeError', message: 'out of stock', count: 1 }, []])
  return context
}

/** The second chunk and the Wasm came once each, by names that hold their hash, and the chunk is no part of another file. */
const hashed = async ({ requests }) => {
  const scripts = [...requests].filter((url) => url.endsWith('.js'))
  const late = []
  for (const url of scripts) if ((await (await fetch(url)).text()).includes('compileStreaming')) late.push(url)
  const wasm = requests.filter((url) => url.endsWith('.wasm'))
  assert.deepEqual([late.length, wasm.length], [1, 1], requests.join(' '))
  for (const url of [...late, ...wasm]) assert.match(url, /[./-][\w-]{8,20}\.(js|wasm)$/)
}

/** The console has the error, as it had without us, and nothing else. */
const logged = ({ complaints }) => {
  assert.equal(complaints.length, 1, complaints.join('\n'))
  assert.match(complaints[0], /^RangeError: out of stock/)
}

/** A server renders with it: there is no window, and nobody asks for one. */
const imported = (app, name) => run(app, process.execPath, ['--input-type=module', '--eval', `await import('${name}')`])

/** An app of one page that the server answers with for all of its paths. */
const single = (app, file) => {
  const page = () => ({ body: readFileSync(join(app, file)), type: 'text/html' })
  return { '/': page, '/item/7': page, '/item/8': page }
}

/** Compiles the helper's source, and a program of its types, with the framework's own types. */
const compiled = async (app, helper, program) => {
  // Beside node_modules, where the sources find the framework; without our own stand-ins for its types.
  cpSync(join(wrapper, 'src'), join(app, 'types/js-wrapper/src'), { recursive: true })
  rmSync(join(app, 'types/js-wrapper/src/peers.d.ts'))
  cpSync(new URL(`frameworks/${program}`, import.meta.url), join(app, 'types', program))
  const { compilerOptions } = JSON.parse(readFileSync(join(wrapper, 'tsconfig.json'), 'utf8'))
  const check = async (name, files, settings) => {
    const file = join(app, `types/${name}.json`)
    writeFileSync(file, JSON.stringify({ compilerOptions: { ...compilerOptions, rootDir: '.', jsx: 'react-jsx', ...settings }, files }))
    await run(app, process.execPath, [tsc, '--project', file])
  }
  await check('source', [`js-wrapper/src/${helper}.ts`, 'js-wrapper/src/ambient.d.ts'], {})
  for (const [module, moduleResolution] of [['esnext', 'bundler'], ['nodenext', 'nodenext']])
    await check(moduleResolution, [program], { module, moduleResolution, exactOptionalPropertyTypes: true, lib: ['es2022', 'dom', 'dom.iterable'] })
}

test('React, in StrictMode', async (t) => {
  const root = await workshop(t)
  const app = await install(root, 'vite-react')
  await t.test('types', async () => {
    await run(app, process.execPath, [tsc, '--project', app])
    await compiled(app, 'react', 'react.tsx')
  })
  await t.test('Node can import it', () => imported(app, 'wasm-rum/react'))
  for (const mode of ['production', 'development'])
    await t.test(mode, async (t) => {
      // StrictMode does something in React's development build only.
      await run(app, 'npm', ['run', 'build', '--', '--mode', mode, '--minify', 'false'], { NODE_ENV: mode })
      const server = await serve(single(app, 'dist/index.html'), join(app, 'dist'))
      t.after(server.close)
      const heard = await walk(t, server, server.origin, (tab) => tab.click('button:text("again")'))
      named(server, '/item/:id')
      assert.match(reported(server).componentStack, /^\n\s+at Broken .*\n\s+at Item /s)
      await hashed(heard)
      logged(heard)
    })

  await t.test('what can be thrown at a boundary', async (t) => {
    copyFileSync(new URL('frameworks/boundaries.tsx', import.meta.url), join(app, 'src/main.tsx'))
    await run(app, process.execPath, [tsc, '--project', app])
    await run(app, 'npm', ['run', 'build', '--', '--mode', 'development', '--minify', 'false'], { NODE_ENV: 'development' })
    const server = await serve(single(app, 'dist/index.html'), join(app, 'dist'))
    t.after(server.close)
    const { tab } = await open(t, server.origin)
    const shown = await tab.evaluate(() => Object.fromEntries([...document.querySelectorAll('p')].map(({ id, textContent }) => [id, textContent])))
    assert.deepEqual(shown, { named: '', outer: 'outer', absent: '', nothing: 'caught undefined', elsewhere: 'elsewhere', uncaught: '' })
    assert.deepEqual(await tab.evaluate(() => window.told), ['outer Error: handed on true'], 'React does not tell the inner one')
    await leave(tab)
    await server.until(() => errors(server).length > 4, 'errors')
    const found = errors(server)
    assert.deepEqual(views(server).map(({ name }) => name), ['Boundaries'])
    assert.deepEqual(found.map(({ message }) => message).sort(), ['elsewhere', 'handed on', 'no fallback', 'uncaught', 'undefined'])
    for (const { message, context } of found)
      if (message === 'elsewhere') assert.deepEqual(context, { by: 'router' })
      else assert.match(context.componentStack, /^\n\s+at Throws /, message)
  })
})

test('Vue', async (t) => {
  const app = await install(await workshop(t), 'vue')
  await t.test('types', async () => {
    await run(app, process.execPath, [tsc, '--project', app])
    await compiled(app, 'vue', 'vue.ts')
  })
  await run(app, 'npm', ['run', 'build'])
  const server = await serve(single(app, 'dist/index.html'), join(app, 'dist'))
  t.after(server.close)
  const heard = await walk(t, server, server.origin, () => {})
  named(server, '/item/:id')
  assert.match(reported(server).componentStack, /^\n {4}at <Item>\n {4}at <RouterView>\n/)
  await hashed(heard)
  logged(heard)
})

test('Next.js, App Router', async (t) => {
  const app = await install(await workshop(t), 'next')
  const server = await serve()
  t.after(server.close)
  await t.test('types', () => compiled(app, 'next', 'next.tsx'))
  await t.test('Node can import it', () => imported(app, 'wasm-rum/next'))
  // Some pages are made at the build, others when they are asked for.
  const env = { RUM_ENDPOINT: server.origin }
  await run(app, 'npm', ['run', 'build'], env)
  const next = spawn(process.execPath, [join(app, 'node_modules/next/dist/bin/next'), 'start', '--port', '0', '--hostname', '127.0.0.1'], { cwd: app, env: { ...process.env, ...env } })
  t.after(() => next.kill())
  const url = await new Promise((resolve, reject) => {
    let said = ''
    const hear = (data) => {
      const found = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec((said += data))
      if (found) resolve(found[0])
    }
    next.stdout.on('data', hear)
    next.stderr.on('data', hear)
    next.on('exit', () => reject(new Error(said)))
  })
  const heard = await walk(t, server, url, (tab) => tab.waitForSelector('p:text("Out of stock")'))
  named(server, '/item/[id]')
  assert.match(reported(server).componentStack, /^\n\s+at /)
  await hashed(heard)
  logged(heard)

  const { tab } = await open(t, `${url}/item/9`)
  await tab.click('button:text("Without")')
  await tab.click('button:text("Again")')
  await tab.click('button:text("Break")')
  await leave(tab)
  await server.until(() => errors(server).length > 2, 'errors')
  assert.deepEqual(errors(server).map(({ name }) => name), ['RangeError', 'TypeError', 'RangeError'], 'that of error.js once, too')
  assert.equal(views(server).at(-1).name, '/item/[id]', 'of a page that the server made')
})

test('SvelteKit', async (t) => {
  const app = await install(await workshop(t), 'sveltekit')
  await run(app, 'npm', ['run', 'build'])
  const server = await serve({ ...single(app, 'build/app.html'), '/': () => ({ body: readFileSync(join(app, 'build/index.html')), type: 'text/html' }) }, join(app, 'build'))
  t.after(server.close)
  const heard = await walk(t, server, server.origin, (tab) => tab.waitForSelector('p:text("Out of stock")'))
  named(server, '/item/[id]')
  assert.deepEqual(reported(server), { component: 'Item' })
  await hashed(heard)
  assert.deepEqual(heard.complaints, [])
})

test('webpack, and no framework', async (t) => {
  const app = await install(await workshop(t), 'webpack')
  await run(app, 'npm', ['run', 'build'])
  const server = await serve(single(app, 'index.html'), app)
  t.after(server.close)
  const { tab, heard } = await open(t, server.origin)
  await tab.click('a')
  await tab.click('button')
  await leave(tab)
  await server.until(() => errors(server).length, 'error')
  assert.deepEqual(views(server).map(({ page, name }) => [page, name]), [['/', null], ['/item/7', null]])
  assert.deepEqual(reported(server), { item: '7' })
  await hashed(heard)
  assert.deepEqual(heard.complaints, [])
})
