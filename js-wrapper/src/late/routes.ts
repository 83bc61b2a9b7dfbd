// Routes of a single-page app: another path without another document.

import { guard } from '../guard'
import { plainUrl } from '../url'
import { wrap } from '../wrap'

/**
 * Calls `open` when the path is another one, starting from `path`. Until now the document loaded: if its own router has
 * sent it elsewhere meanwhile, that is what `rename` is told.
 */
export const watchRoutes = (path: string, rename: (path: string) => void, open: () => void): void => {
  const moved = (): boolean => path != (path = plainUrl(location.href))
  if (moved()) rename(path)
  const look = guard(() => {
    if (moved()) open()
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
