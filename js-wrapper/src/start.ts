// Puts the capture together, once a document.

// In the order that compresses best.
import { captureErrors } from './capture/errors'
import { captureShifts } from './capture/shift'
import { call } from './interface'
import { configure, type Options } from './options'
import { captureFirstPaint } from './capture/paint'
import { attach, beforeCut, openView, ViewKind } from './view'
import { captureInteractions } from './capture/interaction'
import { fetchBefore } from './transport'
import { captureInput } from './capture/input'
import { captureHidden, captureVisibility } from './capture/visibility'
import { captureLargestPaint } from './capture/lcp'
import { captureFetch, captureXhr } from './capture/requests'
import { navigationEntry, takeNavigation } from './capture/navigation'
import { guard, listen } from './guard'
import { load, type Glue } from './loader'
import { renewSession, silence } from './session'

/** Starts to capture. `bring` imports the second chunk. A second call in the same document does nothing. */
export const start = guard((given: Options, bring: () => Promise<Glue>) => {
  const stub = window.wasmRum
  if (stub?.app) return
  configure(given)
  window.wasmRum = { app: given.app, push: call }
  fetchBefore()
  attach()

  // What the scripts behind ours do at once.
  captureErrors(stub as Event[] | undefined)
  captureFetch()
  captureXhr()

  // Each in a task of its own, so that the page comes between them: the first run of any code is slow.
  const seen = (): void =>
    [
      () => {
        silence(
          (given.consent != null && given.consent != 'granted') ||
            // The browser says that its user does not want to be followed: https://www.w3.org/TR/gpc/, and its forerunner.
            (given.privacySignals != 'ignore' && (navigator.globalPrivacyControl || +navigator.doNotTrack!)),
        )
        captureInput()
        captureVisibility()
      },
      // The first look into a storage waits for another process.
      renewSession,
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
