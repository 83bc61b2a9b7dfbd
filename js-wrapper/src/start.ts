// Puts the capture together, once a document.

import { captureErrors } from './capture/errors'
import { captureInput } from './capture/input'
import { captureInteractions } from './capture/interaction'
import { captureLargestPaint } from './capture/lcp'
import { navigationEntry, takeNavigation } from './capture/navigation'
import { captureFirstPaint } from './capture/paint'
import { captureFetch, captureXhr } from './capture/requests'
import { captureShifts } from './capture/shift'
import { captureHidden, captureVisibility } from './capture/visibility'
import { watchViewport } from './document'
import { guard, listen } from './guard'
import { load, type Glue } from './loader'
import { configure, type Options } from './options'
import { restoreSession } from './session'
import { fetchBefore } from './transport'
import { attach, beforeCut, openView, startView, ViewKind } from './view'

/** Starts to capture. `bring` imports the second chunk. A second call in the same document does nothing. */
export const start = guard((given: Options, bring: () => Promise<Glue>) => {
  const stub = window.wasmRum
  if (stub?.startView) return
  // The stub goes on pushing what we hear ourselves.
  window.wasmRum = { push() {}, startView }
  configure(given)
  fetchBefore()
  attach()

  // What the scripts behind ours do at once.
  captureErrors(stub || [])
  captureFetch()
  captureXhr()

  // Each in a task of its own, so that the page comes between them: the first run of any code is slow.
  const seen = (): void =>
    [
      () => {
        watchViewport()
        captureInput()
        captureVisibility()
      },
      // The first look into a storage waits for another process.
      restoreSession,
      () => {
        const activation = navigationEntry()?.activationStart || 0
        openView(activation ? ViewKind.Prerender : ViewKind.Load, activation)
        captureHidden()
      },
      // What the browser has kept for us; after the view, in which the core places it.
      () => {
        captureFirstPaint()
        captureLargestPaint()
        captureShifts()
      },
      captureInteractions,
      () => {
        beforeCut(takeNavigation)
        load(bring)
      },
    ].forEach((step) => setTimeout(guard(step)))
  // Nothing is stored or sent before: a prerendered page may never be seen.
  document.prerendering ? listen('prerenderingchange', seen) : seen()
})
