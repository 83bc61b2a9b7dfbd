// The bodies that nobody has acknowledged, where they outlive the page: each under a key of its own, for tabs may share a
// storage, and one that wrote all of them would take away what another has just written.

/** Bodies by their keys, the oldest first. */
export type Bodies = Map<string, string>

/** The bodies under keys that begin with `prefix`. Those that `refused` has are in memory only, for the storage does not take them. */
export const unsent = (storage: () => Storage | undefined, prefix: string, refused: Bodies) => {
  let stored: Bodies = new Map()
  return {
    /** All that are known, but not what another tab has delivered. With `look` what earlier pages have left is among them. */
    all(look: boolean): [key: string, body: string][] {
      try {
        const there: Record<string, string> = storage() || {}
        const keys = look ? Object.keys(there).sort() : stored.keys()
        stored = new Map([...keys].flatMap((key) => (key.startsWith(prefix) && there[key] ? [[key, there[key]]] : [])))
      } catch {}
      return [...stored, ...refused]
    },
    /** Keeps a body, or forgets it if there is none any more. */
    set(key: string, body?: string) {
      stored.delete(key)
      refused.delete(key)
      let kept = refused
      try {
        const there = storage()
        if (there) {
          body ? (there[key] = body) : delete there[key]
          kept = stored
        }
      } catch {}
      if (body) kept.set(key, body)
    },
  }
}

export type Unsent = ReturnType<typeof unsent>
