// Routes of a single-page app: another path without another document.

import { now } from '../clock'
import { Kind } from '../generated/wire'
import { ViewKind } from '../view'
import { drift, path } from './holder'
import { early, guard, navigationEntry, options, plainUrl, sink, wrap } from './hooks'

/** False if the page names its views by itself. As an attribute it is text. */
export const watched = (): boolean => `${options.routes}` != 'false'

/** Opens a view when the path is another one. */
export const watchRoutes = (): void => {
  if (!watched()) return
  let known = path
  const look = (rename?: boolean, t = now()): void => {
    if (known == (known = plainUrl(location.href))) return
    if (rename) sink(Kind.Rename, t, known)
    else drift(ViewKind.Route, t)
  }
  // Until now the document loaded: if its own router has sent it elsewhere meanwhile, that is its name. Unless the user went there, which
  // the browser tells by itself, or a click after the load.
  if (performance.getEntriesByType('soft-navigation')[0]) known = plainUrl(location.href)
  const clicked = (early(Kind.Action).at(-1)?.[2] || 0) / 1e3
  if (clicked > (navigationEntry()?.loadEventEnd || Infinity)) look(false, clicked)
  else look(true)
  const putsRight = (replaced: boolean): boolean => replaced && document.readyState != 'complete'
  // Not `navigatesuccess`: that comes after the page's own work, whose shifts and requests belong to the new route.
  // The page may have something else of that name.
  if (window.navigation?.currentEntry)
    navigation.addEventListener('currententrychange', guard(({ navigationType }) => look(putsRight(navigationType == 'replace'))))
  else {
    for (const name of ['pushState', 'replaceState'] as const)
      wrap(history, name, (call) => {
        call()
        guard(look)(putsRight(name == 'replaceState'))
      })
    addEventListener('popstate', guard(() => look()))
  }
}
