// Builds dist/: what the collector serves to pages, and the files of the npm package.
//
//   dist/rum.js                 the capture script
//   dist/rum.<hash>.js          the same for pages that pin it by its hash
//   dist/rum-glue.<hash>.js     starts the Wasm, beside it:
//   dist/rum.<hash>.wasm
//   dist/stub.js                to be pasted into a page's head
//   dist/manifest.json          which file plays which part, and what each is by its hash
//   dist/npm/                   the same for bundlers, with types; and what replaces web-vitals (build-web-vitals.mjs)
//
// The Wasm comes from rum-sdk/pkg, which `cargo xtask wasm` makes.
//
// With --origins it writes nothing, and prints whose text each byte of the scripts is: {"rum.js": [["src/script.ts", "…"], …], …}

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { minify } from '@swc/core'
import { build } from 'esbuild'
import { minify as rename } from 'terser'
import { buildWebVitals } from './build-web-vitals.mjs'
import { originsOf } from './origins.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, 'dist')
const npm = join(dist, 'npm')
const sdk = join(here, '../rum-sdk/pkg')
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))

const wasm = join(sdk, 'rum_sdk.wasm')
if (!existsSync(wasm)) {
  console.error('rum-sdk/pkg is not built: run `cargo xtask wasm`, which then runs this too.')
  process.exit(1)
}

/** A name that changes with the content, so that it can be cached for ever. */
const hashed = (stem, extension, content) =>
  `${stem}.${createHash('sha256').update(content).digest('hex').slice(0, 8)}.${extension}`

/** Modules of the npm package import each other: whatever an app takes of it, it has once. Bundlers give the second chunk another name. */
const ownModules = {
  name: 'own-modules',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(late\/glue|index|init|react)$/ }, ({ path }) => ({ path: `./${basename(path)}.js`, external: true }))
  },
}

/** Helpers for frameworks, `wasm-rum/react` and so on: what they are for the app has. */
const HELPERS = ['react', 'next', 'vue']

/**
 * Letters for names, the first ones for what is named most often in a scope. Brotli likes some orders better than others, by up to 1 %;
 * this one was found by swapping letters for as long as rum.js became smaller.
 */
const LETTERS = 'eanbitcdgIzvp$olhsuwxqNKfFEJkWLGCQRDPBOmy_jVYZSrTHXAUM'
const nameOf = (number) => LETTERS[number % LETTERS.length] + (number < LETTERS.length ? '' : nameOf(Math.floor(number / LETTERS.length) - 1))

