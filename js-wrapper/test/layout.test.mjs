// The SDK never makes the browser compute styles or layout: a trace names the script behind each that was forced.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Kind, launch, page, secondChunk, serve, setHidden, WITHOUT_WASM } from './harness.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser?.close())

/** The page dirties its layout all the time, so that whatever asks for it forces it; and it asks itself, once. */
const BODY = `<h1>A page</h1><button>x</button><script>
  const dirty = () => {
    document.querySelector('h1').style.width = 100 + Math.random() * 100 + 'px'
  }
  for (const type of ['click', 'visibilitychange', 'pagehide', 'load'])
    for (const target of [window, document]) target.addEventListener(type, dirty, true)
  ;(function tick() { dirty(); setTimeout(tick) })()
  ;(function idle() { dirty(); requestIdleCallback(idle) })()
</script><script src="/asks.js"></script>`

/** URLs of the scripts that forced the browser to compute styles or layout. */
const forcing = (trace) => {
  const { traceEvents } = JSON.parse(trace)
  return traceEvents
    .filter(({ name }) => name === 'Layout' || name === 'UpdateLayoutTree')
    .flatMap(({ args }) => (args.beginData?.stackTrace || []).map(({ url }) => url.replace(/^http:\/\/[^/]*/, '')))
}

for (const isMobile of [false, true])
  test(`no forced layout ${isMobile ? 'on a phone' : 'on a desk'}`, async (t) => {
    const server = await serve({
      ...WITHOUT_WASM,
      '/': page({ head: '<meta name="viewport" content="width=device-width">', body: BODY }),
      '/asks.js': () => ({ body: 'dirty(); document.body.offsetWidth', type: 'text/javascript' }),
    })
    t.after(server.close)
    const context = await browser.newContext({ isMobile, viewport: { width: 400, height: 800 } })
    t.after(() => context.close())
    const tab = await context.newPage()
    await browser.startTracing(tab, {
      categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.stack'],
    })
    await tab.goto(server.origin)
    await secondChunk(server)
    await tab.click('button')
    await setHidden(tab, true)
    const batch = await server.batch(1)
    const forced = forcing(await browser.stopTracing())
    assert.ok(forced.includes('/asks.js'), 'a trace that has forced layouts shows them')
    assert.deepEqual(forced.filter((path) => path.startsWith('/rum')), [])
    const [{ viewport_width, viewport_height }] = batch.named(Kind.Surroundings)
    assert.deepEqual([viewport_width, viewport_height], [400, 800])
  })
