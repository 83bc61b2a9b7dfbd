// The resource that a largest paint waited for, such as its image.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { beforeCut, observe, sink } from './hooks'

const enum Most {
  /** Candidates that are looked after: input may rule out the last ones afterwards. */
  Candidates = 10,
  /** Resources remembered: the browser's own list ends after 250. */
  Resources = 50,
}

type Candidate = [paint: LargestContentfulPaint, told?: string]
let candidates: Candidate[] = []

/** From now on the resource behind `paint` is recorded, with the paint's time. */
export const followPaint = (paint: LargestContentfulPaint): void => {
  if (paint.url) candidates = [...candidates, [paint] as Candidate].slice(-Most.Candidates)
}

export const capturePaintResources = (): void => {
  let latest: PerformanceResourceTiming[] = []
  observe('largest-contentful-paint', followPaint)
  observe('resource', (entry: PerformanceResourceTiming) => {
    latest = [...latest, entry].slice(-Most.Resources)
  })
  // At each report, for a video goes on loading.
  beforeCut(() =>
    candidates.forEach((candidate) => {
      const [{ url, startTime }] = candidate
      const requested = (entry: PerformanceResourceTiming): number => entry.requestStart || entry.startTime
      // Of several the last one that can have brought what was painted.
      const resource = [...(performance.getEntriesByName(url, 'resource') as typeof latest), ...latest]
        .filter((entry) => entry.name == url && requested(entry) <= startTime)
        .pop()
      if (!resource) return
      const fields = [requested(resource), resource.responseEnd].map(micros) as [number, number]
      if (candidate[1] != (candidate[1] = '' + fields)) sink(Kind.PaintResource, startTime, ...fields)
    }),
  )
}
