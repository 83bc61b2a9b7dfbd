// Event Timing, for INP: the entries of interactions, and of events that shared a frame with one.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { sink } from '../stream'
import { observe } from './observe'
import { selector } from './selector'

/** ms, as the reference library has it: two and a half frames. */
const THRESHOLD = 40

export const captureInteractions = (): void => {
  const look = (entry: PerformanceEventTiming): void => {
    // An engine that does not tell what is an interaction has no INP.
    if (entry.interactionId! >= 0)
      sink(
        Kind.Interaction,
        entry.startTime,
        micros(entry.duration),
        micros(entry.processingStart),
        micros(entry.processingEnd),
        entry.interactionId!,
        entry.name,
        entry.interactionId ? selector(entry.target) : null,
      )
  }
  observe('event', look, THRESHOLD)
  observe('first-input', look)
}
