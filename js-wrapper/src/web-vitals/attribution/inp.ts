// Interaction to next paint, with its target, parts, and the scripts that it waited for.

import { core } from '../core'
import { measureINP, type Interaction } from '../inp'
import { observe } from '../observe'
import type { INPAttribution, INPAttributionReportOpts, INPMetric, INPMetricWithAttribution } from '../types/web-vitals-types'
import { whenIdleOrHidden } from '../visibility'
import { loadState } from './load-state'
import { targetOf } from './selector'

const SUBPARTS = ['input-delay', 'processing-duration', 'presentation-delay'] as const

export const onINP = (callback: (metric: INPMetricWithAttribution) => void, options?: INPAttributionReportOpts): void => {
  if (!core) return
  const own = { ...options }
  const inp = core.inp_new()
  /** Frames and interactions of entries that are part of an interaction. */
  const frames = new WeakMap<PerformanceEventTiming, number>()
  const interactions = new WeakMap<PerformanceEventTiming, Interaction>()
  /** All entries of a frame, if the page wants them. */
  const processed = new Map<number, PerformanceEventTiming[]>()
  let longFrames: PerformanceLongAnimationFrameTiming[] = []

  // Entries of one moment come in any order, so what they may need is kept until the page is idle.
  let tidying = false
  const tidy = () => {
    if (tidying) return
    tidying = true
    whenIdleOrHidden(() => {
      core.frames_tidy(inp)
      for (const frame of processed.keys()) if (!core.frames_has(inp, frame)) processed.delete(frame)
      longFrames = longFrames.filter(({ startTime, duration }, at) =>
        core.frames_may_need(inp, startTime, duration, longFrames.length - at),
      )
      tidying = false
    })
  }

  const attribute = ({ entries: [entry], navigationStartTime, value }: INPMetric): INPAttribution => {
    if (!entry)
      return {
        processedEventEntries: [],
        longAnimationFrameEntries: [],
        inputDelay: 0,
        processingDuration: 0,
        presentationDelay: value,
        loadState: loadState(navigationStartTime || 0),
      }
    const { last_part: part } = core
    const { startTime, duration, name } = entry
    const frame = frames.get(entry)!
    core.inp_ask(inp, frame, startTime, duration)
    const end = part(4)
    const attribution: INPAttribution = {
      interactionTarget: interactions.get(entry)?.target,
      interactionType: name.startsWith('key') ? 'keyboard' : 'pointer',
      interactionTime: startTime,
      nextPaintTime: part(3),
      processedEventEntries: (processed.get(frame) ?? []).sort((a, b) => a.processingStart - b.processingStart),
      longAnimationFrameEntries: longFrames.filter((long) => long.startTime + long.duration >= startTime && long.startTime <= end),
      inputDelay: part(0),
      processingDuration: part(1),
      presentationDelay: part(2),
      loadState: loadState(startTime),
      longestScript: undefined,
      totalScriptDuration: undefined,
      totalStyleAndLayoutDuration: undefined,
      totalPaintDuration: undefined,
      totalUnattributedDuration: undefined,
    }
    for (const long of attribution.longAnimationFrameEntries) {
      core.inp_long_frame(inp, long.startTime, long.duration, long.styleAndLayoutStart)
      for (const script of long.scripts) {
        const subpart = core.inp_script(inp, script.startTime, script.duration, script.forcedStyleAndLayoutDuration)
        if (subpart) attribution.longestScript = { entry: script, subpart: SUBPARTS[subpart - 1]!, intersectingDuration: part(0) }
      }
    }
    if (attribution.longAnimationFrameEntries[0]) {
      core.inp_totals(inp)
      attribution.totalScriptDuration = part(0)
      attribution.totalStyleAndLayoutDuration = part(1)
      attribution.totalPaintDuration = part(2)
      attribution.totalUnattributedDuration = part(3)
    }
    return attribution
  }

  observe<PerformanceLongAnimationFrameTiming>(
    ['long-animation-frame'],
    (entries) => {
      longFrames = longFrames.concat(entries)
      tidy()
    },
    own,
  )
  measureINP((metric) => callback(Object.assign(metric, { attribution: attribute(metric) })), own, inp, {
    onEntry(entry) {
      const frame = core.frame_of(inp, entry.startTime, entry.duration, entry.processingStart, entry.processingEnd)
      if (own.includeProcessedEventEntries) {
        const known = processed.get(frame)
        if (known) known.push(entry)
        else processed.set(frame, [entry])
      }
      if (entry.interactionId) frames.set(entry, frame)
      tidy()
      return frame
    },
    onInteraction(interaction, entry) {
      interactions.set(entry, interaction)
      if (interaction.target) return
      const { entries } = interaction
      const node = entries.find(({ target }) => target)?.target
      if (node) interaction.target = targetOf(node, own)
      // The browser's own selector, of a node that is gone.
      else interaction.target = entries.find(({ targetSelector }) => targetSelector)?.targetSelector || interaction.target
    },
  })
}
