// Errors: what the browser says of them is what is recorded, in its own words and with its own stack. Over 500 lines, for it is
// one list of situations around one comparison: each source of errors, and what is made of equal and unwanted ones.

import assert from 'node:assert/strict'

import { pick } from '../events.mjs'
import { FILES, page, sdkFile } from '../site.mjs'

/** The kind of rows of errors, and what they come from. */
const KIND = 65
const ERROR = 0
const REJECTION = 1
const PAGE = 2
const CONSOLE = 3
const RESOURCE = 4
const POLICY = 5
const DEPRECATION = 6
const INTERVENTION = 7

/** Line 2 and line 5. */
const APP = `function pay() {
  null.x
}
function buy() {
  pay()
}`

/** The stack as it leaves the page: V8 begins it with the text of the error. */
const plainStack = ({ stack, text }, origin) => stack.replace(`${text}\n`, '').replaceAll(origin, '\x7f')

/** Function, file and line of the first frames, in the form of either family of engines. */
const frames = (stack) =>
  [...stack.matchAll(/^(?: {4}at )?(\w+)(?: \(|@)\x7f(\/[\w./]+):(\d+):(\d+)\)?$/gm)].map(([, name, file, line, column]) => {
    assert.ok(Number(column) > 0, 'columns count from 1')
    return [name, file, Number(line)]
  })

/** What a bundler puts before a script: its id in the global `name`, by the stack of this place. */
const withDebugId = (id, name, source) => `!function(){try{var s=new Error().stack;s&&((globalThis.${name}=globalThis.${name}||{})[s]="${id}")}catch(e){}}();\n${source}`
const DEBUG_IDS = ['85314830-023f-4cf1-a267-535f4e37bb17', 'c941d872-af1f-4f0c-a7ff-ad3d295fe153', '0b8d0c1c-5d27-4e11-9f0a-3a8f0f3f7a5e']
const javascript = (body) => () => ({ type: 'text/javascript', body })

/** What the browser tells the page of what is deprecated, or what it has refused to do; what came before is told as well. */
const REPORTS = `<script>
  window.reports = []
  const tell = (all) => reports.push(...all.map(({ type, body }) => [type, body.message, body.sourceFile, body.lineNumber, body.columnNumber]))
  window.ReportingObserver && new ReportingObserver(tell, { types: ['deprecation', 'intervention'], buffered: true }).observe()
</script>`
/** Rows of one source are what the browser has told of one type. */
async function reported(guest, type, source) {
  const reports = (await guest.evaluate(() => window.reports)).filter(([of]) => of === type)
  const { error: errors } = await guest.left()
  const rows = errors.filter((error) => error.source === source)
  const path = (url) => url.replace(guest.site.origin, '')
  // Chromium's messages have numbers of its features, which by their form may be a card's.
  const told = (message) => message.replace(/\d{16}|\[card\]/g, '…')
  assert.deepEqual(
    pick(rows, 'class', 'message', 'url', 'stack', 'target', 'count').map(([name, message, ...rest]) => [name, told(message), ...rest]).sort(),
    reports.map(([, message, file]) => [null, told(message), path(file), null, null, 1]).sort(),
  )
  const places = reports.map(([, , file, line, column]) => [path(file), line, column]).sort()
  assert.ok(places.every(([, line]) => line > 0))
  assert.deepEqual(pick(rows, 'url', 'line', 'column').sort(), places, 'where in the script')
}

/** Asks somebody else for a picture, which the page's policy forbids. */
const violates = (guest, path) =>
  guest.evaluate(
    (url) =>
      new Promise((refused) => {
        document.addEventListener('securitypolicyviolation', () => refused(true))
        new Image().src = url
      }),
    guest.site.elsewhere + path,
  )

/** Errors of a page that is out of its mind. */
const LOOP = 100_000
/** In one task: the page's other tasks have to run in between, as they do where a timer or an observer throws. */
const IN_A_TASK = 1_000
const LOOPING = { '/': page({ body: '<button id="buy" onclick="window.bought = true">Buy</button>' }) }

