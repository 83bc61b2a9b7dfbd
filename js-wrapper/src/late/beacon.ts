// Beacons, for browsers whose requests end with the page (Firefox before 133).

import { address } from '../address'
import { options, send } from './hooks'

/** Sends a body once. The answer is not told; rejects if the browser does not take it. */
const beacon: typeof send = async (body) => {
  if (!navigator.sendBeacon(address(options), body)) throw 0
}

/** What sends a body so that it survives the page. */
export const sendAway = (): typeof send => ('keepalive' in Request.prototype ? send : beacon)
