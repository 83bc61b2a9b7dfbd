// `wasm-rum/vue`: a plugin that reports the app's errors, and names views by vue-router's routes.

import { captureError, init, type Options } from './index'
import { show } from './route'

/** What is used of a component. */
type Instance = { $parent?: Instance | null; $options: { name?: string; __name?: string } } | null

/** What is used of Vue's app. */
type App = { config: { errorHandler?: (error: unknown, instance: any, info: string) => void } }

/** What is used of a router: that of vue-router is one. */
export type Router = {
  afterEach(told: (to: { path: string; matched: readonly { path: string }[] }, from: unknown, failure?: unknown) => void): unknown
}

/** The names of a component and of those around it. */
const stack = (instance: Instance | undefined): string => {
  let names = ''
  for (; instance; instance = instance.$parent) {
    const { name, __name } = instance.$options
    names += `\n    at <${name || __name || 'Anonymous'}>`
  }
  return names
}

/** Options of `init`; with a router its routes name the views, and a path alone opens none. */
export type VueOptions = Options & { router?: Router }

/** `app.use(wasmRum, { router, app: 'KEY', endpoint: 'https://rum.example.com' })` */
export const wasmRum = {
  install: ({ config }: App, { router, ...options } = {} as VueOptions): void => {
    init({ routes: !router, ...options })

    const before = config.errorHandler
    config.errorHandler = (error, instance, info) => {
      captureError(error, { componentStack: stack(instance), info })
      // What Vue does if there is no handler.
      before ? before(error, instance, info) : console.error(error)
    }

    router?.afterEach(({ path, matched }, _, failure) => {
      if (!failure) show(matched.at(-1)?.path || path, path)
    })
  },
}
