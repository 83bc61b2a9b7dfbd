// The types of `wasm-rum/web-vitals` are those of web-vitals, both ways, and what the sources keep to.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { check, compile } from './compile.mjs'

const modules = join(dirname(createRequire(import.meta.url).resolve('web-vitals')), 'modules')
const wrapper = join(dirname(fileURLToPath(import.meta.url)), '..')

const exported = (...files) => files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name)).sort()

test('every type is exported', () => {
  const theirs = readdirSync(join(modules, 'types')).filter((name) => name.endsWith('.d.ts'))
  assert.deepEqual(
    exported(join(wrapper, 'dist/npm/web-vitals-types.d.ts')),
    exported(...theirs.map((name) => join(modules, 'types', name))),
  )
})

for (const entry of ['', '/attribution'])
  test(`web-vitals${entry} and wasm-rum/web-vitals${entry} can stand for each other`, (t) => {
    const names = exported(join(wrapper, 'dist/npm/web-vitals-types.d.ts'))
    compile(
      t,
      `import * as theirs from 'web-vitals${entry}'
       import * as ours from 'wasm-rum/web-vitals${entry}'
       export const asOurs: typeof ours = theirs
       export const asTheirs: typeof theirs = ours
       ${names.map((name) => `export const our${name} = (it: theirs.${name}): ours.${name} => it; export const their${name} = (it: ours.${name}): theirs.${name} => it`).join('\n')}`,
    )
  })

test('types differ where they are wrong', (t) => {
  assert.throws(
    () => compile(t, `import { onLCP } from 'wasm-rum/web-vitals'; onLCP(({ attribution }) => attribution)`),
    /Property 'attribution' does not exist/,
  )
})

test('a program needs nothing but our types', (t) =>
  compile(
    t,
    `import { onCLS, onINP, onLCP, onTTFB, type MetricWithAttribution } from 'wasm-rum/web-vitals/attribution'
     const send = ({ name, value, rating }: MetricWithAttribution) => navigator.sendBeacon('/', JSON.stringify({ name, value, rating }))
     onCLS(send)
     onINP(send, { durationThreshold: 16, includeProcessedEventEntries: true })
     onLCP(({ attribution: { target, lcpEntry } }) => [target, lcpEntry?.element?.id], { generateTarget: (node) => node?.nodeName })
     onINP(({ entries, attribution }) => [entries[0]?.interactionId, attribution.longestScript?.entry.invokerType, document.prerendering])
     onTTFB(({ attribution }) => attribution.navigationEntry?.navigationId)`,
  ))

test('the sources keep to the types', (t) => {
  check('--noEmit', '--project', join(wrapper, 'src/web-vitals'))
  for (const [source, types] of [['index', 'web-vitals'], ['attribution/index', 'web-vitals-attribution']]) {
    const path = JSON.stringify(join(wrapper, 'src/web-vitals', source))
    compile(
      t,
      `/// <reference path=${JSON.stringify(join(wrapper, 'src/web-vitals/ambient.d.ts'))} />
       import * as source from ${path}
       import type * as types from ${JSON.stringify(join(wrapper, 'src/web-vitals/types', types))}
       export const declared: Pick<typeof types, keyof typeof source> = source
       export const complete: keyof typeof types extends keyof typeof source ? true : never = true`,
    )
  }
})
