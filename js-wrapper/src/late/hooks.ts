// What the capture script hands to the second chunk: its own functions, for a second copy would be bytes, and would have
// a state of its own.

import type { Id } from '../generated/wire'
import type { Options } from '../options'

/** A tuple, because the names of an object's fields are bytes of both chunks. In the order that compresses best. */
export type Hooks = [
  /** The open view and the session; what was thrown when an error was last recorded; and whether nothing is to be sent. */
  state: () => [openedAt: number, view: Id, session: Id, thrown: unknown, mute: unknown],
  renewSession: typeof import('../session').renewSession,
  observe: typeof import('../capture/observe').observe,
  lose: typeof import('../loss').lose,
  plainUrl: typeof import('../url').plainUrl,
  bodyOf: typeof import('../body').bodyOf,
  sink: typeof import('../stream').sink,
  takeNavigation: typeof import('../capture/navigation').takeNavigation,
  navigationEntry: typeof import('../capture/navigation').navigationEntry,
  randomId: typeof import('../ids').randomId,
  trigger: typeof import('../session').trigger,
  listen: typeof import('../guard').listen,
  holdBy: typeof import('../stream').holdBy,
  guard: typeof import('../guard').guard,
  selector: typeof import('../capture/selector').selector,
  flush: () => void,
  ordinal: typeof import('../stream').ordinal,
  openView: typeof import('../view').openView,
  endView: typeof import('../view').endView,
  saveSession: typeof import('../session').saveSession,
  idle: typeof import('../guard').idle,
  storage: typeof import('../session').storage,
  outlived: typeof import('../session').outlived,
  /** The page's fetch. */
  get: typeof fetch,
  postTo: typeof import('../transport').postTo,
  silence: typeof import('../session').silence,
  wrap: typeof import('../wrap').wrap,
  beforeCut: typeof import('../view').beforeCut,
  calls: typeof import('../interface').calls,
  takeError: typeof import('../capture/errors').takeError,
  queued: typeof import('../stream').queued,
  address: typeof import('../address').address,
  queueRecord: typeof import('../stream').queue,
  options: Options,
]

export let renewSession: Hooks[1]
export let observe: Hooks[2]
export let lose: Hooks[3]
export let plainUrl: Hooks[4]
export let bodyOf: Hooks[5]
export let sink: Hooks[6]
export let calls: Hooks[28]
export let navigationEntry: Hooks[8]
export let get: Hooks[23]
export let queueRecord: Hooks[32]
export let trigger: Hooks[10]
export let listen: Hooks[11]
export let holdBy: Hooks[12]
export let guard: Hooks[13]
export let selector: Hooks[14]
export let flush: Hooks[15]
export let ordinal: Hooks[16]
export let openView: Hooks[17]
export let endView: Hooks[18]
export let saveSession: Hooks[19]
export let takeNavigation: Hooks[7]
export let storage: Hooks[21]
export let outlived: Hooks[22]
export let idle: Hooks[20]
export let postTo: Hooks[24]
export let state: Hooks[0]
export let silence: Hooks[25]
export let wrap: Hooks[26]
export let beforeCut: Hooks[27]
export let takeError: Hooks[29]
export let queued: Hooks[30]
export let options: Hooks[33]
export let address: Hooks[31]
export let randomId: Hooks[9]

/** `setTimeout` as the browser has it: an app in a zone (https://github.com/angular/angular/tree/main/packages/zone.js) is busy for as long as a timer of its zone runs. */
export const delay: typeof setTimeout = (window as unknown as Record<string, typeof setTimeout>).__zone_symbol__setTimeout || setTimeout

/** When the open view began, in ms since the time origin. */
export const openedAt = (): number => state()[0]

/** The records of a kind that are queued: what was seen before this chunk came. */
export const early = (kind: number): [kind: number, number: number, t: number, ...fields: any[]][] =>
  queued()
    .map((text) => JSON.parse(text))
    .filter(([one]) => one == kind)

/** Takes what was handed over, before anything else here runs. */
export const receive = (hooks: Hooks): void => {
  ;[
    state,
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
    get,
    postTo,
    silence,
    wrap,
    beforeCut,
    calls,
    takeError,
    queued,
    address,
    queueRecord,
    options,
  ] = hooks
}
