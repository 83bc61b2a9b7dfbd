// What the capture script needs for a raw body in the binary form: a writer, and the types of each kind's fields.

// n number, t text, i id; capitals may be absent.
const TYPES = {
  1: 'iintTIT',
  2: 't',
  3: 'nNNNNNNNNNNNNNNNNNNNNNT',
  4: 'nn',
  6: 'nTT',
  8: 'nnT',
  9: 'nnnntT',
  10: 'n',
  11: 'nnNnNN',
  64: 'nttNnnn',
  65: 'nTtTnnnN',
  66: 'nTT',
}
const encoder = new TextEncoder()

/** The bytes of a list of records. */
export const records = (records) => {
  const number = (bytes, value) => {
    for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128)
    bytes.push(value)
  }
  const all = []
  for (const [kind, ordinal, t, ...fields] of records) {
    const item = []
    let absent = []
    ;['n', 'n', 'n', ...(TYPES[kind] || '')].forEach((type, at) => {
      const value = [kind, ordinal, t, ...fields][at]
      if (value == null) return absent.push(0)
      item.push(...absent)
      absent = []
      if (/n/i.test(type)) number(item, value + (type == 'N'))
      else if (/t/i.test(type)) {
        const text = encoder.encode(value)
        number(item, text.length + 1)
        item.push(...text)
      } else {
        if (type == 'I') item.push(1)
        item.push(...value.match(/../g).map((byte) => parseInt(byte, 16)))
      }
    })
    number(all, item.length + 1)
    all.push(...item)
  }
  return Uint8Array.from(all)
}
