// The types of `wasm-rum/web-vitals` and `wasm-rum/web-vitals/attribution`: those of web-vitals 6, so that swapping the
// import changes no type. Times are in ms since the time origin, durations in ms, unless a field says otherwise.

/** What every metric object has. */
export interface Metric {
  /** Which metric it is. */
  name: 'CLS' | 'FCP' | 'INP' | 'LCP' | 'TTFB'
  /** Its value so far: ms, and for CLS a score. */
  value: number
  /** How the value is judged by the metric's thresholds. */
  rating: 'good' | 'needs-improvement' | 'poor'
  /** What the value grew by since the last report, or the value itself in the first one. */
  delta: number
  /** Names this metric of this visit: what is reported again has the same id. A restored page has new ones. */
  id: string
  /** The browser's entries that the value was computed from; none if it was computed from none. */
  entries: PerformanceEntry[]
  /** What began the visit: the browser's navigation type, or what says more than that. */
  navigationType: 'navigate' | 'reload' | 'back-forward' | 'back-forward-cache' | 'prerender' | 'restore' | 'soft-navigation'
  /** The browser's id of the navigation; 0 where it has none. */
  navigationId: number
  /** Of a soft navigation: the `interactionId` of what caused it. */
  navigationInteractionId?: number
  /** When a restore or a soft navigation began; 0 of a load. */
  navigationStartTime?: number
  /** The address that the metric is about, which may not be the page's current one. */
  navigationURL?: string
}

/** Any metric. */
export type MetricType = CLSMetric | FCPMetric | INPMetric | LCPMetric | TTFBMetric

/** Any metric with attribution. */
export type MetricWithAttribution =
  | CLSMetricWithAttribution
  | FCPMetricWithAttribution
  | INPMetricWithAttribution
  | LCPMetricWithAttribution
  | TTFBMetricWithAttribution

/** The largest value that is good, and the largest that is not poor. */
export type MetricRatingThresholds = [number, number]

/** @deprecated Name the metric instead, as in `(metric: LCPMetric) => void`, or any by `(metric: MetricType) => void`. */
export interface ReportCallback {
  (metric: MetricType): void
}

/** Options of all functions. */
export interface ReportOpts {
  /** Report every change of the value, and not only what is final or the page's last word. */
  reportAllChanges?: boolean
  /** Of INP: the least duration of an event in ms, at least 16; 40 by default. */
  durationThreshold?: number
  /** Begin new metrics at the browser's soft navigations (Chromium 151 and later). */
  reportSoftNavs?: boolean
}

/** Options of all functions with attribution. */
export interface AttributionReportOpts extends ReportOpts {
  /** Names a node in the page's own way; where it returns nothing the node's selector is taken. */
  generateTarget?: (el: Node | null) => string | undefined
}

/** How far a document is: being parsed, parsed, with deferred scripts run, or with everything loaded. */
export type LoadState = 'loading' | 'dom-interactive' | 'dom-content-loaded' | 'complete'

/** Cumulative layout shift. */
export interface CLSMetric extends Metric {
  name: 'CLS'
  entries: LayoutShift[]
}

/** What shifted. Empty if nothing did. */
export interface CLSAttribution {
  /** The first element that the largest shift of the worst window moved. */
  largestShiftTarget?: string
  /** When that shift was. */
  largestShiftTime?: DOMHighResTimeStamp
  /** Its score. */
  largestShiftValue?: number
  /** Its entry. */
  largestShiftEntry?: LayoutShift
  /** The source that `largestShiftTarget` names. */
  largestShiftSource?: LayoutShiftAttribution
  /** How far the page was loaded then. */
  loadState?: LoadState
}

/** Cumulative layout shift, with what shifted. */
export interface CLSMetricWithAttribution extends CLSMetric {
  attribution: CLSAttribution
}

/** First contentful paint. */
export interface FCPMetric extends Metric {
  name: 'FCP'
  entries: PerformancePaintTiming[]
}

/** What the first paint waited for. */
export interface FCPAttribution {
  /** Until the document's first byte. */
  timeToFirstByte: number
  /** From then to the paint. */
  firstByteToFCP: number
  /** How far the page was loaded at the paint. */
  loadState: LoadState
  /** The paint's entry. */
  fcpEntry?: PerformancePaintTiming
  /** The entry of the navigation. */
  navigationEntry?: PerformanceNavigationTiming | PerformanceSoftNavigation
}

