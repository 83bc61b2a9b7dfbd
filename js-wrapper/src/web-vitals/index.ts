// `wasm-rum/web-vitals`: the functions of web-vitals.

import { measureCLS } from './cls'
import { core } from './core'
import { measureFCP } from './fcp'
import { measureINP } from './inp'
import { measureLCP } from './lcp'
import { measureTTFB } from './ttfb'
import type { CLSMetric, FCPMetric, INPMetric, INPReportOpts, LCPMetric, ReportOpts, TTFBMetric } from './types/web-vitals-types'

export { CLSThresholds } from './cls'
export { FCPThresholds } from './fcp'
export { INPThresholds } from './inp'
export { LCPThresholds } from './lcp'
export { TTFBThresholds } from './ttfb'

export const onCLS = (callback: (metric: CLSMetric) => void, options?: ReportOpts): void => {
  if (core) measureCLS(callback, options)
}
export const onFCP = (callback: (metric: FCPMetric) => void, options?: ReportOpts): void => {
  if (core) measureFCP(callback, options)
}
export const onINP = (callback: (metric: INPMetric) => void, options?: INPReportOpts): void => {
  if (core) measureINP(callback, options)
}
export const onLCP = (callback: (metric: LCPMetric) => void, options?: ReportOpts): void => {
  if (core) measureLCP(callback, options)
}
export const onTTFB = (callback: (metric: TTFBMetric) => void, options?: ReportOpts): void => {
  if (core) measureTTFB(callback, options)
}
