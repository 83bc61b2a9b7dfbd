// What the build defines, and what TypeScript's DOM does not know yet.

/** The version of this package. */
declare const __VERSION__: string
/** The name of the Wasm beside the glue. */
declare const __WASM__: string
/** The name of the glue beside the script. */
declare const __GLUE__: string

/** wasm-bindgen's output for rum-sdk, with two of its functions that the build exports besides. */
declare module 'rum-sdk' {
  export class Sdk {
    /** `settings` may be empty; `document` is JSON; `due` is called when what waits should be sent. */
    constructor(settings: object, document: string, due: () => void)
    /** Takes a JSON array of records; 0, or a diagnostics number. */
    push(records: string): number
    /** The next body, as long as there is something to send. */
    flush(batchId: string, sentAt: number): string | undefined
  }
  /** What the module imports. */
  export const imports: () => WebAssembly.Imports
  /** Makes an instance the one that `Sdk` uses. */
  export const use: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void
}

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
