// What the routers of frameworks have in common.

import { startView } from './index'

let shown: string | undefined

/**
 * A router shows the route `name`: a view, however often it tells so. Another item of the same route is another view: another `path`, which
 * a router may keep elsewhere than in the URL's.
 */
export const show = (name: string, path?: string | null): void => {
  if (typeof location == 'undefined') return
  const route = `${path ?? location.pathname} ${name}`
  if (shown != route) startView(name)
  shown = route
}

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** What routers tell of a path's parameters: of a parameter over several segments a list, or a text with slashes. */
export type Params = { readonly [name: string]: string | readonly string[] | undefined }

/**
 * The route of a path: `/item/7` with `{ id: '7' }` is `/item/:id`. Where a segment cannot be told from a parameter's value
 * the last one is taken, for what is fixed comes first in most paths. `hole` writes a parameter.
 */
export const pattern = (path: string, params: Params, hole: (name: string, rest: boolean) => string): string => {
  const segments = path.split('/')
  // The names come in the order of the path.
  for (const [name, value] of Object.entries(params).reverse()) {
    if (!value?.length) continue
    const values = typeof value == 'string' ? value.split('/') : value
    for (let at = segments.length - values.length; at > 0; at--)
      if (values.every((value, n) => decode(segments[at + n]!) == decode(value))) {
        segments.splice(at, values.length, hole(name, values.length > 1 || typeof value != 'string'))
        break
      }
  }
  return segments.join('/')
}
