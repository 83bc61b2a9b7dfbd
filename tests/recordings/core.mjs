// The shipped Wasm with what surrounds it in the page, in Node.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
export const WASM = process.env.RUM_SDK_WASM ?? here('../../rum-sdk/pkg/rum_sdk.wasm')

const { outputFiles } = await build({
  entryPoints: [here('../../js-wrapper/src/late/core.ts')],
  bundle: true,
  write: false,
  format: 'esm',
})
const { drive } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
const module = await WebAssembly.compile(readFileSync(WASM))

/** What the capture script puts around rows. */
const bodyOf = (document) => (rows) => `[1,0,"00000000000000ff",${Date.now()},${JSON.stringify(document)},[${rows}]]`

/** A core for a page of that document. It takes records as they are; `flush` gives the bodies of all that waits. */
export const core = async (document) => {
  let bodies = []
  const { take, flush } = await drive(module, bodyOf(document), () => {}, (body) => bodies.push(body), () => {})
  return {
    push: (records) => records.forEach((record) => take(JSON.stringify(record))),
    flush() {
      if (!flush()) throw new Error('the core has broken down')
      return bodies.splice(0)
    },
  }
}
