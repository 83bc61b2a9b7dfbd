// TypeScript modules of ../src in Node, bundled as they are and with nothing in their place.

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export const load = async (name) => {
  const entry = join(dirname(fileURLToPath(import.meta.url)), '../src', name)
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm' })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
}
