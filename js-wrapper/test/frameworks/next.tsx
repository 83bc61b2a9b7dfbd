// Compiled only: what `wasm-rum/next` takes and what it refuses.

import type { ReactNode } from 'react'
import { ErrorBoundary, init, useError, WasmRum } from 'wasm-rum/next'

init({ app: 'a', endpoint: '/' })

export const layouts: ReactNode[] = [
  <WasmRum />,
  <WasmRum app="a" endpoint="/" release="r" longFrames={false} />,
  // @ts-expect-error it needs an endpoint
  <WasmRum app="a" />,
  <ErrorBoundary fallback="text">text</ErrorBoundary>,
]

export const Problem = ({ error }: { error: Error & { digest?: string } }): null => {
  useError(error, { digest: error.digest })
  return null
}
