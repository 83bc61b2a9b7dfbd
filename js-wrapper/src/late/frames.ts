// Long animation frames, or long tasks where the browser has no such frames.

import { micros, now } from '../clock'
import { Kind, type Script } from '../generated/wire'
import type { Fields } from '../stream'
import { beforeCut, idle, observe, plainUrl, sink } from './hooks'
import { interactedBetween } from './interactions'
import { bounded } from './sampling'

const enum Most {
  /** Frames that met interactions, of one view: they are repeated in every raw batch. */
  Kept = 20,
  /** Others between two reports, of as many as of any sort. */
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

/** A frame, and what is said of it. */
type Waiting = [frame: PerformanceLongAnimationFrameTiming, said?: Fields<Kind.LongFrame>]

/**
 * Records frames at each report, for only then it is known which of them met an interaction, and which are the longest. Of
 * the others, one that kept nobody waiting is no news.
 */
export const captureFrames = (weight: number | null): void => {
  let waiting: Waiting[] = []
  const isKept = bounded(Most.Kept)
  const fits = bounded()

  const say = (one: Waiting): Fields<Kind.LongFrame> => (one[1] ||= fields(one[0], weight))

  /** Those that met one of the longest interactions, and the longest others. */
  const sift = (): [met: Waiting[], others: Waiting[]] => {
    const met = waiting.filter(([{ startTime, duration }]) => interactedBetween(startTime, startTime + duration))
    const others = waiting
      .filter((one) => !met.includes(one) && one[0].blockingDuration !== 0)
      .sort(([a], [b]) => b.duration - a.duration)
    return [met, others.slice(0, Most.Others)]
  }

  observe(
    window.PerformanceLongAnimationFrameTiming ? 'long-animation-frame' : 'longtask',
    (frame: PerformanceLongAnimationFrameTiming) => {
      if (waiting.push([frame]) > Most.Waiting) {
        const fit = sift().flat()
        // The latest stay, for the entry of their interaction may still be on its way.
        waiting = waiting.filter((one, at) => at >= Most.Waiting - Most.Others || fit.includes(one))
      }
      // When the page has nothing to do: less is left for the report.
      idle(() => sift().flat().forEach(say))
    },
  )
  beforeCut(() => {
    const [met, others] = sift()
    waiting = []
    met.forEach((one) => isKept() && sink(Kind.InteractionFrame, one[0].startTime, ...say(one)))
    others.forEach((one) => fits() && sink(Kind.LongFrame, now(), ...say(one)))
  })
}
