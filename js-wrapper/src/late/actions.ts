// What follows from an action: the next paint, and whether the user met something that does not work.

import { micros, now } from '../clock'
import { Kind } from '../generated/wire'
import { keep, put, witness } from './holder'
import { beforeCut, early, guard, listen } from './hooks'
import { sentSince } from './trace'

const enum Frustration {
  Rage = 1,
  Dead = 2,
  Error = 4,
}

const enum Within {
  /** ms in which something follows from a click, if anything does. */
  Reach = 1_000,
  /** ms in which three clicks on one place are rage. */
  Rage = 1_000,
}
const RAGE = 3
/** The place of the name in an action. */
const NAME = 4
/** A click on these does what no page needs to answer. */
const ANSWERED = 'a[href],canvas,input,select,textarea,label,option,video,audio,summary,iframe,[contenteditable]'

type Waiting = {
  record: [number: number, t: number, ...fields: unknown[]]
  paint?: number
  frustration: number
  target?: EventTarget | null
  alive?: unknown
  end(): void
}

let latest: [number: number, t: number] | undefined
let waiting: Waiting[] = []

/** The ordinal of the action that something at `t` (ms) followed. */
export const actionBefore = (t: number): number | null =>
  latest && latest[1] <= t && t - latest[1] < Within.Reach ? latest[0] : null

const spoil = (action: Waiting): unknown => (action.frustration |= Frustration.Error)
/** The page has met an error: what the user just did has led to it. */
export const failed = (): void => waiting.forEach(spoil)

export const captureFrustration = (): void => {
  let clicks: [t: number, place: unknown][] = []

  keep(Kind.Action, (...record) => {
    const [number, t, , kind, , place] = record
    // The page's own ones, and what is recorded again, are as they are.
    if (kind > 1) return
    latest = [number, t]
    clicks = [...clicks.filter(([at]) => t - at < Within.Rage), [t, place]]
    const action: Waiting = {
      record,
      frustration: clicks.filter(([, other]) => other == place).length < RAGE ? 0 : Frustration.Rage,
      end() {
        waiting = waiting.filter((other) => other != action)
        watch.disconnect()
        const [number, t, ...fields] = record
        put(number, Kind.Action, t, ...fields, action.paint ?? null, action.frustration || null)
      },
    }
    waiting.push(action)
    // After the frame that this action leads to.
    requestAnimationFrame(() => setTimeout(() => (action.paint = micros(now() - t))))
    // What a page does that nobody sees is no answer. Begun by a click and soon over, for each change in the page is told.
    const watch = new MutationObserver(() => {
      action.alive = true
      watch.disconnect()
    })
    watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
    setTimeout(
      guard(() => {
        if (!waiting.includes(action)) return
        // One that nobody has answered yet is no record so far.
        if (!action.alive && !sentSince(t) && !kind && action.target instanceof Element && !action.target.closest(ANSWERED)) action.frustration |= Frustration.Dead
        action.end()
      }),
      Within.Reach,
    )
    return true
  })
  // It runs behind the capture script's own listener.
  listen('click', (event) => {
    const { isTrusted, target } = event
    if (!isTrusted || !waiting[0]) return
    const action = waiting[waiting.length - 1]!
    // What a component does within its own tree nobody here sees.
    if (event.composedPath()[0] == target) action.target ??= target
    // The text of a link in an editor is what its user writes.
    if ((target as HTMLElement).isContentEditable) action.record[NAME] = null
  })
  const follows = (types: string[], mark: (action: Waiting) => unknown): void =>
    types.forEach((type) => listen(type, () => waiting.forEach(mark)))
  const answer = (action: Waiting): unknown => (action.alive = true)
  follows(['scroll', 'focusin', 'selectionchange', 'beforeunload'], answer)
  witness((kind) => {
    if (kind == Kind.View || kind == Kind.Request) waiting.forEach(answer)
  })
  for (const [, number, t] of early(Kind.Action)) latest = [number, t / 1e3]
  // No report waits.
  beforeCut(() => waiting.forEach(({ end }) => end()))
}
