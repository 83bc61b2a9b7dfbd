// Brings the second chunk, and with it the Wasm core, when the page has loaded and has nothing to do.

import { address } from './address'
import { bodyOf, RawReason } from './body'
import { takeError, thrown } from './capture/errors'
import { navigationEntry, takeNavigation } from './capture/navigation'
import { observe } from './capture/observe'
import { selector } from './capture/selector'
import { guard, idle, listen } from './guard'
import { randomId } from './ids'
import { calls } from './interface'
import { lose } from './loss'
import { options } from './options'
import { held, outlived, renewSession, saveSession, sessionId, silence, silent, storage, trigger } from './session'
import { flush, holdBy, ordinal, queue, queued, sendBy, sink } from './stream'
import { nativeFetch, postTo } from './transport'
import { plainUrl } from './url'
import { beforeCut, endView, opened, openView, viewId } from './view'
import { wrap } from './wrap'

/** The second chunk. */
export type Glue = typeof import('./late/glue')

export const load = (bring: () => Promise<Glue>): void => {
  let asked: [unknown] | undefined
  // Once: scripts that delay others tell of a load event of their own.
  const go = (): unknown =>
    (asked ||= [
      idle(() => {
        bring()
          .then((glue) =>
            glue.default([
              () => [opened, viewId!, sessionId, thrown, held || silent],
              renewSession,
              observe,
              lose,
              plainUrl,
              bodyOf,
              sink,
              takeNavigation,
              navigationEntry,
              randomId,
              trigger,
              listen,
              holdBy,
              guard,
              selector,
              flush,
              ordinal,
              openView,
              endView,
              saveSession,
              idle,
              storage,
              outlived,
              nativeFetch,
              postTo,
              silence,
              wrap,
              beforeCut,
              calls,
              takeError,
              queued,
              address,
              queue,
              options,
            ]),
          )
          .then(
            sendBy,
            // A page that is left breaks its downloads off just before it tells us so: that is no reason, so wait for the
            // next task.
            () => setTimeout(sendBy, 0, () => RawReason.NotLoaded),
          )
      }),
    ])
  // Who wants requests to be traced wants the first ones, too.
  options.tracing || document.readyState == 'complete' ? go() : listen('load', go)
}
