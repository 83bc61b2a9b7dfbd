// What the capture script hands to the second chunk: its own functions, for a second copy would be bytes, and would have
// a state of its own.

import type { Options } from '../options'

/** A tuple, because the names of an object's fields are bytes of both chunks. */
export type Hooks = [
  document: string,
  /** The path that the view opened with. */
  path: string,
  options: Options,
  sink: typeof import('../stream').sink,
  openView: typeof import('../view').openView,
  openedAt: typeof import('../view').openedAt,
  beforeCut: typeof import('../view').beforeCut,
  observe: typeof import('../capture/observe').observe,
  handEntriesTo: typeof import('../capture/interaction').handEntriesTo,
  sinkEntry: typeof import('../capture/interaction').sinkEntry,
  navigationEntry: typeof import('../capture/navigation').navigationEntry,
  selector: typeof import('../capture/selector').selector,
  plainUrl: typeof import('../url').plainUrl,
  guard: typeof import('../guard').guard,
  listen: typeof import('../guard').listen,
  idle: typeof import('../guard').idle,
  wrap: typeof import('../wrap').wrap,
  lose: typeof import('../loss').lose,
  /** The page's fetch. */
  get: typeof fetch,
  send: typeof import('../transport').send,
  postTo: typeof import('../transport').postTo,
  flush: () => void,
]

export let document: Hooks[0]
export let path: Hooks[1]
export let options: Hooks[2]
export let sink: Hooks[3]
export let openView: Hooks[4]
export let openedAt: Hooks[5]
export let beforeCut: Hooks[6]
export let observe: Hooks[7]
export let handEntriesTo: Hooks[8]
export let sinkEntry: Hooks[9]
export let navigationEntry: Hooks[10]
export let selector: Hooks[11]
export let plainUrl: Hooks[12]
export let guard: Hooks[13]
export let listen: Hooks[14]
export let idle: Hooks[15]
export let wrap: Hooks[16]
export let lose: Hooks[17]
export let get: Hooks[18]
export let send: Hooks[19]
export let postTo: Hooks[20]
export let flush: Hooks[21]

/** Takes what was handed over, before anything else here runs. */
export const receive = (hooks: Hooks): void => {
  ;[
    document,
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
    get,
    send,
    postTo,
    flush,
  ] = hooks
}
