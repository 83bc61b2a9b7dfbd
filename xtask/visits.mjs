// Drives headless Chromium through the shop, for `cargo xtask demo --visits N`:
// home, list, product, add to cart, cart, and the single-page magazine with a way back.
// Each visit is a new browser profile (so a session of its own), and has one of the shop's problems switched on.
//
// node xtask/visits.mjs --shop http://127.0.0.1:4319 --browser /usr/bin/chromium --visits 20

import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

// Every second visit has a slow LCP image, so that the p75 over its threshold is the shop's and no accident.
const PROBLEMS = [
  'slow-lcp=3200',
  'throw=1',
  'slow-lcp=3200&slow-click=400',
  'shift=1&csp=strict',
  'slow-lcp=3200&fail-fetch=500',
  'reject=1&rum=stub',
]

// Slow images cost time, not processors.
const AT_ONCE = 3

const { values } = parseArgs({
  options: { shop: { type: 'string' }, browser: { type: 'string' }, visits: { type: 'string' } },
})
const total = Number(values.visits)
if (!values.shop || !values.browser || !Number.isInteger(total) || total < 1) {
  throw new Error('--shop URL, --browser PATH and --visits N are needed')
}

// Who calls itself headless is a bot, and in none of the views for people.
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

const browser = await chromium.launch({
  executablePath: values.browser,
  args: [
    `--user-agent=${USER_AGENT}`,
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
let next = 0
try {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, total) }, visitor))
} finally {
  await browser.close()
}

async function visitor() {
  while (next < total) {
    const number = next++
    const problem = PROBLEMS[number % PROBLEMS.length]
    await visit(problem)
    console.log(`visit ${number + 1} of ${total}: ${problem}`)
  }
}

async function visit(problem) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  await page.goto(`${values.shop}/?${problem}`)
  await painted(page, '.hero img')
  await follow(page, '.hero a', '**/products?**')
  await follow(page, '#list a', '**/products/*')
  await page.click('#add-to-cart')
  await page.locator('.toast').waitFor({ state: 'visible' })
  await follow(page, 'a[href^="/cart"]', '**/cart?**')
  await follow(page, 'a[href^="/magazine"]', '**/magazine?**')
  await follow(page, '.story-card', '**/magazine/stories/**')
  await page.goBack()
  await page.locator('.story-card').first().waitFor()
  // A visitor who leaves by a link lets the page send what it still holds.
  await page.goto('about:blank')
  await context.close()
}

// Clicks the first such link and waits until what it leads to has loaded.
async function follow(page, link, address) {
  await page.locator(link).first().click()
  await page.waitForURL(address)
}

// Waits until the largest paint is this picture's. A picture has loaded before it is painted, and whoever clicks in
// between, as no person can, ends the LCP with what was painted before it.
async function painted(page, picture) {
  await page.evaluate(
    (picture) =>
      new Promise((resolve) => {
        const isPainted = (list) => list.getEntries().some(({ element }) => element?.matches(picture))
        new PerformanceObserver((list) => isPainted(list) && resolve()).observe({
          type: 'largest-contentful-paint',
          buffered: true,
        })
      }),
    picture,
  )
}
