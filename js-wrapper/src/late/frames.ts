// Long animation frames, or long tasks where the browser has no such frames.

import { micros, now } from '../clock'
import { Kind, type Script } from '../generated/wire'
import type { Fields } from '../stream'
import { beforeCut, lose, observe, openedAt, plainUrl, sink } from './hooks'
import { interactedBetween } from './interactions'

const enum Most {
  /** Frames that met interactions, of one view: they are repeated in every raw batch. */
  Kept = 20,
  /** Others between two reports. */
  Others = 10,
  /** Scripts of a frame. */
  Scripts = 10,
  /** Frames that wait for a report before the unfit ones go. */
  Waiting = 100,
  /** UTF-16 units of a name. */
  Name = 200,
}

const enum FrameKind {
  Frame,
  Task,
}

const url = (text: string): string => text && plainUrl(text)

/** Which code ran, and what called it: a script's URL, or the element's with the attribute src, which is a URL as well. */
const describe = (script: PerformanceScriptTiming): Script => {
  const { startTime, duration, invokerType, invoker } = script
  return [
    micros(startTime),
    micros(duration),
    micros(script.forcedStyleAndLayoutDuration),
    micros(script.pauseDuration),
    invokerType,
    (/-script$/.test(invokerType)
      ? url(invoker)
      : invoker.replace(/(\[src="?)(.*?)(?="?\])/, (_, name, src) => name + url(src))
    ).slice(0, Most.Name),
    url(script.sourceURL),
    script.sourceFunctionName.slice(0, Most.Name),
    script.sourceCharPosition,
  ]
}

const fields = (frame: PerformanceLongAnimationFrameTiming, weight: number | null): Fields<Kind.LongFrame> => {
  const { startTime, duration, scripts } = frame
  const moment = (ms: number | undefined): number | null => (ms ? micros(ms) : null)
  return [
    micros(startTime),
    micros(duration),
    scripts ? FrameKind.Frame : FrameKind.Task,
    scripts ? micros(frame.blockingDuration) : null,
    moment(frame.renderStart),
    moment(frame.styleAndLayoutStart),
    moment(frame.firstUIEventTimestamp),
    weight,
    scripts
      ? [...scripts]
          .sort((a, b) => b.duration - a.duration)
          .slice(0, Most.Scripts)
          .map(describe)
      : null,
  ]
}

/**
 * Records frames at each report, for only then it is known which of them met an interaction, and which are the longest. Of
 * the others, one that kept nobody waiting is no news.
 */
export const captureFrames = (weight: number | null): void => {
  let waiting: PerformanceLongAnimationFrameTiming[] = []
  let kept = 0
  let view: number

  /** Those that met one of the longest interactions, and the longest others. */
  const sift = (): [met: typeof waiting, others: typeof waiting] => {
    const met = waiting.filter(({ startTime, duration }) => interactedBetween(startTime, startTime + duration))
    const others = waiting
      .filter((frame) => !met.includes(frame) && frame.blockingDuration !== 0)
      .sort((a, b) => b.duration - a.duration)
    return [met, others.slice(0, Most.Others)]
  }

  observe(
    PerformanceObserver.supportedEntryTypes.includes('long-animation-frame') ? 'long-animation-frame' : 'longtask',
    (frame: PerformanceLongAnimationFrameTiming) => {
      if (waiting.push(frame) > Most.Waiting) {
        const fit = sift().flat()
        // The latest stay, for the entry of their interaction may still be on its way.
        waiting = waiting.filter((one, at) => at >= Most.Waiting - Most.Others || fit.includes(one))
      }
    },
  )
  beforeCut(() => {
    const [met, others] = sift()
    waiting = []
    if (view != (view = openedAt())) kept = 0
    met.forEach((frame) => {
      if (kept++ < Most.Kept) sink(Kind.InteractionFrame, frame.startTime, ...fields(frame, weight))
      else lose()
    })
    others.forEach((frame) => sink(Kind.LongFrame, now(), ...fields(frame, weight)))
  })
}
