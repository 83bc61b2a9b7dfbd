// Event Timing, for INP: the entries of interactions, and of events that shared a frame with one.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { lose } from '../loss'
import { sink } from '../stream'
import { beforeCut } from '../view'
import { lastClick } from './input'
import { observe } from './observe'
import { selector } from './selector'

/** Entries that wait for a report. */
const MOST = 100
/** ms, as the reference library has it: two and a half frames. */
const THRESHOLD = 40

/** Takes an entry, and its target if it is of an interaction. */
export type TakeEntry = (entry: PerformanceEventTiming, target: string | null) => unknown

const waiting: Parameters<TakeEntry>[] = []

/** Until the second chunk knows which of them say something new, all wait for a report. */
let take: TakeEntry = (...given) => (waiting.length < MOST ? waiting.push(given) : lose())

/** From now on `to` takes the entries, with those that wait. */
export const handEntriesTo = (to: TakeEntry): void => {
  waiting.splice(0).forEach((given) => to(...given))
  take = to
}

/** Records an entry; what was processed may be more than its own handlers. */
export const sinkEntry = (
  entry: PerformanceEventTiming,
  target: string | null,
  start = entry.processingStart,
  end = entry.processingEnd,
): void =>
  sink(
    Kind.Interaction,
    entry.startTime,
    micros(entry.duration),
    micros(start),
    micros(end),
    entry.interactionId!,
    entry.name,
    target,
  )

export const captureInteractions = (): void => {
  const look = (entry: PerformanceEventTiming): void => {
    const { interactionId, startTime, duration } = entry
    // An engine that does not tell what is an interaction has no INP.
    if (interactionId! >= 0)
      take(
        entry,
        interactionId
          ? selector(entry.target) ||
              // What a click removes from the page is no longer known to the entries around it.
              (lastClick[0]! >= startTime && lastClick[0]! <= startTime + duration ? lastClick[1]! : null)
          : null,
      )
  }
  observe('event', look, THRESHOLD)
  observe('first-input', look)
  beforeCut(() => waiting.splice(0).forEach((given) => sinkEntry(...given)))
}
