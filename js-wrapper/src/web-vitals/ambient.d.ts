// What the build defines.

/** The Wasm as text, for `decode`. */
declare const __CORE__: string
