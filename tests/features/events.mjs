// The rows of bodies, by kind and with the names of docs/wire.md.

import { readFileSync } from 'node:fs'

import { rowsOf } from '../vitals/sdk.mjs'

const wire = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8')
/** Fields by kind, in the order of the wire. */
const NAMES = Object.fromEntries(
  [...wire.matchAll(/^### (\w+) \(kind \d+(; position 3 is its ordinal)?\)\n(.*?)(?=^##)/gms)].map(([, name, ordinal, table]) => [
    name.replace(/(?<=.)[A-Z]/g, '-$&').toLowerCase(),
    [...(ordinal ? ['ordinal'] : []), ...[...table.matchAll(/^\| \d+ \| `(\w+)`/gm)].map(([, field]) => field)],
  ]),
)

/** By kind all rows in the order of their ordinals, or starts; what is absent is null. `in` is the view's id. */
export function events(bodies) {
  const found = Object.fromEntries(Object.keys(NAMES).map((kind) => [kind, []]))
  for (const [identity, [, ...fields]] of Object.entries(rowsOf(bodies))) {
    const [view, kind] = identity.split(' ')
    const row = Object.fromEntries(NAMES[kind].map((name, at) => [name, fields[at] ?? null]))
    if (row.attributes) row.attributes = Object.fromEntries(row.attributes)
    found[kind].push({ in: view, ...row })
  }
  // Of views that begin in one moment of a coarse clock the parent comes first.
  const parents = new Map(found.view.map(({ view_id, parent_id }) => [view_id, parent_id]))
  const depth = (view) => (parents.has(view) ? 1 + depth(parents.get(view)) : 0)
  found.view.sort((a, b) => a.start - b.start || depth(a.view_id) - depth(b.view_id))
  for (const rows of Object.values(found)) rows.sort((a, b) => a.ordinal - b.ordinal || 0)
  return found
}

/** All texts in the items of bodies, but ids: a number or a port may have the digits of what nobody shall read. */
export function texts(bodies) {
  const of = (value) => (typeof value === 'string' ? [value] : Array.isArray(value) ? value.flatMap(of) : [])
  return bodies.flatMap((body) => of(JSON.parse(body)[5])).filter((text) => !/^[\da-f]{16}$/.test(text))
}

/** Of rows only these fields. */
export const pick = (rows, ...names) => rows.map((row) => names.map((name) => row[name]))