/** Throws a new error again and again, and `tell`s of each. */
const loops = (guest, message, tell) =>
  guest.evaluate(
    `async ([message, all, inTask]) => {
      const fail = () => { throw new TypeError(message) }
      const some = () => {
        for (let n = 0; n < inTask; n++)
          try {
            fail()
          } catch (error) {
            (${tell})(error)
          }
      }
      // The page's own list of them would be the greatest part of what this costs.
      window.probe.uncaught.push = () => 0
      // From a timer that an awaiting function sets, so that all have one stack: some engines tell who set it.
      await window.probe.later(() => {})
      for (let n = 0; n < all; n += inTask) await window.probe.later(some)
    }`,
    [message, LOOP, IN_A_TASK],
  )

/** The errors are one row; what the user does after them works, and is recorded. */
async function oneOfThem(guest, row) {
  await guest.click('#buy')
  await guest.until(() => window.bought)
  const { error: errors, action: actions, view: views } = await guest.left()
  assert.deepEqual(pick(errors, 'source', 'class', 'message', 'handled', 'count'), [row])
  assert.deepEqual(pick(actions, 'name'), [['Buy']])
  assert.equal(views[0].receipt[1] ?? 0, 0, 'none of them is lost')
  // What took longer than a report may wait has told of it before; each time in one event.
  for (const { text } of guest.site.batches) assert.ok(JSON.parse(text)[5].filter(([kind]) => kind === KIND).length <= 1)
}

