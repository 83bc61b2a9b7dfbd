// The two clocks, and the unit of the wire.

/** Monotonic time, in ms since the time origin. */
export const now = (): number => performance.now()

/** Wall time, in whole ms since the epoch: pages have clocks of their own. */
export const wall = (): number => Math.floor(Date.now())

/** Integer µs of a time in ms. */
export const micros = (ms: number): number => Math.round(ms * 1e3)
