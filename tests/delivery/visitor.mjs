// Visitors: each a browser profile and an app of its own, with ten visits and a last one in calm weather.

import { DEADLINE, POISON } from './weather.mjs'

export const VISITS = 10

/** How a visitor comes and goes. `session` is the SDK's option. */
export const MANNERS = {
  /** From page to page in one tab. */
  reader: { session: 'tab' },
  /** Each page in a tab of its own, which is closed. */
  opener: { session: 'browser', tabs: true },
  /** Some tabs are killed. */
  unlucky: { session: 'browser', tabs: true, kills: true },
  /** In one tab, through tunnels. */
  traveller: { session: 'tab', offline: true },
  /** With a browser whose requests end with the page. */
  old: { session: 'tab', beacons: true },
}

/** The page: does one thing after the other once the SDK records, and tells when it is left what that was. */
export const pageOf = (url) => {
  const id = url.pathname.slice(1)
  if (url.searchParams.get('app') === null) return '<!doctype html><title>plain</title>'
  const setting = (name) => url.searchParams.get(name)
  return `<!doctype html><meta charset="utf-8"><title>${id}</title><link rel="icon" href="data:,">
<script>(${script})(${JSON.stringify({ id, deeds: +setting('deeds'), poison: setting('poison') && POISON })})</script>
<script async src="/rum.js" data-app="${setting('app')}" data-session="${setting('session')}"></script>
<h1>${id}</h1><button>click ${id}!</button>`
}

function script({ id, deeds, poison }) {
  const told = { up: false, deeds: [] }
  const later = (ms) => new Promise((done) => setTimeout(done, ms))
  addEventListener('pagehide', () => localStorage.setItem(`told ${id}`, JSON.stringify(told)))
  addEventListener('click', () => told.deeds.push(`click ${id}!`))
  const run = async () => {
    while (!window.wasmRum) await later(1)
    // The SDK starts in tasks of their own, which were queued before this one.
    await later(1)
    told.up = true
    for (let n = 0; n < deeds; n++) {
      // A number alone would be an id to the collector.
      const path = `/api/${id}/${poison && n === 2 ? poison : `step-${n}`}`
      // A request that fails is recorded like any other, and before we hear of it.
      await fetch(path).catch(() => {})
      told.deeds.push(`${path}"`)
      if (n === 1) {
        // Long enough for a body that is compressed when it is sent later.
        reportError(new RangeError(`error of ${id}! ${'because '.repeat(110)}`))
        told.deeds.push(`error of ${id}!`)
      }
      await later(20)
    }
    window.done = true
  }
  run()
}

/** Switches the tab away and back, as headless Chromium cannot. */
const glance = (page) =>
  page.evaluate(async () => {
    for (const hidden of [true, false]) {
      if (hidden) Object.defineProperty(document, 'hidden', { value: true, configurable: true })
      // Back to the browser's own: when the tab is closed it has to say so.
      else delete document.hidden
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
      await new Promise((done) => setTimeout(done, 30))
    }
  })

/** Notes what was handed over to `sendBeacon`. */
function withoutKeepalive() {
  delete Request.prototype.keepalive
  const { sendBeacon } = Navigator.prototype
  let count = 0
  Navigator.prototype.sendBeacon = function (url, body) {
    const taken = sendBeacon.call(this, url, body)
    if (taken) localStorage.setItem(`beacon ${performance.timeOrigin} ${count++}`, body)
    return taken
  }
}

const crash = async (page) => {
  const session = await page.context().newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  session.send('Page.crash').catch(() => {})
  await crashed
}

/**
 * Ten visits, of which every second is left within 300 ms of its load. `random` gives numbers from 0 to 1. Resolves to what
 * the visitor's pages have told, by id, and to the bodies that were handed over as beacons.
 */
export async function visitor({ browser, weather, app, manner, random }) {
  const { session, tabs, kills, offline, beacons } = MANNERS[manner]
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } })
  context.setDefaultTimeout(DEADLINE)
  if (beacons) await context.addInitScript(withoutKeepalive)
  let page = await context.newPage()
  const left = { quickly: 0, killed: 0, offline: 0 }

  const open = async (id, settings) => {
    const query = new URLSearchParams({ app, session, ...settings })
    await page.goto(`${weather.origin}/${id}?${query}`, { waitUntil: 'load' })
  }
  const leave = async () => {
    if (!tabs) return
    await page.close()
    page = await context.newPage()
  }

  for (let n = 0; n < VISITS; n++) {
    const id = `${app}-${n}`
    const quick = n % 2 === 0
    await open(id, { deeds: quick ? 100 : 6, ...(n === 5 && !kills && !beacons && random() < 0.5 && { poison: 1 }) })
    if (quick) {
      left.quickly++
      await page.waitForTimeout(random() * 300)
    } else {
      if (offline && n !== 5) {
        await context.setOffline(true)
        left.offline++
      }
      await page.waitForFunction(() => window.done)
      if (random() < 0.5) await page.click('button')
      if (random() < 0.5) await glance(page)
      if (random() < 0.5) await page.waitForTimeout(random() * 800)
    }
    if (kills && n % 3 === 1) {
      left.killed++
      await crash(page)
      page = await context.newPage()
    } else if (offline && !quick && n !== 5) {
      // Not to a page that cannot be had: the browser would load it by itself as soon as it can, in the midst of the next visit.
      await page.goto('about:blank')
      await context.setOffline(false)
    } else await leave()
  }

  weather.calm(app)
  await open(`${app}-last`, { deeds: 1 })
  const prefix = `wasm-rum ${app} `
  await page.waitForFunction(
    ([prefix, session]) =>
      window.done &&
      document.readyState === 'complete' &&
      !Object.keys(session === 'tab' ? sessionStorage : localStorage).some((key) => key.startsWith(prefix)),
    [prefix, session],
    { polling: 50 },
  )
  await page.goto(`${weather.origin}/plain`)
  await weather.kept(app, `/api/${app}-last/step-0`)
  const stored = Object.entries(await page.evaluate(() => ({ ...localStorage })))
  await context.close()

  const under = (prefix) => stored.filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length), value])
  return {
    app,
    manner,
    left,
    told: Object.fromEntries(under('told ').map(([id, told]) => [id, JSON.parse(told)])),
    handedOver: under('beacon ').map(([, body]) => body),
  }
}
