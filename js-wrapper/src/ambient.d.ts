// What the build defines, and what TypeScript's DOM does not know yet.

/** The version of this package. */
declare const __VERSION__: string
/** The name of the Wasm beside the glue. */
declare const __WASM__: string
/** The name of the glue beside the script. */
declare const __GLUE__: string

interface Window {
  /** Early errors, from the stub; then the sign that we are here. */
  wasmRum?: Event[] | { push(event: Event): void }
}

/** https://wicg.github.io/nav-speculation/prerendering.html */
interface Document {
  readonly prerendering?: boolean
}
interface PerformanceNavigationTiming {
  readonly activationStart?: number
}

/** https://wicg.github.io/netinfo/ */
interface Navigator {
  readonly connection?: { readonly effectiveType?: string }
}

/** https://wicg.github.io/layout-instability/ */
interface LayoutShift extends PerformanceEntry {
  readonly value: number
  readonly hadRecentInput: boolean
  readonly sources?: readonly { readonly node: Node | null }[]
}
