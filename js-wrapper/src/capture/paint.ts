// First contentful paint.

import { Kind } from '../generated/wire'
import { sink } from '../stream'
import { observe } from './observe'

export const captureFirstPaint = (): unknown =>
  observe('paint', (entry: PerformanceEntry) => {
    if (entry.name == 'first-contentful-paint') sink(Kind.Paint, entry.startTime)
  })
