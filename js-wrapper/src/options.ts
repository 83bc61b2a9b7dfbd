// What the page tells us, once.

/** How many documents record something: from 0, none, to 1, all; true is 1 and false is 0. */
export type Rate = number | boolean

/** Options of `init`. */
export type Options = {
  /** The app's key, as the collector's configuration has it. It is public: it can only write. */
  app: string
  /** Where the collector is, such as `https://rum.example.com`. */
  endpoint: string
  /** The version of the page, such as `2026-11-21.3` or a commit. */
  release?: string
  /** Where the page runs, such as `production`. */
  environment?: string
  /** Where the Wasm is served from, if not beside the code of this package. */
  wasm?: string | URL
  /** Long animation frames, or long tasks where the browser has no such frames. 1 if absent. */
  longFrames?: Rate
  /** Elements with the attribute `elementtiming`. 1 if absent. */
  elementTiming?: Rate
  /** Resources that the page loads. 0 if absent. */
  resources?: Rate
  /** Marks and measures of User Timing. 0 if absent. */
  userTiming?: Rate
}

export let options: Options

export const configure = (given: Options): void => {
  options = given
}
