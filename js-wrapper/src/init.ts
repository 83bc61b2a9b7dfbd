// `init` is a module of its own: an app part that only names views or reports errors does not bundle the capture.

import type { Options } from './options'
import { start } from './start'

/** A build number is one in the page's code, perhaps, and a text on the wire. */
const said = (value: unknown): string | undefined => (value == null ? undefined : `${value}`)

/**
 * Starts to capture this page view: call it as early as the page allows. Importing the package touches nothing, a call
 * outside a browser or a second one in the same document does nothing, and no call ever throws.
 */
export const init = (options: Options): void => {
  if (typeof window == 'undefined') return
  try {
    const { app, endpoint, release, environment } = options
    const { href, origin, username } = new URL(endpoint, /^\//.test(endpoint) ? location.origin : undefined)
    if (app && origin != 'null' && !username)
      return start(
        { ...options, app: said(app)!, endpoint: href.replace(/\/+$/, ''), release: said(release), environment: said(environment) },
        () => import('./late/glue'),
      )
  } catch {
    // What cannot be read is as good as absent.
  }
  console.error('wasm-rum: nothing is measured, for init() needs { app, endpoint }, such as https://rum.example.com for the endpoint.')
}
