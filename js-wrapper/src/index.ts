// Entry of the npm package.

import type { Options } from './options'
import { start } from './start'

export type { Options, Rate } from './options'

/**
 * Starts to capture this page view: call it as early as the page allows. Importing the package touches nothing, a call
 * outside a browser or a second one in the same document does nothing, and no call ever throws.
 */
export const init = (options: Options): void => {
  if (typeof window == 'undefined') return
  try {
    if (options.app && options.endpoint)
      return start({ ...options, endpoint: `${options.endpoint}`.replace(/\/$/, '') }, () => import('./late/glue'))
  } catch {
    // What cannot be read is as good as absent.
  }
  console.error('wasm-rum: nothing is measured, for init() needs { app, endpoint }.')
}

/**
 * Opens a page view of this name: the one before it is reported and ends. For apps whose views are not their paths. It
 * does nothing before `init`, nor before a prerendered page is seen, and never throws.
 */
export const startView = (name: string): void => {
  if (typeof window != 'undefined') window.wasmRum?.startView?.(name)
}
