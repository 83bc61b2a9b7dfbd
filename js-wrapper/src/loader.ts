// Brings the second chunk, and with it the Wasm core, when the page has loaded and has nothing to do.

import { handEntriesTo, sinkEntry } from './capture/interaction'
import { navigationEntry, takeNavigation } from './capture/navigation'
import { observe } from './capture/observe'
import { selector } from './capture/selector'
import { describe, RawReason } from './document'
import { guard, idle, listen } from './guard'
import { lose } from './loss'
import { options } from './options'
import { attach, flush, goRaw, sink } from './stream'
import { fetchBefore, postTo, send } from './transport'
import { plainUrl } from './url'
import { beforeCut, openedAt, openView, path } from './view'
import { wrap } from './wrap'

/** The second chunk. */
export type Glue = typeof import('./late/glue')

export const load = (bring: () => Promise<Glue>): void => {
  let gone = false
  // Once: scripts that delay others tell of a load event of their own.
  const go = (): unknown =>
    gone ||
    ((gone = true),
    idle(() => {
      // When the page is left there is no time.
      takeNavigation()
      bring()
        .then((glue) =>
          glue.default([
            describe(),
            path,
            options,
            sink,
            openView,
            openedAt,
            beforeCut,
            observe,
            handEntriesTo,
            sinkEntry,
            navigationEntry,
            selector,
            plainUrl,
            guard,
            listen,
            idle,
            wrap,
            lose,
            fetchBefore(),
            send,
            postTo,
            guard(flush),
          ]),
        )
        .then(
          guard(attach),
          // A page that is left breaks its downloads off just before it tells us so: that is no reason, so wait for the
          // next task.
          () => setTimeout(goRaw, 0, RawReason.NotLoaded),
        )
    }))
  document.readyState == 'complete' ? go() : listen('load', go)
}
