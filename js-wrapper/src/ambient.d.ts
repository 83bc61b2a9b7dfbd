// What the build defines, and what TypeScript's DOM does not know yet.

/** The version of this package. */
declare const __VERSION__: string
/** The name of the Wasm beside the glue. */
declare const __WASM__: string
/** The name of the glue beside the script. */
declare const __GLUE__: string

interface Window {
  readonly LargestContentfulPaint?: unknown
  readonly PerformanceLongAnimationFrameTiming?: unknown
  /** Early errors, from the stub; then the sign that we are here. */
  wasmRum?: (Event[] & { app?: undefined; getSession?: undefined }) | ({ app: string; push(call: unknown): void } & Partial<import('./late/interface').Interface>)
}

/** https://wicg.github.io/nav-speculation/prerendering.html */
interface Document {
  readonly prerendering?: boolean
  /** https://wicg.github.io/page-lifecycle/ */
  readonly wasDiscarded?: boolean
}
interface PerformanceNavigationTiming {
  readonly activationStart?: number
  /** https://html.spec.whatwg.org/multipage/nav-history-apis.html#the-notrestoredreasons-interface */
  readonly notRestoredReasons?: NotRestoredReasons | null
}
interface NotRestoredReasons {
  readonly reasons: readonly { readonly reason: string }[] | null
  readonly children: readonly NotRestoredReasons[] | null
}

/** https://www.w3.org/TR/resource-timing/ */
interface PerformanceResourceTiming {
  readonly deliveryType?: string
  readonly renderBlockingStatus?: string
}

/** https://wicg.github.io/netinfo/ */
interface Navigator {
  /** https://www.w3.org/TR/gpc/ */
  readonly globalPrivacyControl?: boolean
  readonly doNotTrack?: string | null
  readonly connection?: {
    readonly effectiveType?: string
    readonly downlink?: number
    readonly rtt?: number
    readonly saveData?: boolean
  }
  /** https://www.w3.org/TR/device-memory/ */
  readonly deviceMemory?: number
}

/** https://github.com/WICG/event-timing: what names a target that is gone. */
interface PerformanceEventTiming {
  readonly targetSelector?: string
}

/** https://wicg.github.io/layout-instability/ */
interface LayoutShift extends PerformanceEntry {
  readonly value: number
  readonly hadRecentInput: boolean
  readonly sources?: readonly { readonly node: Node | null }[]
}

/** https://w3c.github.io/long-animation-frames/ */
interface PerformanceScriptTiming extends PerformanceEntry {
  readonly invokerType: string
  readonly invoker: string
  readonly sourceURL: string
  readonly sourceFunctionName: string
  readonly sourceCharPosition: number
  readonly pauseDuration: number
  readonly forcedStyleAndLayoutDuration: number
}
/** A long task has none of its own properties. */
interface PerformanceLongAnimationFrameTiming extends PerformanceEntry {
  readonly blockingDuration: number
  readonly renderStart: number
  readonly styleAndLayoutStart: number
  readonly firstUIEventTimestamp: number
  readonly scripts: readonly PerformanceScriptTiming[]
}

/** https://wicg.github.io/element-timing/ */
interface PerformanceElementTiming extends PerformanceEntry {
  readonly identifier: string
  readonly element: Element | null
  readonly url: string
}

/** https://github.com/WICG/soft-navigations */
interface InteractionContentfulPaint extends PerformanceEntry {
  readonly interactionId: number
  readonly largestContentfulPaint?: LargestContentfulPaint
}
interface PerformanceSoftNavigation extends PerformanceEntry {
  readonly interactionId: number
  readonly paintTime?: number
  readonly presentationTime?: number
  readonly getLargestInteractionContentfulPaint?: () => InteractionContentfulPaint | null
}
