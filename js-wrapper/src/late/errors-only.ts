// For users who do not want to be followed, on pages that want to know of errors all the same: views and errors, no more, and
// nothing is stored.

import { Kind } from '../generated/wire'
import type { Core } from './core'
import { stopped } from './holder'
import { listen, options } from './hooks'

/** The capture script is silent, for the browser says that its user does not want to be followed. */
export const isUnwilling = (): boolean =>
  options.privacySignals != 'ignore' && !!(navigator.globalPrivacyControl || +navigator.doNotTrack!)

/** Nobody has to be asked. */
export const isGranted = (): boolean => (options.consent ?? 'granted') == 'granted'

/** True if that does not hold for errors. */
export const errorsOnly = (): boolean => options.privacySignals == 'errors' && isGranted() && isUnwilling()

const KINDS = new RegExp(`^\\[(${Kind.View}|${Kind.Cut}|${Kind.Error}),`)

let all: boolean
/** The user was asked, and has agreed. */
export const recordAll = (): void => {
  all = true
}

/** A core that is given nothing else. */
export const onlyErrors = (core: Core): Core => {
  for (const type of ['visibilitychange', 'pagehide']) listen(type, () => document.hidden && !stopped && core.flush())
  return { ...core, take: (record) => (all || KINDS.test(record)) && core.take(record) }
}
