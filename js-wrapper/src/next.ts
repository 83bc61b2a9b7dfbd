// `wasm-rum/next`, for the App Router.

// With its ending, for Node too may have to resolve it.
import { useParams, usePathname } from 'next/navigation.js'
import { useState } from 'react'
import type { Options } from './index'
import { init, useView } from './react'
import { pattern } from './route'

export { ErrorBoundary, init, useError } from './react'

/**
 * Into the root layout's body. Starts to capture, unless `init` was called before (`instrumentation-client.js`; then no
 * options are needed), and names views by their routes: `/item/7` is `/item/[id]`.
 */
export const WasmRum = (options: Options | { app?: undefined }): null => {
  // While it renders, so that what follows is captured; on a server it does nothing.
  useState(() => {
    if (options.app) init(options)
  })
  const path = usePathname()
  const params = useParams()
  useView(path && pattern(path, params || {}, (name, rest) => (rest ? `[...${name}]` : `[${name}]`)), path)
  return null
}