/** First contentful paint, with what it waited for. */
export interface FCPMetricWithAttribution extends FCPMetric {
  attribution: FCPAttribution
}

/** Options of `onINP`. */
export interface INPReportOpts extends ReportOpts {
  durationThreshold?: number
}

/** Options of `onINP` with attribution. */
export interface INPAttributionReportOpts extends AttributionReportOpts {
  durationThreshold?: number
  /** Fill `processedEventEntries`, which costs memory. */
  includeProcessedEventEntries?: boolean
}

/** Interaction to next paint. */
export interface INPMetric extends Metric {
  name: 'INP'
  entries: PerformanceEventTiming[]
}

/** The script that an interaction waited for most. */
export interface INPLongestScriptSummary {
  /** Its entry. */
  entry: PerformanceScriptTiming
  /** The part of the interaction that it ran in. */
  subpart: 'input-delay' | 'processing-duration' | 'presentation-delay'
  /** How much of it lay in the interaction. */
  intersectingDuration: number
}

/** What the interaction was, and what it waited for. What is optional is absent if the browser reported no entry. */
export interface INPAttribution {
  /** What the user acted on. */
  interactionTarget?: string
  /** When. */
  interactionTime?: DOMHighResTimeStamp
  /** With what. */
  interactionType?: 'pointer' | 'keyboard'
  /** When the next frame was painted, as near as rounded durations tell. */
  nextPaintTime?: DOMHighResTimeStamp
  /** The entries of the frame, if `includeProcessedEventEntries` is set. */
  processedEventEntries: PerformanceEventTiming[]
  /** Until the first handler of the frame ran. */
  inputDelay: number
  /** Until the last one had run. */
  processingDuration: number
  /** Until the next paint. */
  presentationDelay: number
  /** How far the page was loaded when the user acted. */
  loadState: LoadState
  /** The long animation frames that the interaction met. */
  longAnimationFrameEntries: PerformanceLongAnimationFrameTiming[]
  /** The script that took most of it. */
  longestScript?: INPLongestScriptSummary
  /** Scripts of at least 5 ms, without style and layout that they forced. */
  totalScriptDuration?: number
  /** Style and layout, forced or at a frame's end. */
  totalStyleAndLayoutDuration?: number
  /** From the last frame's end to the next paint. */
  totalPaintDuration?: number
  /** What no frame accounts for. */
  totalUnattributedDuration?: number
}

/** Interaction to next paint, with what it waited for. */
export interface INPMetricWithAttribution extends INPMetric {
  attribution: INPAttribution
}

/** Largest contentful paint. */
export interface LCPMetric extends Metric {
  name: 'LCP'
  entries: LargestContentfulPaint[]
}

/** What was painted, and what it waited for. The four parts add up to the value. */
export interface LCPAttribution {
  /** The element. */
  target?: string
  /** The address of its resource; absent of text. */
  url?: string
  /** Until the document's first byte. */
  timeToFirstByte: number
  /** Until the resource was asked for; 0 without one. */
  resourceLoadDelay: number
  /** Until the resource had come; 0 without one. */
  resourceLoadDuration: number
  /** Until the element was painted. */
  elementRenderDelay: number
  /** The entry of the navigation. */
  navigationEntry?: PerformanceNavigationTiming | PerformanceSoftNavigation
  /** The entry of the resource. */
  lcpResourceEntry?: PerformanceResourceTiming
  /** The entry of the paint. */
  lcpEntry?: LargestContentfulPaint
}

/** Options of `onLCP` with attribution. */
export interface LCPAttributionReportOpts extends AttributionReportOpts {
  /** The latest resources that are remembered besides the browser's first 250; 50 by default. One figure for the page. */
  resourceBufferSize?: number
}

/** Largest contentful paint, with what it waited for. */
export interface LCPMetricWithAttribution extends LCPMetric {
  attribution: LCPAttribution
}

/** Time to first byte. */
export interface TTFBMetric extends Metric {
  name: 'TTFB'
  entries: PerformanceNavigationTiming[] | PerformanceSoftNavigation[]
}

/** What the first byte waited for. With a service worker browsers differ: https://github.com/w3c/navigation-timing/issues/199 */
export interface TTFBAttribution {
  /** Until the request was handled at all: mostly redirects. */
  waitingDuration: number
  /** Service worker and HTTP cache. */
  cacheDuration: number
  /** Name look-up. */
  dnsDuration: number
  /** Connecting, TLS included. */
  connectionDuration: number
  /** Network and server. */
  requestDuration: number
  /** The entry of the navigation. */
  navigationEntry?: PerformanceNavigationTiming | PerformanceSoftNavigation
}

