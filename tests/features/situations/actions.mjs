// Clicks and submits of a user, and what follows from them. All input is the browser's own, so trusted.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { page } from '../site.mjs'

const CLICK = 0
const SUBMIT = 1
const RAGE = 1
const DEAD = 2
const ERROR = 4
/** ms in which something follows from a click, if anything does. */
const REACH = 1_000

const ROUTES = { '/api': () => ({ body: '{}' }) }

/** Until it is decided what followed from all clicks so far. */
const decided = (guest) => guest.until((reach) => !window.probe.waits(reach), REACH)

export const ACTIONS = [
  {
    name: 'clicks have a readable name, or the given one, or none where the page masks it',
    pages: {
      '/': page({
        body: `<button id="text">  Add to
            cart </button>
          <button id="named" data-rum-name="Checkout">Pay 12 €</button>
          <div data-rum-name="Wishlist"><svg id="inside" width="9" height="9"><circle r="9"/></svg></div>
          <button id="labelled" aria-label="Close"><svg width="9" height="9"></svg></button>
          <a href="#there" class="b a"><b>A link</b></a>
          <section data-rum-mask><button id="masked">4111 1111 1111 1111</button></section>
          <button id="within">Pay with the card that you know <b data-rum-mask>1111</b></button>
          <button id="within-named" data-rum-name="Transfer">To the account that you know <b data-rum-mask>1111</b></button>
          <p id="paragraph">What somebody wrote</p>
          <div contenteditable><a id="draft" href="#there">What somebody writes</a></div>`,
      }),
    },
    async visit(guest) {
      await guest.starts()
      for (const selector of ['#text', '#named', '#inside', '#labelled', 'a', '#masked', '#within', '#within-named', '#paragraph', '#draft']) await guest.click(selector)
      const { action: actions, view: views } = await guest.left()
      assert.deepEqual(pick(actions, 'kind', 'name', 'target'), [
        [CLICK, 'Add to cart', '#text'],
        [CLICK, 'Checkout', '#named'],
        [CLICK, 'Wishlist', '#inside>circle'],
        [CLICK, 'Close', '#labelled>svg'],
        [CLICK, 'A link', 'html>body>a.a.b>b'],
        [CLICK, null, '#masked'],
        [CLICK, null, '#within'],
        [CLICK, 'Transfer', '#within-named'],
        [CLICK, null, '#paragraph'],
        [CLICK, null, '#draft'],
      ])
      assert.ok(actions.every(({ at }) => at > views[0].start && at <= views[0].end))
      assert.deepEqual(guest.texts().filter((text) => /1111|somebody/.test(text)), [])
    },
  },
  {
    name: 'a click that a script makes is none',
    pages: { '/': page({ body: '<button id="button" onclick="window.clicked = true">Click</button>' }) },
    async visit(guest) {
      await guest.starts()
      assert.equal(await guest.evaluate(() => (document.querySelector('#button').click(), window.clicked)), true)
      assert.deepEqual((await guest.left()).action, [])
    },
  },
  {
    name: 'a submit; and what people type never leaves the page',
    pages: {
      '/': page({
        body: `<form id="form" onsubmit="event.preventDefault(); window.submitted = true"><input id="field" value="4242">
          <div id="diary" contenteditable>secret diary</div><input type="submit" id="pay" value="Pay 12"></form>`,
      }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.click('#field')
      await guest.types('987')
      await guest.click('#diary')
      await guest.types('654')
      const typed = await guest.evaluate(() => [document.querySelector('#field').value, document.querySelector('#diary').textContent])
      assert.match(typed[0], /987/)
      assert.match(typed[1], /654/)
      await guest.click('#pay')
      await guest.until(() => window.submitted)
      const { action: actions } = await guest.left()
      assert.deepEqual(pick(actions, 'kind', 'name', 'target'), [
        [CLICK, null, '#field'],
        [CLICK, null, '#diary'],
        [CLICK, null, '#pay'],
        [SUBMIT, null, '#form'],
      ])
      assert.deepEqual(guest.texts().filter((text) => /4242|987|654|secret|Pay/.test(text)), [])
    },
  },
  {
    name: 'dead clicks, and those that something follows',
    pages: {
      '/': page({
        body: `<button id="dead">Nothing</button>
          <button id="changes" onclick="this.textContent = 'Changed'">Change</button>
          <button id="asks" onclick="fetch('/api')">Ask</button>
          <button id="goes" onclick="history.pushState(0, '', '/there')">Go</button>
          <input id="field"><canvas id="canvas"></canvas><x-button id="shadow"></x-button>`,
        head: `<script>
          customElements.define('x-button', class extends HTMLElement {
            connectedCallback() {
              const root = this.attachShadow({ mode: 'open' })
              root.innerHTML = '<button>Within</button>'
              root.firstChild.onclick = () => (root.firstChild.textContent = 'Answered')
            }
          })
        </script>`,
      }),
    },
    routes: ROUTES,
    async visit(guest) {
      await guest.starts()
      for (const id of ['dead', 'changes', 'asks', 'goes', 'field', 'canvas', 'shadow']) {
        await guest.click(`#${id}`)
        await guest.until((reach) => window.probe.waits(reach), REACH)
        await decided(guest)
      }
      const { action: actions } = await guest.left()
      assert.deepEqual(pick(actions, 'target', 'frustration'), [
        ['#dead', DEAD],
        ['#changes', null],
        ['#asks', null],
        ['#goes', null],
        ['#field', null],
        ['#canvas', null],
        ['#shadow', null],
      ])
      // With the view that a click ends, its report ends: nothing is painted yet.
      for (const { target, duration } of actions.filter(({ target }) => target !== '#goes')) assert.ok(duration > 0 && duration < REACH * 1e3, `${target}: ${duration} µs until the next paint`)
    },
  },
  {
    name: 'a report does not wait, and calls no click dead too early',
    pages: { '/': page({ body: '<button id="dead">Nothing</button>' }) },
    async visit(guest) {
      await guest.starts()
      await guest.click('#dead')
      const { action: actions } = await guest.left()
      assert.deepEqual(pick(actions, 'target', 'frustration'), [['#dead', null]])
    },
  },
  {
    name: 'rage, and a click that an error follows',
    pages: {
      '/': page({
        body: `<button id="rage" onclick="this.textContent += '.'">More</button><button id="throws" onclick="null.x">Throw</button>
          <button id="loads" onclick="const image = new Image(); image.onerror = () => (this.textContent = 'None'); image.src = '/missing.png'; document.body.append(image)">Load</button>
          <button id="tells" onclick="try { null.x } catch (error) { wasmRum.captureError(error); this.textContent += '.' }">Tell</button>`,
      }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.click('#rage', { count: 4, delay: 10 })
      await guest.until(() => document.querySelector('#rage').textContent === 'More....')
      await decided(guest)
      await guest.click('#tells')
      await guest.until(() => document.querySelector('#tells').textContent === 'Tell.')
      await decided(guest)
      await guest.click('#loads')
      await guest.until(() => document.querySelector('#loads').textContent === 'None')
      await decided(guest)
      await guest.click('#throws')
      await guest.until(() => window.probe.uncaught.length)
      const { action: actions, error: errors } = await guest.left()
      assert.deepEqual(pick(actions, 'target'), [['#rage'], ['#rage'], ['#rage'], ['#rage'], ['#tells'], ['#loads'], ['#throws']])
      const [clicks, tells, loads, throws] = [actions.slice(0, 4), ...actions.slice(4)]
      // A machine may be slow: those that came within a second.
      const expected = clicks.map(({ at }, count) => (clicks.slice(0, count + 1).filter((one) => at - one.at < 1e6).length > 2 ? RAGE : null))
      assert.equal(expected[3], RAGE, 'they were fast enough')
      assert.deepEqual(pick(clicks, 'frustration').flat(), expected)
      assert.deepEqual(pick([throws, tells, loads], 'frustration').flat(), [ERROR, ERROR, null], 'a picture that is missing is no error of the click')
      assert.equal(errors.filter(({ source }) => source !== 4).length, 2)
    },
  },
]
