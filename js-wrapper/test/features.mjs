// What the tests of the SDK's features begin with: a page whose second chunk captures, with its records raw or computed.

import { noteWasm, page, secondChunk, serve, WITHOUT_WASM } from './harness.mjs'

/** `tag` are the attributes of the script element besides its app, `headers` the page's; `raw` keeps the Wasm away, so that records come as they are. */
export const open = async (t, browser, { tag = '', routes = {}, raw = true, prepare = () => {}, ready = true, head = '', headers = {}, body } = {}) => {
  const script = `<script async src="/rum.js" data-app="demo" ${tag}></script>`
  const server = await serve({ ...(raw ? WITHOUT_WASM : {}), '/': () => ({ type: 'text/html', headers, body: page({ tag: script, head, body }) }), '/api': () => ({ body: '{}' }), ...routes })
  t.after(server.close)
  const context = await browser.newContext()
  t.after(() => context.close())
  await prepare(context)
  await noteWasm(context)
  const tab = await context.newPage()
  const complaints = []
  tab.on('pageerror', (error) => complaints.push(error.message))
  await tab.goto(server.origin)
  if (ready) await secondChunk(server)
  if (ready && !raw) await tab.waitForFunction(() => window.wasmIsUp)
  return { server, tab, context, complaints }
}
