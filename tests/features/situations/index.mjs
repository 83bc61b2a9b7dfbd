// All situations, by theme. A situation is:
//
//   name    what happens
//   pages   by path, see `../site.mjs`; if it is not only the SDK's page
//   headers of pages, by path
//   routes  what is answered at other paths
//   visit   what the visitor does, and what has to come of it, see `../guest.mjs`
//
// All are run in every engine. What one lacks is asked of the browser itself; then the situation says so in its test
// (`guest.lacks`), and expects what has to come of it there.

import { ACTIONS } from './actions.mjs'
import { DELIVERY } from './delivery.mjs'
import { ERRORS } from './errors.mjs'
import { INTERFACE } from './interface.mjs'
import { MEDDLING } from './meddling.mjs'
import { PRIVACY } from './privacy.mjs'
import { REQUESTS } from './requests.mjs'
import { SESSIONS } from './sessions.mjs'
import { VIEWS } from './views.mjs'

export const THEMES = {
  errors: ERRORS,
  requests: REQUESTS,
  actions: ACTIONS,
  views: VIEWS,
  'what a page may say': INTERFACE,
  'pages that get in the way': MEDDLING,
  privacy: PRIVACY,
  delivery: DELIVERY,
  sessions: SESSIONS,
}