/** Time to first byte, with what it waited for. */
export interface TTFBMetricWithAttribution extends TTFBMetric {
  attribution: TTFBAttribution
}

interface PerformanceEntryMap {
  event: PerformanceEventTiming
  'interaction-contentful-paint': InteractionContentfulPaint
  'layout-shift': LayoutShift
  navigation: PerformanceNavigationTiming
  paint: PerformancePaintTiming
  resource: PerformanceResourceTiming
  'soft-navigation': PerformanceSoftNavigation
}

// What TypeScript's DOM does not know yet, or not as browsers have it.
declare global {
  /** https://wicg.github.io/nav-speculation/prerendering.html and https://wicg.github.io/page-lifecycle/ */
  interface Document {
    prerendering?: boolean
    wasDiscarded?: boolean
  }
  interface Performance {
    getEntriesByType<K extends keyof PerformanceEntryMap>(type: K): PerformanceEntryMap[K][]
  }
  /** https://github.com/WICG/soft-navigations */
  interface PerformanceEntry {
    navigationId?: number
  }
  /** https://w3c.github.io/event-timing/ */
  interface PerformanceObserverInit {
    durationThreshold?: number
  }
  interface PerformanceNavigationTiming extends PerformanceEntry {
    activationStart?: number
  }
  interface PerformanceEventTiming extends PerformanceEntry {
    duration: DOMHighResTimeStamp
    readonly interactionId: number
    readonly targetSelector: string
  }
  /** https://wicg.github.io/layout-instability/ */
  interface LayoutShiftAttribution {
    node: Node | null
    previousRect: DOMRectReadOnly
    currentRect: DOMRectReadOnly
  }
  interface LayoutShift extends PerformanceEntry {
    value: number
    sources: LayoutShiftAttribution[]
    hadRecentInput: boolean
  }
  /** https://w3c.github.io/largest-contentful-paint/ */
  interface LargestContentfulPaint extends PerformanceEntry {
    readonly renderTime: DOMHighResTimeStamp
    readonly loadTime: DOMHighResTimeStamp
    readonly size: number
    readonly id: string
    readonly url: string
    readonly element: Element | null
  }
  /** https://github.com/WICG/soft-navigations */
  interface InteractionContentfulPaint extends PerformanceEntry {
    readonly interactionId: number
    readonly largestContentfulPaint?: LargestContentfulPaint
  }
  interface PerformanceSoftNavigation extends PerformanceEntry {
    readonly interactionId: number
    readonly navigationType?: NavigationType
    readonly paintTime?: number
    readonly presentationTime?: number
    readonly getLargestInteractionContentfulPaint?: () => InteractionContentfulPaint | null
  }
  var PerformanceSoftNavigation: {
    prototype: PerformanceSoftNavigation
  }
  /** https://w3c.github.io/long-animation-frames/ */
  interface PerformanceScriptTiming extends PerformanceEntry {
    readonly startTime: DOMHighResTimeStamp
    readonly duration: DOMHighResTimeStamp
    readonly name: string
    readonly entryType: string
    readonly invokerType:
      | 'classic-script'
      | 'module-script'
      | 'event-listener'
      | 'user-callback'
      | 'resolve-promise'
      | 'reject-promise'
    readonly invoker: string
    readonly executionStart: DOMHighResTimeStamp
    readonly sourceURL: string
    readonly sourceFunctionName: string
    readonly sourceCharPosition: number
    readonly pauseDuration: DOMHighResTimeStamp
    readonly forcedStyleAndLayoutDuration: DOMHighResTimeStamp
    readonly window?: Window
    readonly windowAttribution: 'self' | 'descendant' | 'ancestor' | 'same-page' | 'other'
  }
  interface PerformanceLongAnimationFrameTiming extends PerformanceEntry {
    readonly startTime: DOMHighResTimeStamp
    readonly duration: DOMHighResTimeStamp
    readonly name: string
    readonly entryType: string
    readonly renderStart: DOMHighResTimeStamp
    readonly styleAndLayoutStart: DOMHighResTimeStamp
    readonly blockingDuration: DOMHighResTimeStamp
    readonly firstUIEventTimestamp: DOMHighResTimeStamp
    readonly scripts: PerformanceScriptTiming[]
  }
}
