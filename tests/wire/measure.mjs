// What each form costs the page in JavaScript: writing the records of a raw body, which happens without Wasm; and showing
// the events of a body as objects, for `beforeSend`. (What that hands back has to be written again, which for the binary
// form is an encoder of events more, not counted here.)
//
//   node measure.mjs FOLDER    the records and bodies that wire-bench left
//
// Prints one JSON object: brotli bytes of the scripts, and µs for all events of the body (median; Node, no throttling).

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { build } from 'esbuild'

const SAMPLES = 501
const BODIES = 20
const FORMS = ['named', 'positional', 'binary']

const folder = process.argv[2]

/** A script as it would be part of the page's, and what it exports. */
async function bundled(path) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(path, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2020',
  })
  const script = outputFiles[0].text
  const settings = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } }
  const exported = await import(`data:text/javascript,${encodeURIComponent(script)}`)
  return { ...exported, bytes: brotliCompressSync(script, settings).length }
}

// A raw body is written before there is Wasm.
const records = JSON.parse(readFileSync(`${folder}/positional-records`, 'utf8'))
const capture = { named: await bundled('./capture/named.mjs') }
for (const form of ['positional', 'binary']) capture[form] = await bundled(`./capture/${form}.mjs`)
for (const form of FORMS) {
  assert.deepEqual(Buffer.from(capture[form].records(records)), readFileSync(`${folder}/${form}-records`), `records, ${form}`)
}

const scripts = await Promise.all(
  FORMS.map(async (form) => {
    const { events, bytes } = await bundled(`./before-send/${form}.mjs`)
    const body = form === 'binary' ? new Uint8Array(readFileSync(`${folder}/${form}`)) : readFileSync(`${folder}/${form}`, 'utf8')
    return { form, events, body, bytes, samples: [] }
  }),
)

// They show the same events; the named form has no number of the only view, and its lists say the kind.
const shown = ({ events, body }) => events(body).map(({ event, view, ...fields }) => JSON.stringify(Object.entries(fields).sort())).sort()
for (const script of scripts) assert.deepEqual(shown(script), shown(scripts[0]), script.form)

for (let sample = 0; sample < SAMPLES; sample++) {
  for (const { events, body, samples } of scripts) {
    const started = performance.now()
    for (let at = 0; at < BODIES; at++) events(body)
    samples.push((performance.now() - started) / BODIES)
  }
}
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1]
const result = scripts.map(({ form, bytes, samples }) => [
  form,
  { capture_bytes: capture[form].bytes, before_send_bytes: bytes, before_send_us: Math.round(median(samples) * 1e4) / 10 },
])
console.log(JSON.stringify(Object.fromEntries(result)))
