// Computed bodies as the tables see them: rows with an identity, of which the newest report stands.

import assert from 'node:assert/strict'

const EVENTS = 0
const KINDS = {
  ...{ 1: 'view', 2: 'vital', 64: 'request', 65: 'error', 66: 'action' },
  ...{ 67: 'long-frame', 68: 'resource', 69: 'user-timing', 70: 'element-timing', 71: 'log' },
}

/** What tells the rows of one view and kind apart: a vital's metric and scope, the ordinal of the others. */
const within = { view: () => [], vital: ([metric, scope]) => [metric, scope] }

/** Nulls at the end of an array are as if they were not there: the page carries what it was told, a writer leaves them out. */
const bare = (value) => {
  if (!Array.isArray(value)) return value
  const items = value.map(bare)
  while (items.at(-1) === null) items.pop()
  return items
}

/** The rows of bodies (JSON texts, in any order): `{'<view id> <kind> <ordinal>': [seq, ...fields]}`. */
export function rows(bodies) {
  const rows = new Map()
  for (const body of bodies) {
    const [version, content, , , , items] = JSON.parse(body)
    assert.deepEqual([version, content], [1, EVENTS], 'a computed body')
    const views = new Map(items.filter(([kind]) => KINDS[kind] === 'view').map(([, number, , id]) => [number, id]))
    for (const [number, view, seq, ...fields] of items.map(bare)) {
      const kind = KINDS[number]
      assert.ok(kind && views.has(view), `an event of a known kind and of a view in its body: ${[number, view]}`)
      const identity = [views.get(view), kind, ...(within[kind] ?? (([ordinal]) => [ordinal]))(fields)].join(' ')
      const known = rows.get(identity)
      // A table keeps either of two equal reports; if they differed, chance would decide.
      if (known?.[0] === seq) assert.deepEqual([seq, ...fields], known, `two reports of one moment: ${identity}`)
      if (!known || known[0] < seq) rows.set(identity, [seq, ...fields])
    }
  }
  return Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1)))
}
