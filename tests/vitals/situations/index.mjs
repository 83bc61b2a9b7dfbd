// All situations, by theme.

import { CLS } from './cls.mjs'
import { INP } from './inp.mjs'
import { LCP } from './lcp.mjs'

export const THEMES = { LCP, CLS, INP }
