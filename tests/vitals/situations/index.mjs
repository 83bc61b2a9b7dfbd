// All situations, by theme. A situation is:
//
//   name     what happens
//   pages    by path, see `html.mjs`; or a function of the site
//   visit    what the visitor does, see `visit.mjs`; if it is not only to open `/`
//   leaves   true if the visit ends by itself; else the visitor leaves when everything has settled
//   shows    checks that the situation was what its name says
//   differs  metrics whose rows differ from the reference on purpose: `why`, and how: `as` gets the row's value and the reference's, then both whole
//   silent   true if nothing is measured, because nobody sees the page
//   modes    wasm, raw; if not both
//   needs    what an engine has to have: of `ENTRY_TYPES` and `ABILITIES`

import { CLS } from './cls.mjs'
import { INP } from './inp.mjs'
import { LATE } from './late.mjs'
import { LCP } from './lcp.mjs'
import { LIFECYCLE } from './lifecycle.mjs'
import { NAVIGATION } from './navigation.mjs'
import { OPTIONS } from './options.mjs'
import { SOFT_NAVIGATIONS } from './soft-navigations.mjs'

/** What situations need an engine to tell of. */
export const ENTRY_TYPES = [
  ...['event', 'first-input', 'largest-contentful-paint', 'layout-shift', 'long-animation-frame', 'paint'],
  ...['soft-navigation', 'visibility-state'],
]

/** What else they need: what a visitor or a page can do. Each driver says which of these can be done with its engine. */
export const ABILITIES = {
  bfcache: 'pages come out of the back/forward cache',
  'back-forward': 'a page that is loaded again by the history says so; driven Firefox says so now and then',
  unload: 'a listener for `unload` keeps a page out of it',
  close: 'a tab can be closed',
  hide: 'another tab can come to the front',
  prerender: 'speculation rules',
  'told-while-loading': 'a page that is left before its load event is told so',
  dialogue: 'alert',
  touch: 'a finger',
  'worker-start': "a navigation's entry says when a service worker was asked",
  'input-while-busy': "the driver's input comes by the way of a person's, so that it waits while the page is busy",
}

/** The executions of the core. */
export const MODES = ['wasm', 'raw']

export const THEMES = {
  LCP,
  CLS,
  INP,
  navigation: NAVIGATION,
  lifecycle: LIFECYCLE,
  'soft navigations': SOFT_NAVIGATIONS,
  options: OPTIONS,
  late: LATE,
}
