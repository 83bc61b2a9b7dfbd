// What a page may call: the methods of `window.wasmRum`, and what the functions of the npm package do.

import { micros, now } from '../clock'
import { Kind, type Attribute } from '../generated/wire'
import type { Attributes, Consent, Level, User } from '../options'
import { KEY } from '../session'
import { ViewKind } from '../view'
import { attributes } from './attributes'
import { drop, pause } from './delivery'
import { captureError, triggerByErrors } from './errors'
import { path, stopped, stopRecording, witness } from './holder'
import { isGranted, isUnwilling, recordAll } from './errors-only'
import { beforeCut, calls, endView, flush, guard, lose, openView, outlived, plainUrl, postTo, renewSession, silence, sink, state, storage } from './hooks'
import { record } from './logs'
import { watched } from './routes'

/** UTF-16 units. */
const LONGEST = 200
/** Of all that the page says of itself: each body repeats it. */
const CONTEXT = 8_000
const enum ActionType {
  Track = 2,
  Measure,
}

/** All that a page may call. */
export type Interface = typeof methods

let user: string | undefined
/** Somebody has agreed: the page, or nobody has to. */
let agreed: boolean
/** The page has named no view so far. */
let unnamed = true
const sorts: Record<string, Record<string, unknown> | undefined> = {}

const said = (name: unknown): string => `${name}`.slice(0, LONGEST)

/** Says who uses the page and what it says of itself, to the view that is open and to those that open later. */
const tell = (): void => {
  telling = undefined
  let room = CONTEXT
  const all: Attribute[] = Object.entries(sorts).flatMap(([sort, given]) =>
    (attributes(given) || []).map(([name, value]): Attribute => [sort + name, value]),
  ).filter(([name, value]) => (room -= name.length + value.length) > 0 || void lose())
  if (state()[1] && (user || all[0])) sink(Kind.Context, now(), user || null, all[0] ? all : null)
}
let telling: unknown
/** Once a task: a page may say much at once. */
const tellSoon = (): void => {
  telling ||= Promise.resolve().then(guard(() => telling && tell()))
}

const act = (kind: ActionType, name: string, given?: Attributes, value?: number): void => {
  const t = now()
  sink(Kind.Action, t, micros(t), kind, said(name), null, null, null, attributes(given), value)
}

/** The session is not gone on with. */
const forgetSession = (): void => {
  try {
    delete storage()![KEY]
  } catch {
    // It may be forbidden; then nothing is there.
  }
}

const methods = {
  /** Opens a page view of that name: the one before it is reported and ends. `t` is when, in ms since the time origin. */
  startView(name: string, t = now()) {
    // What is no text has no place in a table, and may throw when it is asked to be one.
    if (typeof name != 'string') return
    // An unattended tab shows what nobody sees.
    if (outlived()) return void lose()
    // It may have been said before a prerendered page was seen.
    t = Math.max(t, state()[0])
    const page_name = name.slice(0, LONGEST)
    if (watched()) openView(ViewKind.Manual, t, page_name)
    // A router that tells of every route tells of the load's first. One with another path is a route, which the browser's own
    // soft navigation may refine.
    else if (unnamed) sink(Kind.Rename, t, page_name)
    else openView(path == plainUrl(location.href) ? ViewKind.Manual : ViewKind.Route, t, page_name)
    unnamed = false
  },
  /** Reports an error that the page has caught. */
  captureError,
  /** Records that something happened. */
  track(name: string, given?: Attributes) {
    act(ActionType.Track, name, given)
  },
  /** Records a number. */
  measure(name: string, value: number, given?: Attributes) {
    const thousandths = Math.round(value * 1e3)
    // What is no number is not 0, and one that is too large would not arrive.
    if (Number.isSafeInteger(thousandths)) act(ActionType.Measure, name, given, thousandths)
    else lose()
  },
  /** Writes a line into the log. */
  log(level: Level, message: string, given?: Attributes) {
    record(level, `${message}`, attributes(given))
  },
  /** Says who uses the page; nobody in particular without an argument. */
  setUser(given?: User | null) {
    // Who knows no more has no object.
    const { id, ...rest } = (Object(given) === given ? given : { id: given }) as User
    user = id == null ? undefined : said(id)
    sorts['user.'] = rest
    tellSoon()
  },
  /** Says what holds from now on, in the place of what was said before. */
  setContext(given?: Attributes | null) {
    sorts[''] = given || undefined
    tellSoon()
  },
  /** Adds a property to what holds. */
  addTag(name: string, value: unknown) {
    ;(sorts['tag.'] ||= {})[name] = value
    tellSoon()
  },
  /** Says which variant of a feature the user has. */
  setFlag(name: string, value: unknown) {
    ;(sorts['flag.'] ||= {})[name] = value
    tellSoon()
  },
  /** Says what the user has agreed to. Agreeing begins another session, or goes on with the one that was stored while it held; until then nothing is stored or sent; refusing is final for the document. */
  setConsent(consent: Consent) {
    if (consent == 'granted' && !agreed) {
      agreed = true
      silence(false)
      pause(false)
      // The one that is stored, from when it was granted before, or another one.
      if (renewSession(0)) openView(ViewKind.Resumed, now())
      triggerByErrors()
      recordAll()
    } else if (consent == 'pending' && !stopped) {
      if (agreed) forgetSession()
      agreed = false
      silence(true)
      pause(true)
    } else if (consent == 'denied') {
      agreed = true
      // What an earlier page has stored goes as well.
      silence(false)
      drop()
      forgetSession()
      silence(true)
      stopRecording()
    }
  },
  /** The session's id; none before it has begun. */
  getSession: (): { id: string } | undefined => {
    const id = state()[2]
    return id ? { id } : undefined
  },
  /** Sends what waits, and captures nothing any more. */
  stop() {
    if (endView(now())) flush()
    postTo(() => {})
    stopRecording()
  },
}

/** No call throws: what cannot be read is lost. */
const safe =
  <A extends unknown[], R>(method: (...given: A) => R) =>
  (...given: A): R | undefined => {
    try {
      return method(...given)
    } catch {
      return void lose()
    }
  }

/** Answers the calls that wait, and from now on each at once. */
export const answerCalls = (): void => {
  agreed = isGranted() && !isUnwilling()
  for (const [name, method] of Object.entries(methods)) Object.assign(methods, { [name]: safe(method as () => unknown) })
  witness((kind) => kind == Kind.View && tellSoon())
  // No report waits, and no view ends without it.
  beforeCut(() => telling && tell())
  Object.assign(window.wasmRum!, methods)
  const answer = (call: unknown): number => {
    try {
      // An error event of a stub, perhaps.
      if (typeof call == 'function') call(methods)
    } catch (error) {
      // The page's own function.
      setTimeout(() => {
        throw error
      })
    }
    return 0
  }
  calls.splice(0).forEach(answer)
  calls.push = (...made) => made.map(answer)[0]!
}
