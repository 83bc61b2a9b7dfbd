// Builds the entries of the npm package that replace web-vitals. Each is one module with its Wasm in it, cut to what it calls:
//
//   web-vitals.js               wasm-rum/web-vitals
//   web-vitals-attribution.js   wasm-rum/web-vitals/attribution
//   *.d.ts                      their types
//
// The Wasm comes from rum-vitals/pkg, which `cargo xtask wasm` makes.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import binaryen from 'binaryen'

const here = dirname(fileURLToPath(import.meta.url))
const source = join(here, 'src/web-vitals')
const wasm = join(here, '../rum-vitals/pkg/rum_vitals.wasm')

const ENTRIES = { 'web-vitals': 'index.ts', 'web-vitals-attribution': 'attribution/index.ts' }

/** The names of what is called, in the modules. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** What the browser can call in the Wasm. */
const exportsOf = async (bytes) =>
  WebAssembly.Module.exports(await WebAssembly.compile(bytes))
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => name)

/** The Wasm with only the exports in `names`, an object of old and new names. */
const cut = (bytes, names) => {
  binaryen.setOptimizeLevel(2)
  binaryen.setShrinkLevel(2)
  const module = binaryen.readBinary(bytes)
  // It says no more which ones it uses; nothing is added.
  module.setFeatures(binaryen.Features.All)
  try {
    const functions = Array.from({ length: module.getNumExports() }, (_, at) => binaryen.getExportInfo(module.getExportByIndex(at)))
    for (const { name } of functions) module.removeExport(name)
    for (const { name, value } of functions) if (name in names) module.addFunctionExport(value, names[name])
    module.optimize()
    return Buffer.from(module.emitBinary())
  } finally {
    module.dispose()
  }
}

/** Bytes as src/web-vitals/decode.ts reads them, in quotes. */
const encode = (bytes) => JSON.stringify(Array.from(bytes, (byte) => ['', '!', ' '][Math.floor(byte / 92)] + String.fromCharCode(35 + (byte % 92))).join(''))

/** The `files` by name, and the `bundles` of those that are entries, where their Wasm is still to come. `bundle(entry, settings)` bundles and minifies. */
export const buildWebVitals = async (bundle) => {
  if (!existsSync(wasm)) {
    console.error('rum-vitals/pkg is not built: run `cargo xtask wasm`, which then runs this too.')
    process.exit(1)
  }
  const bytes = readFileSync(wasm)
  const names = await exportsOf(bytes)
  const plain = names.filter((name) => !name.includes('_'))
  // Whatever has such a name in the source is called by another one in the module.
  if (plain.length > 0) throw new Error(`exports of rum-vitals need an underscore in their names, not to be taken for other properties: ${plain.join(', ')}`)

  const types = readdirSync(join(source, 'types')).map((name) => [name, readFileSync(join(source, 'types', name))])
  const files = Object.fromEntries(types)
  const bundles = {}
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const settings = { format: 'esm', define: { __CORE__: '"__CORE__"' } }
    const { code: whole } = await bundle(`web-vitals/${entry}`, settings)
    const called = names.filter((name) => new RegExp(`\\b${name}\\b`).test(whole))
    const mangleCache = Object.fromEntries(called.map((name, at) => [name, LETTERS[at]]))
    const bundled = await bundle(`web-vitals/${entry}`, { ...settings, mangleProps: new RegExp(`^(${called.join('|')})$`), mangleCache })
    bundles[`${name}.js`] = bundled
    files[`${name}.js`] = bundled.code.replace(/(["'])__CORE__\1/, () => encode(cut(bytes, mangleCache)))
  }
  return { files, bundles }
}
