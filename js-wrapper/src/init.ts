// `init` is a module of its own: an app part that only names views or reports errors does not bundle the capture.

import type { Options } from './options'
import { start } from './start'

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
