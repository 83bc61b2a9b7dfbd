// The chunk that comes when the page has loaded and is idle: what can wait until then, and the start of the Wasm core.

import type { Send } from '../stream'
import { attach } from './attach'
import { drive } from './core'
import { deliver, rehearse } from './delivery'
import { captureFrustration } from './actions'
import { captureEngagement } from './engagement'
import { captureMoreErrors, isWanted } from './errors'
import { errorsOnly, onlyErrors } from './errors-only'
import { captureFrames } from './frames'
import { hold } from './holder'
import { bodyOf, flush, get, idle, listen, options, queued, receive, saveSession, trigger, type Hooks } from './hooks'
import { captureInteractions } from './interactions'
import { answerCalls } from './interface'
import { entrust } from './later'
import { captureLogs } from './logs'
import { recordNavigation } from './navigation'
import { capturePaintResources } from './paint-resource'
import { captureRequestTimings } from './requests'
import { captureResources } from './resources'
import { watchRoutes } from './routes'
import { draw } from './sampling'
import { captureSoftNavigations } from './soft'
import { recordSurroundings } from './surroundings'
import { captureElementTiming, captureUserTiming } from './timings'
import { captureTraces, traceOfLoad } from './trace'

/** The smallest module: its header. */
const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)

/** A page view with a bit of everything. */
const REHEARSAL = '[1,0,0,"","",0,""] [3,1,1,0,0,0,0,0,"",1,1,1,1,1,1,1] [5,2,1] [6,3,1] [8,4,1,1,0] [9,5,3,1,1,1,1,""] [12,6,1,1,1] [65,7,1,1] [11,8,1,0]'

/** The Wasm, compiled off the main thread. */
const compile = async (): Promise<WebAssembly.Module> => {
  // A content security policy that forbids Wasm says so here, before anything is fetched.
  await WebAssembly.compile(EMPTY)
  // A literal in one expression: bundlers look for that.
  const response = await get(options.wasm || new URL(__WASM__, import.meta.url))
  if (!response.ok) throw response.status
  // A server may not know the type.
  return 'compileStreaming' in WebAssembly && /^application\/wasm/.test(response.headers.get('Content-Type')!)
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer())
}

/** The rate of sessions that begin later; without one all are in the sample. */
let rate: string | undefined
const takeRate = ({ headers }: Response): void => {
  // Only news: where tabs share a session another one's user may have been there since.
  if (rate != (rate = headers.get('Rum-Rate') || '0;1')) saveSession(rate)
}

/** Who wants requests to be traced has this chunk before the page has loaded. */
const loaded = (): unknown => document.readyState == 'complete' || new Promise((done) => addEventListener('load', done))

/** Starts the rest of the capture. Resolves to what sends by a core for the document; rejects where there can be none. */
export default async (hooks: Hooks): Promise<Send> => {
  receive(hooks)
  // As an attribute it may end with a slash.
  options.endpoint = options.endpoint.replace(/\/+$/, '')
  const post = deliver(takeRate)
  const inTurn = async (steps: (() => unknown)[]): Promise<void> => {
    for (const step of steps) {
      await new Promise<void>((done) => idle(done))
      // Not inside of `idle`, which would say nothing of what fails.
      await step()
    }
  }
  await inTurn([
    () => {
      hold()
      captureTraces()
      captureMoreErrors()
      captureInteractions()
    },
    () => {
      // Tabs that are opened from here go on with it, where they share one.
      saveSession()
      recordSurroundings(traceOfLoad())
      listen<PageTransitionEvent>('pageshow', ({ persisted }) => persisted && recordSurroundings())
      watchRoutes()
    },
    () => {
      captureSoftNavigations()
      capturePaintResources()
      captureRequestTimings()
      captureFrustration()
    },
    () => {
      draw(options.longFrames ?? 1, captureFrames)
      draw(options.elementTiming ?? 1, captureElementTiming)
      draw(options.resources ?? 0, captureResources)
      draw(options.userTiming ?? 0, captureUserTiming)
      draw(options.logs ?? 1, captureLogs)
      captureEngagement()
      answerCalls()
    },
    loaded,
    recordNavigation,
  ])
  const module = await compile()
  // Browsers compile what runs for the first time: better now than while the page is being left. What fails here will fail
  // again where it counts.
  const rehearsal = await drive(module, bodyOf, idle, () => {}, () => {})
  inTurn([() => REHEARSAL.split(' ').forEach(rehearsal.take), rehearsal.flush, rehearse]).catch(() => {})
  const core = await drive(module, bodyOf, idle, post, flush, trigger, options.beforeSend)
  const only = errorsOnly()
  if (!only) entrust()
  return attach(only ? onlyErrors(core) : core, queued().filter(isWanted))
}
