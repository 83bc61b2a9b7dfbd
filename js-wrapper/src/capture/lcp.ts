// Candidates for the largest contentful paint.

import { Kind } from '../generated/wire'
import { sink } from '../stream'
import { plainUrl } from '../url'
import { observe } from './observe'
import { selector } from './selector'

export const captureLargestPaint = (): unknown =>
  observe('largest-contentful-paint', ({ startTime, element, id, url }: LargestContentfulPaint) =>
    sink(Kind.LargestPaint, startTime, selector(element) || (id ? '#' + id : null), url ? plainUrl(url) : null),
  )
