// `beforeSend` with the binary form: a decoder, which needs the types too.

import fields from './fields.json'

const decoder = new TextDecoder()

/** `bytes` is a Uint8Array. */
export const events = (bytes) => {
  let at = 0
  let end = bytes.length
  const number = () => {
    let value = 0
    for (let unit = 1; at < end; unit *= 128) {
      const byte = bytes[at++]
      value += (byte & 127) * unit
      if (byte < 128) break
    }
    return value
  }
  const nested = (read) => {
    const length = number() - 1
    const [behind, outer] = [at + length, end]
    end = behind
    const value = read()
    at = behind
    end = outer
    return value
  }
  const id = () => {
    let hex = ''
    for (const behind = at + 8; at < behind; ) hex += bytes[at++].toString(16).padStart(2, '0')
    return hex
  }
  const text = (length) => decoder.decode(bytes.subarray(at, (at += length)))
  const value = (type) => {
    if (type == 'number') return number()
    if (type == 'id') return id()
    if (type == 'text') return text(number() - 1)
    const before = at
    const present = number()
    if (!present) return
    if (type == 'number?') return present - 1
    if (type == 'id?') return id()
    if (type == 'text?') return text(present - 1)
    at = before
    return nested(() => named(fields[type.slice(0, -1)]))
  }
  const named = (table) => {
    const object = {}
    for (const [name, type] of table) {
      const of = value(type)
      if (of != null) object[name] = of
    }
    return object
  }

  number()
  id()
  number()
  nested(() => {})
  const events = []
  while (at < end)
    events.push(
      nested(() => {
        const [name, table] = fields.events[number()]
        return { event: name, view: number(), seq: number(), ...named(table) }
      }),
    )
  return events
}
