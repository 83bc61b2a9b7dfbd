// What the page itself wants timed: marks and measures, and elements.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { observe, plainUrl, selector, sink } from './hooks'
import { bounded } from './sampling'

/** UTF-16 units of a name. */
const LONGEST = 200

/** Records marks and measures of User Timing. */
export const captureUserTiming = (weight: number | null): void => {
  const fits = bounded()
  for (const type of ['mark', 'measure'])
    observe(type, ({ name, startTime, duration }: PerformanceEntry) => {
      if (fits())
        sink(
          Kind.UserTiming,
          startTime,
          micros(startTime),
          name.slice(0, LONGEST),
          type == 'mark' ? null : micros(duration),
          weight,
        )
    })
}

/** Records the paints of elements with the attribute `elementtiming`. */
export const captureElementTiming = (weight: number | null): void => {
  const fits = bounded()
  observe('element', ({ startTime, identifier, element, url }: PerformanceElementTiming) => {
    if (fits())
      sink(
        Kind.ElementTiming,
        startTime,
        micros(startTime),
        identifier.slice(0, LONGEST),
        selector(element),
        url ? plainUrl(url) : null,
        weight,
      )
  })
}