/** An entry's `code`, and its source map. */
const bundle = async (entry, settings) => {
  const { outputFiles } = await build({
    entryPoints: [join(here, 'src', entry)],
    bundle: true,
    write: false,
    // Only for the sources' names in the map, which are relative to it.
    outfile: join(here, 'bundle.js'),
    sourcemap: 'external',
    sourcesContent: false,
    target: 'es2021',
    legalComments: 'none',
    charset: 'utf8',
    ...settings,
    define: { __VERSION__: JSON.stringify(version), ...settings.define },
  })
  const [bundled, sources] = ['.js', '.js.map'].map((ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text)
  // The directive of strict mode is bytes that nothing here needs. It is a line of its own, so one goes from the map, too.
  const text = bundled.replace(/^"use strict";\n/, '')
  const content = JSON.parse(sources)
  if (text !== bundled) content.mappings = content.mappings.replace(/^;/, '')
  // esbuild's own minifier keeps functions that are called once: 9 % more bytes after brotli.
  const module = settings.format === 'esm'
  const short = await minify(text, {
    module,
    ecma: 2020,
    compress: { ecma: 2020, passes: 5, toplevel: true },
    mangle: false,
    sourceMap: { content: JSON.stringify(content) },
  })
  // It leaves the names to terser, which lets us choose the letters.
  const { code, map } = await rename(short.code, {
    module,
    ecma: 2020,
    compress: false,
    mangle: { toplevel: true, nth_identifier: { get: nameOf } },
    sourceMap: { content: short.map, asObject: true },
  })
  return { code, map }
}

/** For the attribute of that name (https://www.w3.org/TR/SRI/). */
const integrity = (content) => `sha384-${createHash('sha384').update(content).digest('base64')}`

/** What V8 reads before a script: all its functions are compiled at once, off the main thread, and not when the page is left (https://v8.dev/blog/explicit-compile-hints). */
const COMPILE_AHEAD = '//# allFunctionsCalledOnLoad\n'
/** Whose text that is. */
const HINT = '(hint to V8)'

const wasmBytes = readFileSync(wasm)
const wasmName = hashed('rum', 'wasm', wasmBytes)

const second = await bundle('late/glue.ts', {
  format: 'esm',
  define: { __WASM__: JSON.stringify(`./${wasmName}`) },
})
const glue = COMPILE_AHEAD + second.code
const glueName = hashed('rum-glue', 'js', glue)

const script = await bundle('script.ts', { format: 'iife', define: { __GLUE__: JSON.stringify(glueName) } })
const capture = COMPILE_AHEAD + script.code
const captureName = hashed('rum', 'js', capture)

const webVitals = await buildWebVitals(bundle)

const helpers = {}
for (const name of HELPERS) {
  const { code } = await bundle(`${name}.ts`, { format: 'esm', plugins: [ownModules], packages: 'external' })
  helpers[`${name}.js`] = code
}
// Next's own word for a module that a server may only refer to.
helpers['next.js'] = `"use client";${helpers['next.js']}`

const files = {
  'rum.js': capture,
  [captureName]: capture,
  'stub.js': (await bundle('stub.ts', { format: 'esm' })).code,
  [glueName]: glue,
  [wasmName]: wasmBytes,
  'npm/index.js': (await bundle('index.ts', { format: 'esm', plugins: [ownModules] })).code,
  'npm/init.js': (await bundle('init.ts', { format: 'esm', plugins: [ownModules] })).code,
  'npm/glue.js': glue,
  [`npm/${wasmName}`]: wasmBytes,
  ...Object.fromEntries(Object.entries({ ...webVitals.files, ...helpers }).map(([name, content]) => [`npm/${name}`, content])),
}
const hashes = Object.fromEntries([captureName, glueName, wasmName, 'stub.js'].map((name) => [name, integrity(files[name])]))
files['manifest.json'] =
  JSON.stringify({ capture: 'rum.js', glue: [glueName], wasm: [wasmName], stub: 'stub.js', pinned: captureName, integrity: hashes }, null, 2) + '\n'

/** Everything into dist, with types. */
const write = () => {
  rmSync(dist, { recursive: true, force: true })
  mkdirSync(npm, { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dist, name), content)

  // Types: only what a caller sees.
  const types = mkdtempSync(join(tmpdir(), 'wasm-rum-types-'))
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  try {
    execFileSync(process.execPath, [tsc, '--project', here, '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', types], {
      stdio: 'inherit',
    })
    for (const name of ['index', 'init', 'options', 'route', 'generated/events', ...HELPERS]) {
      const text = readFileSync(join(types, `js-wrapper/src/${name}.d.ts`), 'utf8')
      // Node's own way to resolve modules wants their endings, in types too. They all lie in one folder.
      writeFileSync(join(npm, `${basename(name)}.d.ts`), text.replaceAll(/ from '\.\/(?:generated\/)?(\w+)'/g, " from './$1.js'"))
    }
  } finally {
    rmSync(types, { recursive: true })
  }

  const brotli = (content) =>
    brotliCompressSync(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 },
    }).length
  for (const name of ['rum.js', 'stub.js', glueName, wasmName, 'npm/web-vitals.js', 'npm/web-vitals-attribution.js', ...HELPERS.map((name) => `npm/${name}.js`)]) {
    const raw = Buffer.from(files[name])
    console.log(`${name.padEnd(34)} ${String(raw.length).padStart(7)} raw ${String(brotli(raw)).padStart(7)} brotli`)
  }
}

/** Whose text each byte is, of what a page downloads. */
const printOrigins = () => {
  const entries = Object.entries(webVitals.bundles).map(([name, bundled]) => [`npm/${name}`, originsOf(webVitals.files[name], bundled, 'rum-vitals (Wasm as text)')])
  const origins = {
    'rum.js': originsOf(capture, script, HINT),
    [glueName]: originsOf(glue, second, HINT),
    ...Object.fromEntries(entries),
  }
  console.log(JSON.stringify(origins))
}

if (process.argv.includes('--origins')) printOrigins()
else write()