export const ERRORS = [
  {
    name: 'an error that nobody caught, in a handler of a click: class, message and stack are the browser’s own',
    pages: { '/': page({ first: '<script src="/app.js"></script>', body: '<button id="buy" onclick="buy()">Buy</button>' }) },
    routes: { '/app.js': () => ({ type: 'text/javascript', body: APP }) },
    async visit(guest) {
      await guest.starts()
      await guest.click('#buy')
      await guest.until(() => window.probe.uncaught.length)
      const [{ error: said }] = await guest.evaluate(() => window.probe.uncaught)
      const { error: errors, view: views } = await guest.left()
      assert.equal(errors.length, 1)
      const [error] = errors
      assert.deepEqual(pick(errors, 'source', 'class', 'message', 'handled', 'count', 'cut', 'causes', 'in'), [
        [ERROR, 'TypeError', said.message, 0, 1, null, null, views[0].view_id],
      ])
      assert.equal(error.stack, plainStack(said, guest.site.origin))
      assert.deepEqual(frames(error.stack).slice(0, 2), [['pay', '/app.js', 2], ['buy', '/app.js', 5]])
      assert.ok(error.first > views[0].start && error.first < views[0].end)
    },
  },
  {
    name: 'what is thrown, and is no Error',
    async visit(guest) {
      await guest.starts()
      const said = await guest.evaluate(async () => {
        const circular = { code: 7 }
        circular.self = circular
        const trap = { get message() { throw new Error('trap') } }
        const { uncaught } = window.probe
        const said = []
        for (const thing of [42, null, Symbol('s'), circular, Object.create(null), { message: 'like an error' }, trap, new DOMException('gone', 'AbortError')]) {
          const count = uncaught.length
          await window.probe.later(() => { throw thing })
          said.push(uncaught.length > count ? uncaught.at(-1).message : null)
        }
        return said
      })
      const { error: errors } = await guest.left()
      const expected = {
        'a number': [null, said[0]],
        null: [null, said[1]],
        'a symbol': [null, said[2]],
        'a circular object': [null, '{code,self}'],
        'an object without a prototype': [null, '{}'],
        'what is like an error': [null, 'like an error'],
        'what throws when it is read': [null, said[6]],
        'a DOMException': ['AbortError', 'gone'],
      }
      const untold = Object.keys(expected).filter((_, at) => said[at] === null)
      if (untold.length) guest.lacks(`this browser tells nobody when somebody throws ${untold.join(', or ')}`)
      assert.ok(untold.length <= 2)
      assert.deepEqual(pick(errors, 'class', 'message'), Object.values(expected).filter((_, at) => said[at] !== null))
      assert.match(said[0], /42/)
    },
  },
  {
    name: 'rejections that nobody handles, with an Error and without',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        for (const reason of [new TypeError('late'), 'text', undefined, { a: 1 }, Symbol('s')]) {
          const count = window.probe.uncaught.length
          void Promise.reject(reason)
          // Engines tell of them after the task, or after some more.
          while (window.probe.uncaught.length === count) await new Promise((later) => setTimeout(later))
        }
      })
      const [{ error: said }] = await guest.evaluate(() => window.probe.uncaught)
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'source', 'class', 'message', 'handled', 'count'), [
        [REJECTION, 'TypeError', 'late', 0, 1],
        [REJECTION, null, 'text', 0, 1],
        [REJECTION, null, 'undefined', 0, 1],
        [REJECTION, null, '{a}', 0, 1],
        [REJECTION, null, 'Symbol(s)', 0, 1],
      ])
      assert.equal(errors[0].stack, plainStack(said, guest.site.origin))
    },
  },
  {
    name: 'causes, and the errors of an AggregateError',
    async visit(guest) {
      await guest.starts()
      const stack = await guest.evaluate(async () => {
        const inner = new TypeError('inner', { cause: 'the root' })
        const loop = new Error('loop')
        loop.cause = loop
        for (const error of [new Error('outer', { cause: inner }), new AggregateError([new RangeError('one'), 'two'], 'all failed'), loop])
          await window.probe.later(() => { throw error })
        return { stack: inner.stack, text: `${inner}` }
      })
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'class', 'message'), [['Error', 'outer'], ['AggregateError', 'all failed'], ['Error', 'loop']])
      const [outer, all, loop] = errors.map(({ causes }) => causes)
      assert.deepEqual(outer.map(([name, message]) => [name ?? null, message]), [['TypeError', 'inner'], [null, 'the root']])
      assert.equal(outer[0][2], plainStack(stack, guest.site.origin), 'its own stack')
      assert.deepEqual(all.map(([name, message]) => [name ?? null, message]), [['RangeError', 'one'], [null, 'two']])
      assert.equal(loop, null)
    },
  },
  {
    name: 'resources that cannot be loaded, before the second part of the SDK and after it',
    pages: { '/': page({ body: '<img id="hero" src="/missing.png?token=1"><h1>A page</h1>' }) },
    // Late enough for a script that is async.
    routes: { '/missing.png': () => ({ status: 404, delay: 300 }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(
        () =>
          new Promise((failed) => {
            const add = (name, given) => document.body.append(Object.assign(document.createElement(name), given))
            add('script', { id: 'late', src: '/late.js?token=2', onerror: () => add('link', { rel: 'stylesheet', href: '/late.css', onerror: failed }) })
          }).then(() => true),
      )
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'source', 'class', 'message', 'target', 'url', 'stack', 'count'), [
        [RESOURCE, null, 'img', '#hero', '/missing.png', null, 1],
        [RESOURCE, null, 'script', '#late', '/late.js', null, 1],
        [RESOURCE, null, 'link', 'html>body>link', '/late.css', null, 1],
      ])
    },
  },
  {
    name: 'console.error, where the page wants it',
    pages: { '/': page({ tag: 'data-console-errors="true"' }) },
    async visit(guest) {
      await guest.starts()
      const native = await guest.evaluate(() => {
        console.error('broken', { at: 3 }, 7)
        console.error('with', new RangeError('a real one'))
        return `${console.error}`
      })
      assert.match(native, /native code/)
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'source', 'class', 'message', 'handled'), [
        [CONSOLE, null, 'broken {"at":3} 7', 1],
        [CONSOLE, 'RangeError', 'a real one', 1],
      ])
    },
  },
  {
    name: 'console.error, where nobody asked for it',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => console.error('broken'))
      assert.deepEqual((await guest.left()).error, [])
    },
  },
  {
    name: 'a violation of the Content-Security-Policy',
    pages: { '/': page({ first: '<meta http-equiv="Content-Security-Policy" content="img-src \'self\' data:">' }) },
    async visit(guest) {
      await guest.starts()
      await violates(guest, '/pixel?id=1')
      const { error: errors } = await guest.left()
      const violations = errors.filter(({ source }) => source === POLICY)
      assert.deepEqual(pick(violations, 'message', 'url', 'count'), [['img-src (enforce)', `${guest.site.elsewhere}/pixel`, 1]])
    },
  },
  {
    name: 'what a policy forbade before the SDK came, where the browser has kept it',
    pages: {
      '/': (site) =>
        page({
          first: `<meta http-equiv="Content-Security-Policy" content="img-src 'self' data:">
            <script>
              window.kept = []
              window.ReportingObserver && new ReportingObserver((all) => kept.push(...all), { types: ['csp-violation'], buffered: true }).observe()
              new Image().src = '${site.elsewhere}/early?id=1'
            </script>`,
        })(site),
    },
    async visit(guest) {
      await guest.starts()
      await violates(guest, '/late')
      const keeps = await guest.evaluate(() => window.kept.length > 0)
      if (!keeps) guest.lacks('this browser reports no violations to the page: the first one is not told')
      const { error: errors } = await guest.left()
      const { elsewhere } = guest.site
      assert.deepEqual(pick(errors, 'source', 'message', 'url', 'count'), [
        ...(keeps ? [[POLICY, 'img-src (enforce)', `${elsewhere}/early`, 1]] : []),
        [POLICY, 'img-src (enforce)', `${elsewhere}/late`, 1],
      ])
    },
  },
  {
    name: 'debug ids: those of the scripts in the stack, by the scripts’ URLs',
    pages: {
      '/': (site) =>
        page({
          first: `<script src="/lib.js"></script><script src="/other.js"></script><script crossorigin src="${site.elsewhere}/cdn.js"></script>
            <script src="/app.3f2a1c9d.js"></script>`,
          // Not left to the browser: WebKit tells nothing of an error in a script of another origin, though that allows it.
          body: '<button id="buy" onclick="try { buy() } catch (error) { wasmRum.captureError(error) }">Buy</button><button id="leave" onclick="leave()">Leave</button>',
        })(site),
    },
    routes: {
      '/lib.js': javascript('function call(run) { run() }'),
      '/other.js': javascript(withDebugId(DEBUG_IDS[2], '_debugIds', 'function other() {}')),
      '/cdn.js': javascript(withDebugId(DEBUG_IDS[1], '_debugIds', 'function pay() { call(() => null.x) }')),
      '/app.3f2a1c9d.js': javascript(withDebugId(DEBUG_IDS[0], '_debugIds', 'function buy() {\n  pay()\n}\nfunction leave() {\n  null.y\n}')),
    },
    async visit(guest) {
      const [app, cdn] = ['\x7f/app.3f2a1c9d.js', `${guest.site.elsewhere}/cdn.js`]
      await guest.starts()
      await guest.click('#buy')
      await guest.click('#leave')
      await guest.until(() => window.probe.uncaught.length)
      await guest.evaluate(() => window.probe.later(() => { throw new Error('of the page itself') }))
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'source', 'class'), [[PAGE, 'TypeError'], [ERROR, 'TypeError'], [ERROR, 'Error']])
      const [reported, uncaught, other] = errors
      for (const file of ['\x7f/lib.js', cdn, app]) assert.ok(reported.stack.includes(`${file}:`), reported.stack)
      assert.deepEqual(Object.fromEntries(reported.debug_ids), { [app]: DEBUG_IDS[0], [cdn]: DEBUG_IDS[1] })
      assert.deepEqual(uncaught.debug_ids, [[app, DEBUG_IDS[0]]])
      assert.equal(other.debug_ids, null)
    },
  },
  {
    name: 'debug ids as another maker’s bundler plugin leaves them; of a module, and of an error that the page reports',
    pages: { '/': page({ head: '<script type="module" src="/app.js"></script>' }) },
    routes: { '/app.js': javascript(withDebugId(DEBUG_IDS[0], '_sentryDebugIds', 'window.buy = () => null.x')) },
    async visit(guest) {
      await guest.starts()
      await guest.until(() => window.buy)
      await guest.evaluate(async () => {
        await window.probe.later(() => window.buy())
        try {
          window.buy()
        } catch (error) {
          window.wasmRum.captureError(error)
        }
      })
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'source', 'debug_ids'), [ERROR, PAGE].map((source) => [source, [['\x7f/app.js', DEBUG_IDS[0]]]]))
    },
  },
  {
    name: 'debug ids of two makers in one page: each script has its own',
    pages: { '/': page({ first: '<script src="/widget.js"></script><script src="/app.js"></script>' }) },
    routes: {
      '/widget.js': javascript(withDebugId(DEBUG_IDS[1], '_debugIds', 'function widget() { null.x }')),
      '/app.js': javascript(withDebugId(DEBUG_IDS[0], '_sentryDebugIds', 'function buy() { null.y }')),
    },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        await window.probe.later(() => window.widget())
        await window.probe.later(() => window.buy())
      })
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'debug_ids').flat(), [[['\x7f/widget.js', DEBUG_IDS[1]]], [['\x7f/app.js', DEBUG_IDS[0]]]])
    },
  },
  {
    name: 'what is deprecated, from before the SDK and from later, as the browser says it',
    pages: { '/': page({ first: `${REPORTS}<script src="/early.js"></script>` }) },
    routes: {
      // In Chromium the first one is, in Firefox the second.
      '/early.js': javascript(`{
  const xhr = new XMLHttpRequest()
  xhr.open('GET', '/probe.js', false)
  xhr.send()
  document.releaseCapture?.()
}`),
      '/late.js': javascript(`window.XSLTProcessor && new XSLTProcessor()
document.createEvent('MouseEvent').initMouseEvent('click', true, true, window, 0, 0, 0, 0, 0, false, false, false, false, 0, null)`),
    },
    async visit(guest) {
      await guest.starts()
      const tells = await guest.evaluate(() => window.reports.length)
      await guest.evaluate(
        () => new Promise((done) => document.head.append(Object.assign(document.createElement('script'), { src: '/late.js', onload: () => done(true) }))),
      )
      if (tells) await guest.until((before) => window.reports.length > before, tells)
      else guest.lacks('this browser tells nobody of what is deprecated: there is no row')
      await reported(guest, 'deprecation', DEPRECATION)
    },
  },
  {
    name: 'what the browser has refused to do for the user’s sake, as it says it',
    pages: { '/': page({ first: `${REPORTS}<script src="/early.js"></script>`, body: '<main style="height: 4000px">A long page</main>' }) },
    routes: {
      // Nobody has touched the page; and listeners of the whole window may not hold up scrolling.
      '/early.js': javascript(`navigator.vibrate?.(100)
addEventListener('wheel', (event) => {
  event.preventDefault()
})`),
    },
    async visit(guest) {
      await guest.starts()
      const tells = await guest.evaluate(() => window.reports.length)
      await guest.wheel(200)
      if (tells) await guest.until((before) => window.reports.length > before, tells)
      else guest.lacks('this browser tells nobody of what it refuses: there is no row')
      await reported(guest, 'intervention', INTERVENTION)
    },
  },
  {
    name: 'violations of a policy that only reports, of what has no URL, as the browser says them',
    headers: { '/': { 'Content-Security-Policy-Report-Only': "style-src 'self'; connect-src *" } },
    async visit(guest) {
      await guest.starts()
      const said = await guest.evaluate(async () => {
        const said = []
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective, disposition, blockedURI }) => said.push([`${effectiveDirective} (${disposition})`, blockedURI]))
        document.head.append(Object.assign(document.createElement('style'), { textContent: 'h1 { color: red }' }))
        document.querySelector('h1').setAttribute('style', 'color: blue')
        while (said.length < 2) await new Promise((later) => setTimeout(later))
        return said
      })
      const { error: errors } = await guest.left()
      assert.deepEqual(said, [['style-src-elem (report)', 'inline'], ['style-src-attr (report)', 'inline']])
      assert.deepEqual(pick(errors, 'source', 'message', 'url', 'count'), said.map(([message, url]) => [POLICY, message, url, 1]))
    },
  },
  {
    name: 'what the page reports by itself, with what it knows',
    async visit(guest) {
      await guest.starts()
      const said = await guest.evaluate(() => {
        const error = new TypeError('caught', { cause: new Error('behind it') })
        window.wasmRum.captureError(error, { order: 7, cart: { items: 2 }, empty: undefined })
        window.wasmRum.captureError('a text')
        window.wasmRum.captureError(new Error('unreadable context'), { a: 1n })
        return { stack: error.stack, text: `${error}` }
      })
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'source', 'class', 'message', 'handled', 'attributes'), [
        [PAGE, 'TypeError', 'caught', 1, { order: '7', cart: '{"items":2}', empty: 'undefined' }],
        [PAGE, null, 'a text', 1, null],
        [PAGE, 'Error', 'unreadable context', 1, null],
      ])
      assert.equal(errors[0].stack, plainStack(said, guest.site.origin))
      assert.deepEqual(errors[0].causes[0].slice(0, 2), ['Error', 'behind it'])
    },
  },
  {
    name: 'errors that the page does not want: ignoreErrors and denyUrls',
    pages: {
      '/': page({
        options: '{ ignoreErrors: ["ResizeObserver loop", /^ignored \\d+$/g], denyUrls: [/\\/vendor\\//, location.origin + "/legacy/"] }',
        // The load event comes before the second part of the SDK.
        head: `<script src="/vendor/widget.js"></script><script src="/legacy/widget.js"></script><script>
          addEventListener('load', () => ['ignored 1', 'early'].forEach((message) => setTimeout(() => { throw new Error(message) })))</script>`,
      }),
    },
    routes: {
      '/vendor/widget.js': () => ({ type: 'text/javascript', body: 'function widget() { throw new Error("of a vendor") }' }),
      '/legacy/widget.js': () => ({ type: 'text/javascript', body: 'function legacy() { throw new Error("of old") }' }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        for (const message of ['ResizeObserver loop limit', 'ignored 7', 'ignored 8', 'ignored seven'])
          await window.probe.later(() => { throw new Error(message) })
        for (const thrower of [window.widget, window.legacy]) await window.probe.later(thrower)
        // One without a stack.
        const lost = Object.assign(new Image(), { src: '/legacy/missing.png' })
        await new Promise((done) => (lost.onerror = done, document.body.append(lost)))
      })
      assert.equal((await guest.evaluate(() => window.probe.uncaught)).length, 8)
      const { error: errors } = await guest.left()
      assert.deepEqual(pick(errors, 'message').sort(), [['early'], ['ignored seven']])
    },
  },
  {
    name: 'a thousand equal errors are one row with a count',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        const fail = () => { throw new Error('again') }
        for (let n = 0; n < 1000; n++) setTimeout(fail)
        while (window.probe.uncaught.length < 1000) await new Promise((later) => setTimeout(later))
      })
      const { error: errors, view: views } = await guest.left()
      assert.deepEqual(pick(errors, 'message', 'count'), [['again', 1000]])
      assert.equal(views[0].receipt[1] ?? 0, 0, 'none of them is lost')
    },
  },
  {
    name: '100,000 errors with numbers and ids in their messages are one row with a count, and another error has its own',
    async visit(guest) {
      await guest.starts()
      await loops(guest, '', () => {
        const n = (window.items = (window.items ?? -1) + 1)
        const error = new RangeError(`item ${n} of 0x${n.toString(16)} is missing`)
        dispatchEvent(new ErrorEvent('error', { error, message: `Uncaught ${error}` }))
      })
      await guest.evaluate(() => window.probe.later(() => { throw new Error('another') }))
      const { error: errors, view: views } = await guest.left()
      assert.deepEqual(pick(errors, 'class', 'message', 'count'), [['RangeError', 'item 0 of 0x0 is missing', LOOP], ['Error', 'another', 1]])
      assert.equal(views[0].receipt[1] ?? 0, 0, 'none of them is lost')
    },
  },
  {
    name: 'a thousand errors of one place that differ in words take half of the places at most',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        const word = (n) => [...n.toString().padStart(3, '0')].map((digit) => 'abcdefghij'[digit]).join('')
        for (let n = 0; n < 1000; n++) {
          const error = new Error(`no ${word(n)}`)
          dispatchEvent(new ErrorEvent('error', { error, message: `Uncaught ${error}` }))
        }
        await window.probe.later(() => { throw new Error('another') })
      })
      const { error: errors, view: views } = await guest.left()
      const [others, [last]] = [errors.slice(0, -1), errors.slice(-1)]
      assert.deepEqual([last.message, last.count], ['another', 1])
      assert.equal(others.length, 26)
      assert.equal(others.reduce((sum, { count }) => sum + count, 0), 1000)
      assert.equal(views[0].receipt[1] ?? 0, 0, 'none of them is lost')
    },
  },
  {
    name: 'a loop that throws 100,000 errors is one row with a count, and the page stays alive: those that nobody caught',
    pages: LOOPING,
    async visit(guest) {
      await guest.starts()
      // Thrown and caught, then told by an event, as the browser does: that many uncaught ones would go to the driver's own log.
      await loops(guest, 'again', (error) => dispatchEvent(new ErrorEvent('error', { error, message: `Uncaught ${error}` })))
      await oneOfThem(guest, [ERROR, 'TypeError', 'again', 0, LOOP])
    },
  },
  {
    name: 'a loop that throws 100,000 errors is one row with a count, and the page stays alive: those that the page reports',
    pages: LOOPING,
    async visit(guest) {
      await guest.starts()
      await loops(guest, 'again', (error) => window.wasmRum.captureError(error, { order: 7 }))
      await oneOfThem(guest, [PAGE, 'TypeError', 'again', 1, LOOP])
    },
  },
  {
    name: 'limits: of a message and a stack the beginning is kept, what is cut off is counted, and so are errors after the fiftieth',
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(async () => {
        const { later } = window.probe
        await later(() => { throw new Error('m'.repeat(5_000)) })
        await later(() => { throw Object.assign(new Error('deep'), { stack: 's'.repeat(5_000) }) })
        for (let n = 0; n < 50; n++) await later(() => { throw Object.assign(new Error('shallow'), { stack: `at place (${n})` }) })
      })
      const [{ error: long }] = await guest.evaluate(() => window.probe.uncaught)
      const { error: errors, view: views } = await guest.left()
      assert.equal(errors.length, 50)
      assert.equal(views[0].receipt[1], 2)
      const stack = plainStack(long, guest.site.origin)
      assert.deepEqual(pick(errors.slice(0, 2), 'message', 'stack', 'cut'), [
        ['m'.repeat(1_000), stack.slice(0, 4_000), 4_000 + Math.max(0, stack.length - 4_000)],
        ['deep', 's'.repeat(4_000), 1_000],
      ])
    },
  },
  {
    name: 'errors from before the SDK are kept by the stub',
    pages: {
      '/': page({
        first: `<script>${sdkFile(FILES.stub)}</script>
          <script>Promise.reject(new RangeError('early, too'))</script><script>throw new Error('early')</script>`,
      }),
    },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(() => window.probe.later(() => { throw new Error('late') }))
      const { error: errors, view: views } = await guest.left()
      const told = pick(errors, 'source', 'class', 'message', 'count').sort(([, , a], [, , b]) => (a < b ? -1 : 1))
      assert.deepEqual(told, [
        [ERROR, 'Error', 'early', 1],
        [REJECTION, 'RangeError', 'early, too', 1],
        [ERROR, 'Error', 'late', 1],
      ])
      const [attached] = views[0].receipt
      for (const { first, message } of errors) assert.equal(first > attached, message === 'late', `${message}: its own time`)
    },
  },
  {
    name: 'a script of another origin: all that the browser tells is “Script error.”, and the collector calls that opaque',
    routes: { '/widget.js': () => ({ type: 'text/javascript', body: 'throw new Error("secret")' }) },
    async visit(guest) {
      await guest.starts()
      await guest.evaluate(
        (elsewhere) => new Promise((done) => document.head.append(Object.assign(document.createElement('script'), { src: `${elsewhere}/widget.js`, onload: () => done(true) }))),
        guest.site.elsewhere,
      )
      const [{ message: said }] = await guest.evaluate(() => window.probe.uncaught)
      if (said !== 'Script error.') {
        guest.lacks(`this browser, as it is driven here, tells the page of the other origin’s error: ${said}`)
        await guest.evaluate(() => void dispatchEvent(new ErrorEvent('error', { message: 'Script error.', error: null })))
      }
      const { error: errors } = await guest.left()
      const opaque = errors.filter(({ class: name }) => name === null)
      assert.deepEqual(pick(opaque, 'source', 'message', 'stack', 'url', 'count'), [[ERROR, 'Script error.', null, null, 1]])
      assert.equal(errors.length, said === 'Script error.' ? 1 : 2)
    },
  },
]
