// The browser's own soft navigations (https://github.com/WICG/soft-navigations), with their largest paints.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { ViewKind } from '../view'
import { drift } from './holder'
import { listen, observe, openedAt, plainUrl, selector, sink } from './hooks'
import { followPaint } from './paint-resource'
import { watched } from './routes'

export const captureSoftNavigations = (): void => {
  let open = false

  const takePaint = ({ interactionId, largestContentfulPaint: paint }: InteractionContentfulPaint): void => {
    // Chromium may tell of an interaction's paint without it: https://github.com/GoogleChrome/web-vitals/issues/725
    if (!paint) return
    const { startTime, element, id, url } = paint
    followPaint(paint)
    sink(
      Kind.SoftPaint,
      startTime,
      selector(element) || (id ? '#' + id : null),
      url ? plainUrl(url) : null,
      interactionId,
    )
  }

  // Before its largest paint so far is asked for, so that none is missed; the core takes no paint of an interaction that
  // it does not know as a navigation.
  observe('soft-navigation', (entry: PerformanceSoftNavigation) => {
    const { startTime, interactionId, presentationTime, paintTime } = entry
    // The change of route was heard before: it is the same view.
    if (watched() && openedAt() < startTime) drift(ViewKind.Soft, startTime)
    const painted = presentationTime || paintTime
    sink(Kind.SoftNavigation, startTime, interactionId, painted ? micros(painted) : null)
    open = true
    const largest = entry.getLargestInteractionContentfulPaint?.()
    if (largest) takePaint(largest)
  })
  observe('interaction-contentful-paint', takePaint)

  // The capture script tells the document's first input only.
  for (const type of ['click', 'keydown'])
    listen(type, ({ isTrusted, timeStamp }) => {
      if (!open || !isTrusted) return
      open = false
      sink(Kind.Input, timeStamp)
    })
}
