// Entry of the npm package. What is here only calls what `init` has started.

import type { Interface } from './late/interface'
import type { Attributes, Consent, Level, User } from './options'

export type * from './generated/events'
export { init } from './init'
export type { Attributes, Consent, Level, Match, Options, Rate, User } from './options'

/** Calls made before the second chunk is there wait for it. None does anything before `init`, and none throws. */
const call = (use: (rum: Interface) => unknown): void => {
  if (typeof window != 'undefined') window.wasmRum?.push?.(use as never)
}

/** The page's clock: what is called now may be heard later. */
const now = (): number => (typeof performance == 'undefined' ? 0 : performance.now())

/**
 * Opens a page view of this name: the one before it is reported and ends. For apps whose views are not their paths. A
 * prerendered page has none before it is seen: then the name is that of a view which begins with that.
 */
export const startView = (name: string): void => {
  const t = now()
  call((rum) => rum.startView(name, t))
}

/** Reports an error that the page has caught, with what the page knows about it. */
export const captureError = (error: unknown, context?: Attributes): void => call((rum) => rum.captureError(error, context))

/** Records that something happened. */
export const track = (name: string, attributes?: Attributes): void => call((rum) => rum.track(name, attributes))

/** Records a number, to the thousandth. */
export const measure = (name: string, value: number, attributes?: Attributes): void =>
  call((rum) => rum.measure(name, value, attributes))

/** Writes a line into the log. */
export const log = (level: Level, message: string, attributes?: Attributes): void =>
  call((rum) => rum.log(level, message, attributes))

/** Says who uses the page; nobody in particular without an argument. */
export const setUser = (user?: User | null): void => call((rum) => rum.setUser(user))

/** Says what holds from now on, in the place of what was said before. */
export const setContext = (context?: Attributes | null): void => call((rum) => rum.setContext(context))

/** Adds a property to what holds. */
export const addTag = (name: string, value: unknown): void => call((rum) => rum.addTag(name, value))

/** Says which variant of a feature the user has. */
export const setFlag = (name: string, value: unknown): void => call((rum) => rum.setFlag(name, value))

/** Says what the user has agreed to. Nothing is stored or sent before `granted` where `init` was told `pending`. */
export const setConsent = (consent: Consent): void => call((rum) => rum.setConsent(consent))

/** The session; none before the SDK has loaded. */
export const getSession = (): { id: string } | undefined =>
  typeof window == 'undefined' ? undefined : window.wasmRum?.getSession?.()

/** Sends what waits, and captures nothing any more in this document. */
export const stop = (): void => call((rum) => rum.stop())
