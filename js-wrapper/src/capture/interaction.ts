// Interactions, for INP.

import { micros } from '../clock'
import { Kind, type Id } from '../generated/wire'
import { sink } from '../stream'
import { viewId } from '../view'
import { lastClick } from './input'
import { observe } from './observe'
import { selector } from './selector'

/** INP is one of the ten longest (https://web.dev/articles/inp); what cannot be among them is not queued. */
const LONGEST = 10
/** ms, as the reference library has it: two and a half frames. */
const THRESHOLD = 40

export const captureInteractions = (): void => {
  /** The longest entry of each of the longest interactions. */
  let longest: PerformanceEventTiming[] = []
  let view: Id | undefined
  const take = (entry: PerformanceEventTiming): void => {
    const { interactionId: id, duration, startTime } = entry
    // Only an engine without ids has a first input with none.
    if (!id && (id == 0 || entry.entryType == 'event')) return
    // Each view has an INP of its own.
    if (view != viewId) longest = []
    view = viewId
    const known = longest.find((one) => one.interactionId == id)
    if ((known || longest[LONGEST - 1])?.duration! > duration) return
    longest = [entry, ...longest.filter((one) => one != known)]
      .sort((a, b) => b.duration - a.duration)
      .slice(0, LONGEST)
    sink(
      Kind.Interaction,
      startTime,
      micros(duration),
      micros(entry.processingStart),
      micros(entry.processingEnd),
      id || 0,
      entry.name,
      // What a click removes from the page is no longer known to the entries around it.
      selector(entry.target) || (lastClick[0]! >= startTime && lastClick[0]! <= startTime + duration ? lastClick[1]! : null),
    )
  }
  observe('event', take, THRESHOLD)
  observe('first-input', take)
}
