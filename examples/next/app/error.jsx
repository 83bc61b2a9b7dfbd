'use client'

import { useError } from 'wasm-rum/next'

/** What no boundary of the app has caught. */
export default function Problem({ error, reset }) {
  useError(error, { digest: error.digest })
  return <button onClick={reset}>Again</button>
}
