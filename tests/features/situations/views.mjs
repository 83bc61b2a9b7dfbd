// Views: routes, how far down they were seen, and for how long somebody was there.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { page } from '../site.mjs'

const LOAD = 0
const ROUTE = 4
const MANUAL = 5
const RESUMED = 6

export const VIEWS = [
  {
    name: 'another path is another view, by the history’s methods and its buttons',
    pages: { '/shop/home': page() },
    async visit(guest) {
      await guest.starts('/shop/home?secret=1#also')
      if (!(await guest.evaluate(() => Boolean(window.navigation?.currentEntry)))) guest.lacks('no Navigation API: the history’s methods are wrapped')
      await guest.evaluate(async () => {
        const { wasmRum } = window
        wasmRum.track('at home')
        history.pushState(0, '', '/shop/home?another=query')
        history.pushState(0, '', '/shop/cart?secret=2')
        wasmRum.track('in the cart')
        history.replaceState(0, '', '/shop/pay')
        wasmRum.track('pays')
        const gone = new Promise((done) => addEventListener('popstate', done, { once: true }))
        history.back()
        await gone
        // The SDK's listener may be behind this one.
        await new Promise((later) => setTimeout(later))
        wasmRum.track('back')
      })
      const { view: views, action: actions } = await guest.left()
      assert.deepEqual(pick(views, 'kind', 'page'), [
        [LOAD, '/shop/home'],
        [ROUTE, '/shop/cart'],
        [ROUTE, '/shop/pay'],
        [ROUTE, '/shop/home'],
      ])
      assert.deepEqual(views.map(({ parent_id }) => parent_id), [null, ...views.slice(0, -1).map(({ view_id }) => view_id)])
      const order = views.map(({ view_id }) => view_id)
      assert.deepEqual(actions.map((action) => [action.name, order.indexOf(action.in)]), [['at home', 0], ['in the cart', 1], ['pays', 2], ['back', 3]])
      for (const [at, { start }] of views.entries()) if (at) assert.ok(Math.abs(start - views[at - 1].end) <= 1, 'one ends where the next begins')
      assert.deepEqual(guest.texts().filter((text) => /secret|another/.test(text)), [])
    },
  },
  {
    name: 'a page that names its views by itself',
    pages: { '/': page({ tag: 'data-routes="false"' }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => {
        window.wasmRum.startView('Home')
        history.pushState(0, '', '/two')
        window.wasmRum.startView('Two')
        window.wasmRum.startView('Two, a tab of it')
      })
      const { view: views } = await guest.left()
      assert.deepEqual(pick(views, 'kind', 'page', 'page_name'), [
        [LOAD, '/', 'Home'],
        [ROUTE, '/two', 'Two'],
        [MANUAL, '/two', 'Two, a tab of it'],
      ])
    },
  },
  {
    name: 'a view that goes on after the user has agreed has the name that the router gave',
    pages: { '/': page({ tag: 'data-consent="pending" data-routes="false"' }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => {
        window.wasmRum.startView('Item')
        window.wasmRum.setConsent('granted')
      })
      const { view: views } = await guest.left()
      assert.deepEqual(pick(views, 'kind', 'page', 'page_name').at(-1), [RESUMED, '/', 'Item'])
    },
  },
  {
    name: 'nobody is active on a page that is hidden, however lately it was touched; a route to which an act leads has its time, and what is seen of it',
    pages: { '/': page({ body: '<button id="go" onclick="history.pushState(0, 0, `/two`)">Go</button>' }) },
    async visit(guest) {
      await guest.starts()
      const pause = (ms) => guest.evaluate((ms) => new Promise((done) => setTimeout(done, ms)), ms)
      await guest.click('#go')
      await pause(300)
      await guest.hide()
      await pause(1_500)
      await guest.show()
      await guest.click('#go')
      const { view: views } = await guest.left()
      const [, two] = views
      assert.equal(two.page, '/two')
      assert.ok(two.engaged >= 250_000, `${two.engaged} µs at least`)
      assert.ok(two.engaged < 1_500_000, `${two.engaged} µs: nobody looked at it while it was hidden`)
      assert.equal(two.scroll, 1_000, 'all of it is seen, although nobody has scrolled')
    },
  },
  {
    name: 'how far down a view was seen, and for how long its user was active',
    pages: {
      '/': page({
        first: `<script>
          const acts = window.acts = []
          for (const type of ['pointermove', 'scroll']) addEventListener(type, () => acts.push(performance.now()), true)
          // After the SDK's, which catches them on their way down.
          for (const type of ['pagehide', 'visibilitychange']) addEventListener(type, () => probe.note('left', performance.now()))
        </script>`,
        body: '<main style="height: 4000px">A long page</main>',
      }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => void (window.acts.length = 0))
      await guest.wheel(1400)
      await guest.until(() => scrollY > 1000)
      // The wheel has come to its end, and the SDK has looked: it does so a while after the first of several events.
      const seen = await guest.evaluate(async () => {
        const frame = () => new Promise((painted) => requestAnimationFrame(painted))
        for (let before; before !== scrollY || window.probe.waits(200); ) {
          before = scrollY
          for (let frames = 0; frames < 3; frames++) await frame()
        }
        const { height } = document.documentElement.getBoundingClientRect()
        return { depth: (1e3 * (innerHeight + scrollY)) / height, first: window.acts[0], now: performance.now() }
      })
      const { view: [view] } = await guest.left()
      const left = await guest.noted('left')
      // A margin may be above, and a scrollbar below what is counted.
      assert.ok(Math.abs(view.scroll - seen.depth) <= 15, `${view.scroll} of ${seen.depth} thousandths`)
      assert.ok(view.engaged >= (seen.now - seen.first) * 1e3 - 2_000, `${view.engaged} µs of ${seen.now - seen.first} ms at least`)
      assert.ok(view.engaged <= (left - seen.first) * 1e3 + 2_000, `${view.engaged} µs of ${left - seen.first} ms at most`)
    },
  },
]
