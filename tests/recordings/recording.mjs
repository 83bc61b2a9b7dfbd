// What is in a recording, and the bodies that a page makes of it.

/** Kinds from here on go once; the others are repeated in every raw batch. */
const FIRST_ONCE = 64

export const isOnce = ([kind]) => kind >= FIRST_ONCE

/** The records of the raw body at the end of part `at`: all kept so far, then those that go once. */
export const rawBody = (parts, at) => [
  ...parts.slice(0, at + 1).flat().filter((record) => !isOnce(record)),
  ...parts[at].filter(isOnce),
]
