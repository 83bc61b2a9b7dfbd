// Ids: 64 bits as 16 hexadecimal digits.

import type { Id } from './generated/wire'

const hex = (value: number | bigint): Id => value.toString(16).padStart(16, '0')

/** An id of random bits. */
export const randomId = (): Id => hex(crypto.getRandomValues(new BigUint64Array(1))[0]!)

/** An id whose upper half is a moment (ms since the epoch) in unix seconds: a row's hour follows from it alone. */
export const idAt = (ms: number): Id => hex((ms / 1e3) >>> 0).slice(8) + randomId().slice(8)

/** The moment of such an id, in ms since the epoch. */
export const startOf = (id: Id): number => parseInt(id.slice(0, 8), 16) * 1e3
