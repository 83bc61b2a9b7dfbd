// Compiled only: what `wasm-rum/vue` takes and what it refuses.

import { createApp, createSSRApp } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { wasmRum, type VueOptions } from 'wasm-rum/vue'

const router = createRouter({ history: createMemoryHistory(), routes: [] })
const options: VueOptions = { app: 'a', endpoint: '/', router }
createApp({}).use(wasmRum, options).use(router)
createSSRApp({}).use(wasmRum, { app: 'a', endpoint: '/', environment: 'test' })
// @ts-expect-error it needs an app
createApp({}).use(wasmRum, { endpoint: '/' })
// @ts-expect-error no router
createApp({}).use(wasmRum, { app: 'a', endpoint: '/', router: {} })
