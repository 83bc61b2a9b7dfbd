// A PNG that no browser takes for a placeholder: a candidate for the largest paint needs some bits a pixel, and counts with no
// more pixels than it has itself.

import { deflateSync } from 'node:zlib'

const WIDTH = 400
const HEIGHT = 300
/** A pixel: four greys. */
const BITS = 2

const crcTable = Uint32Array.from({ length: 256 }, (_, number) => {
  let crc = number
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

const crc = (bytes) => ~bytes.reduce((crc, byte) => crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8), ~0) >>> 0

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(body.length + 8)
  frame.writeUInt32BE(data.length)
  body.copy(frame, 4)
  frame.writeUInt32BE(crc(body), body.length + 4)
  return frame
}

function grey() {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(WIDTH)
  header.writeUInt32BE(HEIGHT, 4)
  header[8] = BITS
  // Not Math.random: the same picture in every run.
  let state = 1
  const noise = () => (state = Math.imul(state, 1_103_515_245) + 12_345) >>> 24
  // Each line begins with its filter: none.
  const line = (WIDTH * BITS) / 8 + 1
  const lines = Buffer.from(Array.from({ length: line * HEIGHT }, (_, at) => (at % line ? noise() : 0)))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))])
}

/** 400 × 300 pixels of grey noise. */
export const NOISE = grey()

/** The same as a URL of its own. */
export const NOISE_URL = `data:image/png;base64,${NOISE.toString('base64')}`
