// The chunk that comes when the page has loaded and is idle: what can wait until then, and the start of the Wasm core.

import { imports, Sdk, use } from 'rum-sdk'
import { now } from '../clock'
import { Kind } from '../generated/wire'
import type { Core } from '../stream'
import { ViewKind } from '../view'
import { drive } from './core'
import { queue } from './queue'
import { watchRoutes } from './routes'

/** What the capture script hands over. A tuple, because the names of an object's fields are bytes of both chunks. */
export type Hooks = [
  document: string,
  /** The path that the view opened with. */
  path: string,
  sink: typeof import('../stream').sink,
  openView: typeof import('../view').openView,
  /** The page's fetch. */
  get: typeof fetch,
  send: typeof import('../transport').send,
  lose: typeof import('../loss').lose,
  postTo: typeof import('../transport').postTo,
  flush: () => void,
  /** Where the Wasm is, if not beside this chunk. */
  wasm?: string | URL,
]

/** The smallest module: its header. */
const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)

/** Starts the rest of the capture. Resolves to a core for the document; rejects where there can be none. */
export default async ([document, path, sink, openView, get, send, lose, postTo, flush, wasm]: Hooks): Promise<Core> => {
  const post = queue(send, lose)
  postTo(post)
  watchRoutes(
    path,
    (name) => sink(Kind.Rename, now(), name),
    () => openView(ViewKind.Route),
  )
  // A content security policy that forbids Wasm says so here, before anything is fetched.
  await WebAssembly.compile(EMPTY)
  // A literal in one expression: bundlers look for that.
  const response = await get(wasm || new URL(__WASM__, import.meta.url))
  if (!response.ok) throw response.status
  // Compiled off the main thread in both ways; a server may not know the type.
  const streams = 'compileStreaming' in WebAssembly && /^application\/wasm/.test(response.headers.get('Content-Type')!)
  const module = await (streams
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer()))
  use(await WebAssembly.instantiate(module, imports()), module)
  return drive(new Sdk({}, document, flush), post, flush)
}
