// The bodies that nobody has acknowledged, where they outlive the page: a line each, under the app's key.

/** Reads the bodies, oldest first, and keeps what `change` makes of them. */
export type Unsent = (change: (bodies: string[]) => string[]) => string[]

/** `memory` is for what the storage refuses, and begins with the lines that it has refused so far. */
export const unsent =
  (storage: () => Storage, key: string, memory: string): Unsent =>
  (change) => {
    let stored = ''
    try {
      stored = storage()[key] || ''
    } catch {}
    const before = stored + memory
    const bodies = change(before.split('\n').filter(Boolean))
    const after = bodies.map((body) => body + '\n').join('')
    if (after != before)
      try {
        after ? (storage()[key] = after) : storage().removeItem(key)
        memory = ''
      } catch {
        memory = after
        try {
          // Full. What is kept in both places would be sent for ever.
          storage().removeItem(key)
        } catch {}
      }
    return bodies
  }
