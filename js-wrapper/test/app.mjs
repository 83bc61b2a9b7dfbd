// An app as its users build it: the packed package, the framework at the version that the example's lock file has, and the
// example's own build.

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Kind } from './harness.mjs'

const wrapper = join(dirname(fileURLToPath(import.meta.url)), '..')

/** What a build leaves, and what may lie there from somebody's own. */
const MADE = ['node_modules', 'dist', 'build', '.next', '.svelte-kit']

/** Runs a program to its end; what it printed is in the error if it fails. */
export const run = async (cwd, program, given, env = {}) => {
  try {
    return await promisify(execFile)(program, given, { cwd, env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1', ...env } })
  } catch ({ stdout, stderr, message }) {
    throw new Error(`${message}\n${stdout}\n${stderr}`)
  }
}

/** A folder with the package as `npm pack` makes it, where the examples look for it; it goes with the test. */
export const workshop = async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'wasm-rum-apps-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const { stdout } = await run(wrapper, 'npm', ['pack', '--json', '--pack-destination', root])
  const [{ filename }] = JSON.parse(stdout)
  mkdirSync(join(root, 'js-wrapper'))
  await run(root, 'tar', ['-xzf', filename, '--strip-components=1', '--directory=js-wrapper'])
  return root
}

/** Copies an example, and installs what its lock file pins: from npm's cache where it has it, else from the registry. */
export const install = async (root, example) => {
  const app = join(root, 'examples', example)
  cpSync(join(wrapper, '../examples', example), app, { recursive: true, filter: (path) => !MADE.includes(basename(path)) })
  // Not `npm ci`, which wants the lock file to have Next's binaries for every system.
  await run(app, 'npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'])
  return app
}

/** Events have their view's number and the time of the report in front, see docs/wire.md. */
const latest = (server, kind) => {
  const found = new Map()
  for (const batch of server.batches)
    // Of several reports of a row the last is the value. A row has its ordinal where a view has its id.
    for (const event of batch.of(kind)) found.set(`${batch.document[0]} ${event[3]}`, event)
  return [...found.values()]
}

/** The views that were reported: how each came about, its path and its name. */
export const views = (server) => latest(server, Kind.View).map((event) => ({ kind: event[5], page: event[7], name: event[11] ?? null }))

/** The errors that were reported. */
export const errors = (server) =>
  latest(server, Kind.Error).map((event) => ({ source: event[5], name: event[6], message: event[7], count: event[10], context: Object.fromEntries(event[13] ?? []) }))

/** What the browser asks for and complains of, while `tab` lives. */
export const overhear = (tab) => {
  const complaints = []
  const requests = []
  tab.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  tab.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  tab.on('request', (request) => requests.push(request.url()))
  return { complaints, requests }
}
