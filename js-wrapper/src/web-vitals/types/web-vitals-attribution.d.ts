// The types of `wasm-rum/web-vitals/attribution`: the functions of `wasm-rum/web-vitals`, whose metrics say why besides.

import type {
  AttributionReportOpts,
  CLSMetricWithAttribution,
  FCPMetricWithAttribution,
  INPAttributionReportOpts,
  INPMetricWithAttribution,
  LCPAttributionReportOpts,
  LCPMetricWithAttribution,
  TTFBMetricWithAttribution,
} from './web-vitals-types.js'

export { CLSThresholds, FCPThresholds, INPThresholds, LCPThresholds, TTFBThresholds } from './web-vitals.js'

/** Cumulative layout shift, with what shifted most. */
export declare const onCLS: (callback: (metric: CLSMetricWithAttribution) => void, options?: AttributionReportOpts) => void
/** First contentful paint, with what it waited for. */
export declare const onFCP: (callback: (metric: FCPMetricWithAttribution) => void, options?: AttributionReportOpts) => void
/** Interaction to next paint, with what the user acted on and what that waited for. */
export declare const onINP: (callback: (metric: INPMetricWithAttribution) => void, options?: INPAttributionReportOpts) => void
/** Largest contentful paint, with the element and what it waited for. */
export declare const onLCP: (callback: (metric: LCPMetricWithAttribution) => void, options?: LCPAttributionReportOpts) => void
/** Time to first byte, with what it waited for. */
export declare const onTTFB: (callback: (metric: TTFBMetricWithAttribution) => void, options?: AttributionReportOpts) => void

export * from './web-vitals-types.js'
