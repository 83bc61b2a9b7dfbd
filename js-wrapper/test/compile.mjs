// TypeScript programs that have the package, with everything that it declares.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const wrapper = join(dirname(fileURLToPath(import.meta.url)), '..')
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

/** Runs tsc; its complaints are the error's message. */
export const check = (...given) => {
  try {
    execFileSync(process.execPath, [tsc, ...given], { encoding: 'utf8' })
  } catch ({ stdout }) {
    assert.fail(stdout)
  }
}

/** Compiles a program beside the packages that are installed here. */
export const compile = (t, program) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-rum-types-'))
  t.after(() => rmSync(folder, { recursive: true }))
  symlinkSync(join(wrapper, '../node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'program.ts'), program)
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, target: 'es2023', module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom', 'dom.iterable'], types: [] },
      include: ['program.ts'],
    }),
  )
  check('--project', folder)
}
