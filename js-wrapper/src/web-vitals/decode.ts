// The Wasm as text that every tool passes on as it is, printable ASCII, and that compresses better than base64: `encode`
// in build-web-vitals.mjs writes it.

/** The bytes of `text`: '#' stands for 0 and so on up to '~'; behind '!' and ' ' for what is 92 and 184 more. */
export const decode = (text: string): Uint8Array<ArrayBuffer> => {
  const bytes: number[] = []
  let more = 0
  for (const character of text) {
    const byte = character.charCodeAt(0) - 35
    if (byte < 0) more = ~byte * 92
    else {
      bytes.push(byte + more)
      more = 0
    }
  }
  return new Uint8Array(bytes)
}
