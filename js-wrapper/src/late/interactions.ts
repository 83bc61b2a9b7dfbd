// Which interactions can be INP, and what their frames processed. Times are in µs.

import { Kind } from '../generated/wire'
import { keep, put } from './holder'
import { beforeCut, early, idle, listen, openedAt, selector } from './hooks'

/** INP is one of the ten longest (https://web.dev/articles/inp); what cannot be among them is not recorded. */
const LONGEST = 10
/** Frames that are remembered, for entries of one frame do not all come at one time. */
const FRAMES = 10
/** Entries whose paints are so many µs apart are of one frame: durations are rounded to that. */
const ROUNDING = 8_000

/** What one frame presented: from the first to the last handler of any event, interaction or not, all is processing. */
type Frame = [paint: number, start: number, end: number]
type Entry = [number: number, t: number, duration: number, start: number, end: number, id: number, name: string, target: string | null]
type Interaction = [longest: Entry, frame: Frame, target: string | null, told?: string]

let longest: Interaction[] = []
/** Time and target of the latest click: what a click removes from the page is no longer known to the entries around it. */
let clicked: [t: number, target: string | null] = [-1, null]

/** True if one of the view's longest interactions waited or was processed between two moments (ms). */
export const interactedBetween = (start: number, end: number): boolean =>
  longest.some(([[, t], frame]) => end >= t && start * 1e3 <= frame[2])

export const captureInteractions = (): void => {
  let frames: Frame[] = []
  let view: number

  const take = (...entry: Entry): Interaction | undefined => {
    const [, t, duration, start, end, id] = entry
    // Each view has an INP of its own.
    if (view != (view = openedAt())) longest = []
    const paint = t * 1e3 + duration
    let frame = frames.find(([known]) => Math.abs(known - paint) <= ROUNDING)
    if (!frame) frames = [(frame = [paint, start, end]), ...frames.slice(0, FRAMES)]
    frame[1] = Math.min(frame[1], start)
    frame[2] = Math.max(frame[2], end)
    if (!id) return
    const [click, removed] = clicked
    const target = entry[7] || (click >= t && click * 1e3 <= paint ? removed : null)
    let known = longest.find(([one]) => one[5] == id)
    if (!known) longest.push((known = [entry, frame, target]))
    else if (duration > known[0][2]) [known[0], known[1]] = [entry, frame]
    else if (duration < known[0][2] || t != known[0][1]) return
    known[2] ||= target
    longest = longest.sort(([a], [b]) => b[2] - a[2]).slice(0, LONGEST)
    return known
  }
  const news = ([[, , duration], [, start, end], target]: Interaction): string => [duration, start, end, target] + ''

  listen('click', ({ isTrusted, timeStamp, target }) => {
    if (isTrusted) clicked = [timeStamp, selector(target as Node)]
  })
  for (const [, number, t, ...fields] of early(Kind.Interaction)) {
    const known = take(number, t / 1e3, ...(fields as [number, number, number, number, string, string | null]))
    if (known) known[3] = news(known)
  }
  const tell = (): void => {
    waits = undefined
    longest.forEach((one) => {
      const [[number, t, duration, , , id, name], [, start, end], target] = one
      if (one[3] != (one[3] = news(one))) put(number, Kind.Interaction, t, duration, start, end, id, name, target)
    })
  }
  // When all entries of a frame are there, and the page has nothing to do: less is left for the report.
  let waits: unknown[] | undefined
  keep(Kind.Interaction, (...entry) => {
    if (take(...(entry as unknown as Entry))) waits ||= [idle(tell)]
    return true
  })
  beforeCut(tell)
}
