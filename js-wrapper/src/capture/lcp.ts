// Candidates for the largest contentful paint.

import { Kind } from '../generated/wire'
import { sink } from '../stream'
import { plainUrl } from '../url'
import { observe } from './observe'
import { selector } from './selector'

export const captureLargestPaint = (): unknown =>
  observe('largest-contentful-paint', (entry: LargestContentfulPaint) =>
    sink(
      Kind.LargestPaint,
      entry.startTime,
      selector(entry.element) || (entry.id ? '#' + entry.id : null),
      (entry.url && plainUrl(entry.url)) || null,
    ),
  )
