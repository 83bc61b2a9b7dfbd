// Which interactions can be INP, and what their frames processed.

import { beforeCut, handEntriesTo, openedAt, sinkEntry } from './hooks'

/** INP is one of the ten longest (https://web.dev/articles/inp); what cannot be among them is not recorded. */
const LONGEST = 10
/** Frames that are remembered, for entries of one frame do not all come at one time. */
const FRAMES = 10
/** Entries whose paints are so many ms apart are of one frame: durations are rounded to that. */
const ROUNDING = 8

/** What one frame presented: from the first to the last handler of any event, interaction or not, all is processing. */
type Frame = [paint: number, start: number, end: number]
type Interaction = [longest: PerformanceEventTiming, frame: Frame, target: string | null, told?: string]

let longest: Interaction[] = []

/** True if one of the view's longest interactions waited or was processed between two moments (ms). */
export const interactedBetween = (start: number, end: number): boolean =>
  longest.some(([{ startTime }, frame]) => end >= startTime && start <= frame[2])

export const captureInteractions = (): void => {
  let frames: Frame[] = []
  let view: number

  handEntriesTo((entry, target) => {
    const { interactionId, duration, startTime, processingStart, processingEnd } = entry
    // Each view has an INP of its own.
    if (view != (view = openedAt())) longest = []
    const paint = startTime + duration
    let frame = frames.find(([known]) => Math.abs(known - paint) <= ROUNDING)
    if (!frame) frames = [(frame = [paint, processingStart, processingEnd]), ...frames.slice(0, FRAMES)]
    frame[1] = Math.min(frame[1], processingStart)
    frame[2] = Math.max(frame[2], processingEnd)
    if (!interactionId) return
    let known = longest.find(([one]) => one.interactionId == interactionId)
    if (!known) longest.push((known = [entry, frame, target]))
    else if (duration > known[0].duration) [known[0], known[1]] = [entry, frame]
    else if (duration < known[0].duration || startTime != known[0].startTime) return
    known[2] ||= target
    longest = longest.sort(([a], [b]) => b.duration - a.duration).slice(0, LONGEST)
  })

  // Not before a report, for until then a longer one may take its place.
  beforeCut(() =>
    longest.forEach((one) => {
      const [entry, [, start, end], target] = one
      if (one[3] != (one[3] = [entry.duration, start, end, target] + '')) sinkEntry(entry, target, start, end)
    }),
  )
}
