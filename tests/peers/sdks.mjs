// The SDKs that are compared, each as its makers' first page says: everything on that it captures by itself, nothing
// sampled out, all reports to the collector of the benchmark.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const versionOf = (path) => JSON.parse(readFileSync(here(path), 'utf8')).version

/** The SDK as it is delivered. */
const DIST = process.env.RUM_DIST ?? here('../../js-wrapper/dist')

const RELEASE = '1.0.0'

/** `source` is a module that starts one, given where its collector is; ours is the script tag. */
const SOURCES = {
  'web-vitals': {
    package: '../../node_modules/web-vitals/package.json',
    // Its README's way to send what it measures.
    source: (collector) => `
      import { onCLS, onFCP, onINP, onLCP, onTTFB } from ${JSON.stringify(here('../../node_modules/web-vitals/dist/web-vitals.attribution.js'))}
      const queue = new Set()
      const add = (metric) => queue.add(metric)
      const flush = () => {
        if (!queue.size) return
        const body = JSON.stringify([...queue].map(({ name, value, delta, rating, id, navigationType }) => ({ name, value, delta, rating, id, navigationType })))
        queue.clear()
        navigator.sendBeacon?.('${collector}/analytics', body) || fetch('${collector}/analytics', { body, method: 'POST', keepalive: true })
      }
      for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(add)
      addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && flush())
    `,
  },
  elastic: {
    package: 'node_modules/@elastic/apm-rum/package.json',
    source: (collector) => `
      import { init } from '@elastic/apm-rum'
      init({ serviceName: 'shop', serviceVersion: '${RELEASE}', serverUrl: '${collector}' })
    `,
  },
  faro: {
    package: 'node_modules/@grafana/faro-web-sdk/package.json',
    source: (collector) => `
      import { getWebInstrumentations, initializeFaro } from '@grafana/faro-web-sdk'
      initializeFaro({ url: '${collector}/collect', app: { name: 'shop', version: '${RELEASE}' }, instrumentations: getWebInstrumentations() })
    `,
  },
  sentry: {
    package: 'node_modules/@sentry/browser/package.json',
    source: (collector) => `
      import * as Sentry from '@sentry/browser'
      Sentry.init({
        dsn: '${collector.replace('://', '://key@')}/1',
        release: '${RELEASE}',
        integrations: [Sentry.browserTracingIntegration()],
        tracesSampleRate: 1,
      })
    `,
  },
}

/** A classic script that starts an SDK, as small as its bundle gets. */
async function script({ source }, collector) {
  const options = { bundle: true, minify: true, format: 'iife', target: 'es2022', write: false, logLevel: 'silent' }
  // Development builds of peers would log and check more.
  const define = { 'process.env.NODE_ENV': '"production"' }
  const { outputFiles } = await build({ ...options, define, stdin: { contents: source(collector), resolveDir: here('.') } })
  return outputFiles[0].text
}

/**
 * By name: the `version`, the `tag` that brings it into a page, and the `script` that the page's own server has for it, if
 * it does. The first one is a page without any.
 */
export async function sdks(collector) {
  const all = {
    none: { version: null, tag: '' },
    'wasm-rum': { version: versionOf('../../js-wrapper/package.json'), tag: `<script src="${collector}/rum.js" data-app="shop"></script>` },
  }
  for (const [name, peer] of Object.entries(SOURCES)) {
    all[name] = { version: versionOf(peer.package), tag: '<script src="/sdk.js"></script>', script: await script(peer, collector) }
  }
  return all
}

/** Ours with less and less missing: the folder that a collector serves it from says what is not there, see `servers.mjs`. */
export const parts = (collector) => {
  const version = versionOf('../../js-wrapper/package.json')
  const tag = (folder) => `<script src="${collector}${folder}/rum.js" data-app="shop"></script>`
  return {
    none: { version: null, tag: '' },
    'capture script': { version, tag: tag('/without-chunk') },
    'with the second chunk': { version, tag: tag('/without-wasm') },
    'with the Wasm: all of it': { version, tag: tag('') },
  }
}

export { DIST }
