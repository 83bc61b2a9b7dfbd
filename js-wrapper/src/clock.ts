// The two clocks, and the unit of the wire.

/** Monotonic time, in ms since the time origin. */
export const now = (): number => performance.now()

/** Wall time, in ms since the epoch. */
export const wall = (): number => Date.now()

/** Integer µs of a time in ms. */
export const micros = (ms: number): number => Math.round(ms * 1e3)
