// Asking a page that may go away meanwhile.

import { setTimeout as pause } from 'node:timers/promises'

/** Of a page that goes into the back/forward cache WebKit's driver forgets what it was asked, in ms. */
const LIMIT = 1000

/** What a page says, or undefined if it is gone before it has said so. */
export const answer = (evaluation) =>
  Promise.race([evaluation.catch(() => {}), pause(LIMIT, undefined, { ref: false })])
