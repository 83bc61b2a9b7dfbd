// What the page tells us, once.

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
}

export let options: Options

export const configure = (given: Options): void => {
  options = given
}
