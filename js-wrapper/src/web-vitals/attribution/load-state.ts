// How far the page was loaded.

import { core } from '../core'
import { navigationEntry } from '../navigation'
import type { LoadState } from '../types/web-vitals-types'

const STATES = ['loading', 'dom-interactive', 'dom-content-loaded', 'complete'] as const

/** At `t` ms, which is not later than now. */
export const loadState = (t: number): LoadState => {
  if (document.readyState === 'loading') return 'loading'
  const entry = navigationEntry()
  return entry ? STATES[core.load_state(t, entry.domInteractive, entry.domContentLoadedEventStart, entry.domComplete)] : 'complete'
}
