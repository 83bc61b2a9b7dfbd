// The types of `wasm-rum/web-vitals`.

import type { CLSMetric, FCPMetric, INPMetric, INPReportOpts, LCPMetric, MetricRatingThresholds, ReportOpts, TTFBMetric } from './web-vitals-types.js'

/** Up to 0.1 is good, up to 0.25 is not poor. */
export declare const CLSThresholds: MetricRatingThresholds
/** In ms: up to 1,800 is good, up to 3,000 is not poor. */
export declare const FCPThresholds: MetricRatingThresholds
/** In ms: up to 200 is good, up to 500 is not poor. */
export declare const INPThresholds: MetricRatingThresholds
/** In ms: up to 2,500 is good, up to 4,000 is not poor. */
export declare const LCPThresholds: MetricRatingThresholds
/** In ms: up to 800 is good, up to 1,800 is not poor. */
export declare const TTFBThresholds: MetricRatingThresholds

/**
 * Cumulative layout shift (https://web.dev/articles/cls): `callback` is called whenever the page is hidden and the score has
 * changed, so maybe often in one visit; also for 0. With `reportAllChanges` it is called at every change.
 */
export declare const onCLS: (callback: (metric: CLSMetric) => void, options?: ReportOpts) => void
/** First contentful paint (https://web.dev/articles/fcp): `callback` is called once a visit, if the page was seen painting. */
export declare const onFCP: (callback: (metric: FCPMetric) => void, options?: ReportOpts) => void
/**
 * Interaction to next paint (https://web.dev/articles/inp): `callback` is called whenever the page is hidden and the value has
 * changed. Interactions below `durationThreshold` are not looked at, but for the first one of a page.
 */
export declare const onINP: (callback: (metric: INPMetric) => void, options?: INPReportOpts) => void
/**
 * Largest contentful paint (https://web.dev/articles/lcp): `callback` is called once it is final, which the first click, key or
 * hiding of the page makes it. With `reportAllChanges` it is called for every candidate.
 */
export declare const onLCP: (callback: (metric: LCPMetric) => void, options?: ReportOpts) => void
/** Time to first byte (https://web.dev/articles/ttfb): `callback` is called once a visit, after the page has loaded. */
export declare const onTTFB: (callback: (metric: TTFBMetric) => void, options?: ReportOpts) => void

export * from './web-vitals-types.js'
