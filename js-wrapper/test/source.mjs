// TypeScript modules of ../src in Node, bundled as they are and with nothing in their place.

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** What all of these export, from one bundle: they share what they import. */
export const load = async (...names) => {
  const contents = names.map((name) => `export * from './${name}'`).join('\n')
  const resolveDir = join(dirname(fileURLToPath(import.meta.url)), '../src')
  const { outputFiles } = await build({ stdin: { contents, resolveDir }, bundle: true, write: false, format: 'esm' })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
}
