// What runs in the pages: the reference, the drop-in and our SDK, each as a user gets it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** The SDK as it is delivered. */
export const DIST = process.env.RUM_DIST ?? here('../../js-wrapper/dist')
const REFERENCE = here('../../node_modules/web-vitals/dist/web-vitals.attribution.js')
/** With the reference in its place the suite shows how stable the comparison itself is. */
const DROP_IN = process.env.RUM_DROP_IN ?? join(DIST, 'npm/web-vitals-attribution.js')

/** A classic script that registers a library, an ES module, as `name`: so it can be the first in the head. */
async function script(name, file) {
  const contents = `import * as exports from ${JSON.stringify(file)}; probe.register(${JSON.stringify(name)}, exports)`
  const options = { bundle: true, format: 'iife', target: 'es2022', write: false, logLevel: 'silent' }
  const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: here('.') } })
  return outputFiles[0].text
}

/** The scripts of all pages by path. */
export async function libraries() {
  return {
    '/probe.js': readFileSync(here('page/probe.js'), 'utf8'),
    '/reference.js': await script('reference', REFERENCE),
    '/drop-in.js': await script('drop-in', DROP_IN),
    '/witness.js': readFileSync(here('page/witness.js'), 'utf8'),
  }
}

/**
 * What the browser's part costs: of a start what any script pays that asks for its own element and listens; of a report the
 * same request. Nothing else.
 */
const FLOOR = `document.currentScript.dataset.app
addEventListener('pagehide', () => {
  fetch('/sdk/v1/batches', { method: 'POST', body: ${JSON.stringify('x'.repeat(1_300))}, keepalive: true, credentials: 'omit' })
})`

/** The same for pages on which only one of them works: our SDK, the reference, or the floor that the SDK stands on. */
export async function alone(which) {
  const [probe, witness] = ['probe', 'witness'].map((name) => readFileSync(here(`page/${name}.js`), 'utf8'))
  const nothing = ';'
  const scripts = { '/probe.js': `window.unheard = true\n${probe}\nprobe.series = ['final']\nprobe.keep = () => {}`, '/witness.js': witness, '/reference.js': nothing, '/drop-in.js': nothing }
  const others = {
    sdk: () => ({}),
    reference: async () => ({ '/reference.js': await script('reference', REFERENCE), '/sdk/rum.js': nothing }),
    floor: () => ({ '/sdk/rum.js': FLOOR }),
  }
  return { ...scripts, ...(await others[which]()) }
}
