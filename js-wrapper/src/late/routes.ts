// Routes of a single-page app: another path without another document.

import { now } from '../clock'
import { Kind } from '../generated/wire'
import { ViewKind } from '../view'
import { drift, path } from './holder'
import { guard, options, plainUrl, sink, wrap } from './hooks'

/** False if the page names its views by itself. As an attribute it is text. */
export const watched = (): boolean => `${options.routes}` != 'false'

/** Opens a view when the path is another one. */
export const watchRoutes = (): void => {
  if (!watched()) return
  let known = path
  const moved = (): boolean => known != (known = plainUrl(location.href))
  // Until now the document loaded: if its own router has sent it elsewhere meanwhile, that is its name. Unless the user
  // went there, which the browser tells.
  if (moved() && !performance.getEntriesByType('soft-navigation')[0]) sink(Kind.Rename, now(), known)
  const look = guard(() => {
    if (moved()) drift(ViewKind.Route, now())
  })
  // Not `navigatesuccess`: that comes after the page's own work, whose shifts and requests belong to the new route.
  // The page may have something else of that name.
  if (window.navigation?.currentEntry) navigation.addEventListener('currententrychange', look)
  else {
    for (const name of ['pushState', 'replaceState'] as const)
      wrap(history, name, (call) => {
        call()
        look()
      })
    addEventListener('popstate', look)
  }
}
