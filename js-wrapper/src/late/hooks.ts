// What the capture script hands to the second chunk: its own functions, for a second copy would be bytes, and would have
// a state of its own.

import type { Id } from '../generated/wire'
import type { Options } from '../options'

/** A tuple, because the names of an object's fields are bytes of both chunks. */
export type Hooks = [
  randomId: typeof import('../ids').randomId,
  lose: typeof import('../loss').lose,
  plainUrl: typeof import('../url').plainUrl,
  bodyOf: typeof import('../body').bodyOf,
  sink: typeof import('../stream').sink,
  calls: typeof import('../interface').calls,
  navigationEntry: typeof import('../capture/navigation').navigationEntry,
  /** The page's fetch. */
  get: typeof fetch,
  observe: typeof import('../capture/observe').observe,
  queueRecord: typeof import('../stream').queue,
  trigger: typeof import('../session').trigger,
  listen: typeof import('../guard').listen,
  holdBy: typeof import('../stream').holdBy,
  guard: typeof import('../guard').guard,
  selector: typeof import('../capture/selector').selector,
  renewSession: typeof import('../session').renewSession,
  ordinal: typeof import('../stream').ordinal,
  openView: typeof import('../view').openView,
  endView: typeof import('../view').endView,
  saveSession: typeof import('../session').saveSession,
  takeNavigation: typeof import('../capture/navigation').takeNavigation,
  storage: typeof import('../session').storage,
  outlived: typeof import('../session').outlived,
  flush: () => void,
  postTo: typeof import('../transport').postTo,
  /** The open view and the session; what was thrown when an error was last recorded; and whether nothing is to be sent. */
  state: () => [openedAt: number, view: Id, session: Id, thrown: unknown, mute: unknown],
  silence: typeof import('../session').silence,
  wrap: typeof import('../wrap').wrap,
  beforeCut: typeof import('../view').beforeCut,
  takeError: typeof import('../capture/errors').takeError,
  queued: typeof import('../stream').queued,
  options: Options,
  address: typeof import('../address').address,
  idle: typeof import('../guard').idle,
]

export let renewSession: Hooks[15]
export let observe: Hooks[8]
export let lose: Hooks[1]
export let plainUrl: Hooks[2]
export let bodyOf: Hooks[3]
export let sink: Hooks[4]
export let calls: Hooks[5]
export let navigationEntry: Hooks[6]
export let get: Hooks[7]
export let queueRecord: Hooks[9]
export let trigger: Hooks[10]
export let listen: Hooks[11]
export let holdBy: Hooks[12]
export let guard: Hooks[13]
export let selector: Hooks[14]
export let flush: Hooks[23]
export let ordinal: Hooks[16]
export let openView: Hooks[17]
export let endView: Hooks[18]
export let saveSession: Hooks[19]
export let takeNavigation: Hooks[20]
export let storage: Hooks[21]
export let outlived: Hooks[22]
export let idle: Hooks[33]
export let postTo: Hooks[24]
export let state: Hooks[25]
export let silence: Hooks[26]
export let wrap: Hooks[27]
export let beforeCut: Hooks[28]
export let takeError: Hooks[29]
export let queued: Hooks[30]
export let options: Hooks[31]
export let address: Hooks[32]
export let randomId: Hooks[0]

/** When the open view began, in ms since the time origin. */
export const openedAt = (): number => state()[0]

/** Takes what was handed over, before anything else here runs. */
export const receive = (hooks: Hooks): void => {
  ;[
    randomId,
    lose,
    plainUrl,
    bodyOf,
    sink,
    calls,
    navigationEntry,
    get,
    observe,
    queueRecord,
    trigger,
    listen,
    holdBy,
    guard,
    selector,
    renewSession,
    ordinal,
    openView,
    endView,
    saveSession,
    takeNavigation,
    storage,
    outlived,
    flush,
    postTo,
    state,
    silence,
    wrap,
    beforeCut,
    takeError,
    queued,
    options,
    address,
    idle,
  ] = hooks
}
