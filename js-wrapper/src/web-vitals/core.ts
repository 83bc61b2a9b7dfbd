// The Wasm of rum-vitals, compiled when this module is imported. It decides and computes; all numbers are f64 unless the
// Rust says otherwise, `undefined` is NaN there, and a truth is 1 or 0. What its functions mean is said in rum-vitals/src.

import { decode } from './decode'

/** A window of layout shifts, or the interactions of one call of `onINP`: an address in the Wasm's memory. */
export type Handle = number

export interface Core {
  /** What the last function left behind besides its result. */
  last_part(number: number): number

  report_delta(value: number, previous: number | undefined): number
  report_rating(value: number, good: number, fair: number): 0 | 1 | 2
  time_after(t: number, origin: number): number

  page_hidden(t: number): void
  page_visible(): void
  page_seen(t: number): number

  cls_new(): Handle
  cls_shift(window: Handle, t: number, value: number): number
  cls_score(window: Handle): number
  cls_restart(window: Handle): void

  inp_new(): Handle
  inp_entry(inp: Handle, id: number, start: number, duration: number, frame: number): number
  inp_longest(inp: Handle, interactions: number, later: boolean): number
  inp_restart(inp: Handle): void
  inp_guess(id: number): number

  frame_of(inp: Handle, start: number, duration: number, processingStart: number, processingEnd: number): number
  frames_tidy(inp: Handle): void
  frames_has(inp: Handle, frame: number): number
  frames_may_need(inp: Handle, start: number, duration: number, latest: number): number
  inp_ask(inp: Handle, frame: number, start: number, duration: number): void
  inp_long_frame(inp: Handle, start: number, duration: number, styleAndLayoutStart: number): void
  inp_script(inp: Handle, start: number, duration: number, forcedStyleAndLayout: number): number
  inp_totals(inp: Handle): void

  lcp_parts(value: number, origin: number, responseStart: number, requestStart?: number, responseEnd?: number): void
  ttfb_parts(value: number, activation: number, worker: number, fetch: number, dns: number, connect: number, connected: number): void
  load_state(t: number, domInteractive: number, domContentLoadedStart: number, domComplete: number): 0 | 1 | 2 | 3
}

let exports: unknown
try {
  exports = new WebAssembly.Instance(new WebAssembly.Module(decode(__CORE__))).exports
} catch {
  console.warn(
    "wasm-rum/web-vitals measures nothing here: WebAssembly is missing, or refused: by a content security policy whose script-src lacks 'wasm-unsafe-eval', or by Chromium before 114. web-vitals does without.",
  )
}

/** Absent where WebAssembly is refused or missing; who is called then does nothing. */
export const core = exports as Core
