// The visits that are recorded. Each drives one document until it has sent its last batch; what is waited for is always
// the thing itself.

/** Leaves the document for a blank one, which hides it for good. */
const leave = async ({ page, collector }, bodies) => {
  await page.goto('about:blank')
  await collector.received(bodies)
}

/** Until the shop's strip of lamps is there, which is what every page asks for last. */
const settled = async (page) => {
  await page.waitForLoadState('load')
  await page.locator('.recommendations .cards:not([aria-busy])').waitFor()
}

/** Until the browser has told observers about everything that was painted. */
const painted = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(done)))))

/** Another tab comes to the front, which hides this one, until `back` is called. */
const hide = async (page) => {
  const other = await page.context().newPage()
  await page.waitForFunction(() => document.hidden)
  return async () => {
    await other.close()
    await page.bringToFront()
    await page.waitForFunction(() => !document.hidden)
  }
}

export const VISITS = {
  'standard-visit': {
    visit: 'A product page is loaded, which throws an error six frames deep; Add to cart is clicked; three fetches; the visitor leaves.',
    async drive(visit) {
      const { page, shop } = visit
      // Three fetches make the standard visit: the storeroom, asked by XMLHttpRequest, does not answer in its time.
      await page.route('**/api/stock/**', () => {})
      await page.goto(`${shop}/products/taper?throw=1`)
      await settled(page)
      await page.locator('.details dt').first().waitFor()
      const ordered = page.waitForResponse('**/api/cart')
      await page.click('#add-to-cart')
      await ordered
      await painted(page)
      await leave(visit, 1)
    },
  },

  'hide-return-hide': {
    visit: 'A product page with a late banner; another tab in front, back, Add to cart is clicked, away again, back, and left.',
    async drive(visit) {
      const { page, shop, collector } = visit
      await page.goto(`${shop}/products/menhir?shift=1&slow-click=120`)
      await settled(page)
      const back = await hide(page)
      await collector.received(1)
      await back()
      await page.locator('.late-banner').waitFor()
      await page.click('#add-to-cart')
      await painted(page)
      const backAgain = await hide(page)
      await collector.received(2)
      await backAgain()
      await page.click('#add-to-cart')
      await painted(page)
      await leave(visit, 3)
    },
  },

  'route-change': {
    visit: 'The magazine: a story is opened by history.pushState, then the list again by the back button; the visitor leaves.',
    async drive(visit) {
      const { page, shop } = visit
      await page.goto(`${shop}/magazine?shift=1`)
      await settled(page)
      await page.locator('.late-banner').waitFor()
      await page.locator('.story-card').first().click()
      await page.waitForURL('**/magazine/stories/**')
      await page.locator('article h1').waitFor()
      await painted(page)
      await page.goBack()
      await page.locator('.story-card').first().waitFor()
      await painted(page)
      await leave(visit, 1)
    },
  },

  'bfcache-restore': {
    visit: 'A product page with a late banner, another page, back out of the back/forward cache, Add to cart is clicked; the visitor leaves.',
    async drive(visit) {
      const { page, shop, collector } = visit
      await page.addInitScript(() => addEventListener('pageshow', ({ persisted }) => (window.restored = persisted)))
      await page.goto(`${shop}/products/heron?shift=1`)
      await settled(page)
      await page.locator('.late-banner').waitFor()
      await painted(page)
      await leave(visit, 1)
      await page.goBack({ waitUntil: 'commit' })
      await page.waitForFunction(() => window.restored)
      await page.click('#add-to-cart')
      await painted(page)
      await leave(visit, 2)
    },
  },

  'many-errors': {
    visit: 'A list whose scripts throw the same error 200 times, strings, numbers, null, a circular object and a message of 1 MiB; the visitor leaves.',
    async drive(visit) {
      const { page, shop } = visit
      let thrown = 0
      page.on('pageerror', () => thrown++)
      await page.goto(`${shop}/products?error-loop=200&throw-string=1&huge-error=1&circular=1&reject=1`)
      await settled(page)
      while (thrown < 200) await page.waitForEvent('pageerror')
      await painted(page)
      await leave(visit, 1)
    },
  },
}
