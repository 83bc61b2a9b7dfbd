// One standard visit: load, one click that fetches three times and fails once, leave. And what it cost.

import { setTimeout as pause } from 'node:timers/promises'

import { Site } from './servers.mjs'

/** How long a visitor looks, in ms: before the click, after it, and when another tab is in front. */
const LOOKS = { before: 800, after: 700, gone: 500 }

/** A picture that is larger than the text: 1,200 × 500. */
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="500">${Array.from(
  { length: 400 },
  (_, at) => `<circle cx="${(at * 37) % 1_200}" cy="${(at * 91) % 500}" r="${4 + (at % 9)}" fill="hsl(${at % 360} 60% 50%)"/>`,
).join('')}</svg>`

/** Ten ms of the page's own work for a click, and what it asks for. */
const APP = `
  window.own = { longTasks: 0 }
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) own.longTasks += duration }).observe({ type: 'longtask', buffered: true })
  new PerformanceObserver((list) => { own.lcp = list.getEntries().at(-1).startTime }).observe({ type: 'largest-contentful-paint', buffered: true })
  new PerformanceObserver((list) => { for (const { interactionId, duration } of list.getEntries()) if (interactionId) own.inp = Math.max(own.inp ?? 0, duration) }).observe({ type: 'event', buffered: true, durationThreshold: 16 })
  document.querySelector('button').addEventListener('click', async () => {
    for (const end = performance.now() + 10; performance.now() < end; );
    for (let part = 0; part < 3; part++) fetch('/api/part').then((answer) => answer.json()).then(({ text }) => document.querySelector('ul').insertAdjacentHTML('beforeend', '<li>' + text))
    setTimeout(() => addToCart(undefined), 50)
  })
  const addToCart = (item) => priceOf(item)
  const priceOf = (item) => item.price
`

const page = (tag) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">${tag}</head>
<body><h1>Lamps for the second half of the day</h1><img src="/hero.svg" width="1200" height="500" alt=""><p><button>Add to cart</button></p><ul></ul>
${'<p>Warm, low and easy on the eyes. Made for reading, for talking, and for not noticing how late it is.</p>'.repeat(30)}<script>${APP}</script></body></html>`

const SECONDS = 1e3

/** Processor time of all pages' processes so far, in ms. */
async function processors(session) {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime, 0) * SECONDS
}

/**
 * Visits a page with this SDK in a browser that is `slower` times as slow. Gives `script_ms`, the main thread's tasks;
 * `cpu_ms`, all threads of the page's process; `long_task_ms`; `lcp_ms` and `inp_ms` as the page itself sees them; and what
 * the collector counted.
 */
export async function visit(browser, collector, { tag, script }, slower) {
  const site = await Site.open({
    '/': [page(tag), 'text/html'],
    '/hero.svg': [PICTURE, 'image/svg+xml'],
    '/api/part': ['{"text":"one more"}', 'application/json'],
    ...(script && { '/sdk.js': [script, 'text/javascript'] }),
  })
  collector.forget()
  const context = await browser.createBrowserContext()
  try {
    const tab = await context.newPage()
    const [session, whole] = [await tab.createCDPSession(), await browser.target().createCDPSession()]
    await session.send('Performance.enable')
    if (slower > 1) await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
    await tab.goto(site.origin)
    await pause(LOOKS.before)
    await tab.click('button', { delay: 40 })
    await pause(LOOKS.after)
    const other = await context.newPage()
    await tab.waitForFunction(() => document.hidden, { polling: 20 })
    await pause(LOOKS.gone)
    const { metrics } = await session.send('Performance.getMetrics')
    const tasks = metrics.find(({ name }) => name === 'TaskDuration').value * SECONDS
    const cpu = await processors(whole)
    const own = await tab.evaluate(() => own)
    await other.close()
    await whole.detach()
    return { script_ms: tasks, cpu_ms: cpu, long_task_ms: own.longTasks, lcp_ms: own.lcp, inp_ms: own.inp, ...collector.counts }
  } finally {
    await context.close()
    site.close()
  }
}
