// Whose text each byte of a script is: what `cargo xtask size --by-module` counts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { originsOf } from '../origins.mjs'

/** Two sources, of four characters each, within what the bundler wrote around them. */
const bundled = {
  code: '{a();b();}',
  map: { version: 3, sources: ['src/a.ts', 'src/b.ts'], names: [], mappings: 'CAAA,ICAA,I;' },
}

const text = (runs) => runs.map(([, run]) => run).join('')

test('each byte is its source\'s, or the bundler\'s', () => {
  assert.deepEqual(originsOf(bundled.code, bundled), [['(bundle)', '{'], ['src/a.ts', 'a();'], ['src/b.ts', 'b();'], ['(bundle)', '}']])
})

test('what the build puts in has a name of its own, and the runs are still the text', () => {
  const first = originsOf(`//hint\n${bundled.code}`, bundled, '(hint)')
  assert.deepEqual(first.slice(0, 3), [['(hint)', '//hint\n'], ['(bundle)', '{'], ['src/a.ts', 'a();']])
  const within = originsOf('{a("Wasm");b();}', bundled, '(Wasm)')
  assert.deepEqual(within.slice(1, 4), [['src/a.ts', 'a('], ['(Wasm)', '"Wasm"'], ['src/a.ts', ');']])
  assert.equal(text(within), '{a("Wasm");b();}')
})

test('lines count, too', () => {
  const lines = { code: 'a`\n`;b', map: { ...bundled.map, mappings: 'AAAA;ECAA' } }
  assert.deepEqual(originsOf(lines.code, lines), [['src/a.ts', 'a`\n`;'], ['src/b.ts', 'b']])
})
