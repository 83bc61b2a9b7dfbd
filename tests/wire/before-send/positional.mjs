// `beforeSend` with positional JSON: names are put to positions.

import fields from './fields.json'

const named = (table, values) => {
  const object = {}
  table.forEach(([name, type], at) => {
    const value = values[at]
    if (value != null) object[name] = Array.isArray(value) ? named(fields[type.slice(0, -1)], value) : value
  })
  return object
}

export const events = (body) =>
  JSON.parse(body)[5].map(([kind, view, seq, ...values]) => {
    const [name, table] = fields.events[kind]
    return { event: name, view, seq, ...named(table, values) }
  })
