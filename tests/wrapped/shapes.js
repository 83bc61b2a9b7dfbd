// Call shapes of fetch and XMLHttpRequest, by name. Each notes with `say` whatever a page can observe.

import { BODIES, aborting, attempt, calling, ended, fetching, isNative, lazy, noted, offer, sent, streamOf, tasks } from './observe.js'

/** Answered long after what is to end the request: a page can stand still for half a second on a busy machine, and then has both at once. */
const SLOW = '/slow/3000'

const shapes = {
  // What is fetched.
  'fetch a path': fetching('/echo?a=1#part'),
  'fetch a whole URL': fetching(lazy(() => `${location.origin}/echo`)),
  'fetch a relative path': fetching('echo'),
  'fetch a URL object': fetching(lazy(() => new URL('/echo?b=2', location.href))),
  'fetch a Request': fetching(lazy(() => new Request('/echo', { method: 'PUT', body: 'put', headers: { 'X-One': '1' } }))),
  'fetch a Request with options': fetching(lazy(() => new Request('/echo', { method: 'PUT', body: 'put' })), { method: 'POST', body: 'post', headers: { 'X-Two': '2' } }),
  'fetch a Request twice': async (say) => {
    const request = new Request('/echo', { method: 'POST', body: 'once' })
    await calling(say, () => fetch(request))
    say('used', request.bodyUsed)
    await calling(say, () => fetch(request))
  },
  'fetch a clone of a Request': async (say) => {
    const request = new Request('/echo', { method: 'POST', body: 'once' })
    await calling(say, () => fetch(request.clone()))
    say('used', request.bodyUsed)
  },
  'fetch a Request that is sent from elsewhere on the site': fetching(lazy(() => new Request('/echo', { referrer: '/somewhere' }))),
  'the same, with options that say nothing': fetching(lazy(() => new Request('/echo', { referrer: '/somewhere' })), {}),
  'the same, with options, by which it is forgotten': fetching(lazy(() => new Request('/echo', { referrer: '/somewhere' })), { method: 'PUT' }),
  'fetch a Request of a class of the page': fetching(lazy(() => new (class Mine extends Request {})('/echo', { method: 'PUT', headers: { 'X-One': '1' } }))),
  'fetch a Request of an iframe': async (say) => {
    const frame = document.body.appendChild(document.createElement('iframe'))
    await calling(say, () => fetch(new frame.contentWindow.Request(`${location.origin}/echo`, { method: 'PUT', headers: { 'X-One': '1' } })))
    frame.remove()
  },
  'fetch an object with toString': fetching({ toString: () => '/echo' }),
  'fetch an object whose toString throws': fetching({ toString: () => { throw new RangeError('no text') } }),
  'fetch an object with url and method': fetching({ url: '/status/500', method: 'DELETE', toString: () => '/echo' }),
  'fetch undefined': fetching(undefined),
  'fetch null': fetching(null),
  'fetch a number': fetching(7),
  'fetch a symbol': fetching(Symbol('no')),
  'fetch nothing at all': fetching(),
  'fetch an empty text': async (say) => say((await fetch('')).status),
  'fetch an invalid URL': fetching('http://[not'),
  'fetch a URL with credentials': fetching('http://a:b@127.0.0.1/'),
  'fetch an unknown scheme': fetching('gopher://127.0.0.1/'),
  'fetch a data URL': fetching('data:text/plain,hello'),
  'fetch a blob URL': async (say) => {
    const url = URL.createObjectURL(new Blob(['of a blob'], { type: 'text/plain' }))
    const response = await fetch(url)
    say(response.status, response.type, await response.text())
    URL.revokeObjectURL(url)
    await fetch(url).then((late) => say(late.status), (reason) => say(reason))
  },

  // How.
  'method patch stays as it is': fetching('/echo', { method: 'patch' }),
  'method post is made upper case': fetching('/echo', { method: 'post', body: 'x' }),
  'method QUERY': fetching('/echo', { method: 'QUERY' }),
  'method CONNECT is refused': fetching('/echo', { method: 'CONNECT' }),
  'method with a space is refused': fetching('/echo', { method: 'GE T' }),
  'GET with a body is refused': fetching('/echo', { body: 'x' }),
  'HEAD has no text': fetching('/echo', { method: 'HEAD' }),
  'options undefined': fetching('/echo', undefined),
  'options null': fetching('/echo', null),
  'options a number': fetching('/echo', 5),
  'headers as an object': fetching('/echo', { headers: { 'X-One': '1', 'X-Two': '2' } }),
  'headers as pairs': fetching('/echo', { headers: [['X-One', '1'], ['X-One', '2']] }),
  'headers as Headers': fetching('/echo', lazy(() => ({ headers: new Headers({ 'X-One': '1' }) }))),
  'headers of an iframe': async (say) => {
    const frame = document.body.appendChild(document.createElement('iframe'))
    await calling(say, () => fetch('/echo', { headers: new frame.contentWindow.Headers({ 'X-One': '1' }) }))
    frame.remove()
  },
  'headers as a Map': fetching('/echo', lazy(() => ({ headers: new Map([['X-One', '1']]) }))),
  'headers of a generator': fetching('/echo', lazy(() => ({ headers: (function* () { yield ['X-One', '1'] })() }))),
  'headers null are refused': fetching('/echo', { headers: null }),
  'headers that are an empty text are refused': fetching('/echo', { headers: '' }),
  'a forbidden header is left out': fetching('/echo', { headers: { Cookie: 'a=b', Referer: '/x' } }),
  'an invalid header is refused': fetching('/echo', { headers: { 'X One': '1' } }),
  'mode same-origin elsewhere': fetching(lazy(() => `${elsewhere}/`), { mode: 'same-origin' }),
  'mode no-cors elsewhere': fetching(lazy(() => `${elsewhere}/`), { mode: 'no-cors' }),
  'mode cors elsewhere, which does not allow it': fetching(lazy(() => `${elsewhere}/`)),
  'mode navigate is refused': fetching('/echo', { mode: 'navigate' }),
  'an unknown mode is refused': fetching('/echo', { mode: 'maybe' }),
  'a redirect is followed': fetching('/redirect?to=/echo'),
  'a redirect is an error': fetching('/redirect', { redirect: 'error' }),
  'a redirect is given as it is': fetching('/redirect', { redirect: 'manual' }),
  'a redirect to nowhere': fetching('/redirect?to=http://[no'),
  'cache only-if-cached': fetching('/never', { cache: 'only-if-cached', mode: 'same-origin' }),
  'integrity that holds': fetching('/status/200', lazy(() => ({ integrity: '' }))),
  'integrity that does not hold': fetching('/status/200', { integrity: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' }),
  'a referrer of its own': fetching('/echo', { referrer: '/somewhere' }),
  'no referrer': fetching('/echo', { referrerPolicy: 'no-referrer' }),
  'keepalive': fetching('/echo', { method: 'POST', body: 'kept', keepalive: true }),
  'keepalive that is too large': fetching('/echo', lazy(() => ({ method: 'POST', body: 'x'.repeat(70_000), keepalive: true }))),
  'priority low': fetching('/echo', { priority: 'low' }),
  'window that is no null is refused': fetching('/echo', { window: 1 }),
  'a stream as a body without duplex': fetching('/echo', lazy(() => ({ method: 'POST', body: streamOf('a', 'b') }))),
  'a stream as a body over HTTP/1.1': fetching('/echo', lazy(() => ({ method: 'POST', body: streamOf('a', 'b'), duplex: 'half' }))),
  'a getter of the options throws': fetching('/echo', { get method() { throw new RangeError('no method') } }),
  'a getter of the headers throws': fetching('/echo', { headers: { get 'X-One'() { throw new RangeError('no header') } } }),
  'the text of fetch, to the letter': async (say) => say(String(fetch)),
  'how often the options are read': async (say) => {
    let reads = 0
    await fetch('/echo', { get method() { reads++; return 'GET' } })
    say(reads)
  },
  'options are frozen': fetching('/echo', Object.freeze({ method: 'POST', body: 'x', headers: Object.freeze({ 'X-One': '1' }) })),
  'options are a proxy': fetching('/echo', lazy(() => new Proxy({ method: 'DELETE' }, {}))),

  // What comes.
  'status 204': fetching('/status/204'),
  'status 304': fetching('/status/304'),
  'status 404': fetching('/status/404'),
  'status 500': fetching('/status/500'),
  'the server breaks off': fetching('/broken'),
  'a body that breaks off': async (say) => {
    const response = await fetch('/stream/breaks')
    say(response.status)
    await response.text().then((text) => say(text), (reason) => say(reason.name))
  },
  'a body in parts': async (say) => {
    const { body } = await fetch('/stream')
    const reader = body.getReader()
    let text = ''
    for (let part; !(part = await reader.read()).done; ) text += new TextDecoder().decode(part.value)
    say(text, body.locked)
  },
  'a body through a stream': async (say) => say(await new Response((await fetch('/stream')).body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text()),
  'a body that is cancelled': async (say) => {
    const { body } = await fetch('/stream')
    say(await body.cancel('enough'))
  },
  'a body is read twice': async (say) => {
    const response = await fetch('/echo')
    await response.json()
    await response.text().catch((reason) => say(reason))
  },
  'a clone is read beside': async (say) => {
    const response = await fetch('/echo')
    const clone = response.clone()
    say((await clone.text()) === (await response.text()), response.bodyUsed, clone.bodyUsed)
  },
  'json, blob, arrayBuffer, bytes': async (say) => {
    say(await (await fetch('/echo')).json(), (await (await fetch('/bytes')).blob()).size, (await (await fetch('/bytes')).arrayBuffer()).byteLength)
    await (await fetch('/bytes')).json().catch((reason) => say(reason.name))
  },
  'ten at once': async (say) => say(await Promise.all(Array.from({ length: 10 }, async (_, at) => (await (await fetch(`/echo?${at}`)).json()).url))),

  // Breaking off.
  'aborted before the call': fetching('/echo', lazy(aborting(null))),
  'aborted before the call, with a reason': fetching('/echo', lazy(aborting(null, 'a text'))),
  'aborted before the call, with an error of the page': fetching('/echo', lazy(aborting(null, new RangeError('mine')))),
  'aborted on the way': fetching(SLOW, lazy(aborting(20))),
  'aborted on the way, with undefined': fetching(SLOW, lazy(aborting(20, undefined))),
  'aborted on the way, with null': fetching(SLOW, lazy(aborting(20, null))),
  'aborted on the way, with an object': fetching(SLOW, lazy(aborting(20, { own: 1 }))),
  'timed out': fetching(SLOW, lazy(() => ({ signal: AbortSignal.timeout(20) }))),
  'aborted while the body comes': async (say) => {
    const controller = new AbortController()
    const response = await fetch('/stream', controller)
    controller.abort()
    await response.text().catch((reason) => say(reason))
  },
  'aborted after everything': async (say) => {
    const controller = new AbortController()
    const response = await fetch('/echo', controller)
    await response.text()
    controller.abort()
    say(response.status)
  },
  'a signal of a Request': async (say) => {
    const controller = new AbortController()
    const request = new Request(SLOW, { signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await calling(say, () => fetch(request))
    // Read here so that it lives until then: a signal goes with a Request that is collected.
    say(request.signal.aborted)
  },
  'a signal of a Request, and none in the options': async (say) => {
    const request = new Request('/status/200', aborting(null)())
    await calling(say, () => fetch(request, { signal: null }))
  },
  'any of two signals': fetching(SLOW, lazy(() => ({ signal: AbortSignal.any([AbortSignal.timeout(20), new AbortController().signal]) }))),

  // What nobody handles.
  'a rejection that nobody handles': async () => void fetch('http://[not'),
  'an abort that nobody handles': async () => {
    void fetch(SLOW, aborting(10)())
    await tasks(30)
  },
  'a rejection that is handled late': async () => {
    const made = fetch('http://[not')
    await tasks(3)
    made.catch(() => {})
  },
  'a rejection behind then': async () => void fetch('http://[not').then(() => {}),
  'a rejection behind finally': async () => void fetch('http://[not').finally(() => {}),
  'a handler that throws': async () => {
    const made = fetch('/echo')
    void made.then(() => { throw new RangeError('in a handler') })
    await made
  },
  'a rejection that is caught': async (say) => say(await fetch('http://[not').catch(() => 'caught')),
  'a rejection that all handle': async (say) => say(await Promise.allSettled([fetch('http://[not'), fetch('/echo')]).then((all) => all.map(({ status }) => status))),

  // fetch itself.
  'fetch of undefined': (say) => calling(say, () => fetch.call(undefined, '/echo')),
  'fetch of null': (say) => calling(say, () => fetch.call(null, '/echo')),
  'fetch of another object': (say) => calling(say, () => fetch.call({}, '/echo')),
  'fetch of window': (say) => calling(say, () => window.fetch('/echo')),
  'fetch of another name': (say) => calling(say, () => { const mine = fetch; return mine('/echo') }),
  'fetch bound': (say) => calling(say, () => fetch.bind(window, '/echo')({ method: 'PUT' })),
  'fetch applied': (say) => calling(say, () => fetch.apply(window, ['/echo', { method: 'PUT' }, 'and more'])),
  'fetch by Reflect': (say) => calling(say, () => Reflect.apply(fetch, window, ['/echo'])),
  'new fetch': async (say) => {
    try {
      say(new fetch('/echo'))
    } catch (error) {
      say(error)
    }
  },
  'what fetch looks like': async (say) => {
    say(typeof fetch, fetch, isNative(fetch), fetch instanceof Function, Object.getPrototypeOf(fetch) === Function.prototype)
    say(Object.getOwnPropertyNames(fetch).sort(), Object.getOwnPropertyDescriptor(fetch, 'name'), Object.getOwnPropertyDescriptor(fetch, 'length'), 'prototype' in fetch)
    const { value, ...rest } = Object.getOwnPropertyDescriptor(window, 'fetch')
    say(rest, typeof value, Object.keys(window).includes('fetch'), Object.prototype.toString.call(fetch))
  },
  'a property of fetch': async (say) => {
    fetch.own = 1
    say(fetch.own, Object.keys(fetch), delete fetch.own, 'own' in fetch)
  },
  'a later patch and its end': async (say) => {
    const before = fetch
    window.fetch = (...given) => before(...given).then((response) => Object.assign(response, { patched: true }))
    say((await fetch('/echo')).patched)
    window.fetch = before
    say((await fetch('/echo')).patched, fetch === before)
  },
  'fetch is deleted and put back': async (say) => {
    const before = Object.getOwnPropertyDescriptor(window, 'fetch')
    say(delete window.fetch, typeof fetch)
    Object.defineProperty(window, 'fetch', before)
    say((await fetch('/echo')).status)
  },
  "an iframe's fetch": async (say) => {
    const frame = document.body.appendChild(document.createElement('iframe'))
    const response = await frame.contentWindow.fetch(`${location.origin}/echo`)
    say(response.status, response instanceof Response, response instanceof frame.contentWindow.Response)
    frame.remove()
  },
  "a worker's fetch": async (say) => {
    const source = URL.createObjectURL(new Blob([`fetch('${location.origin}/status/200').then((answer) => answer.text()).then(postMessage)`], { type: 'text/javascript' }))
    const worker = new Worker(source)
    say(await new Promise((done) => (worker.onmessage = ({ data }) => done(data))))
    worker.terminate()
  },
}
for (const [name, make] of Object.entries(BODIES)) {
  shapes[`fetch sends ${name}`] = fetching('/echo', lazy(() => ({ method: 'POST', body: make() })))
}

Object.assign(shapes, {
  'XHR GET': sent('GET', '/echo?a=1'),
  'XHR get in lower case': sent('get', '/echo'),
  'XHR patch in lower case': sent('patch', '/echo'),
  'XHR of a URL object': async (say) => sent('GET', new URL('/echo', location.href))(say),
  'XHR POST': sent('POST', '/echo', { body: () => 'text' }),
  'XHR with headers': sent('GET', '/echo', { with: (xhr) => (xhr.setRequestHeader('X-One', '1'), xhr.setRequestHeader('X-One', '2')) }),
  'XHR of JSON': sent('GET', '/echo', { with: (xhr) => (xhr.responseType = 'json') }),
  'XHR of a Blob': sent('GET', '/bytes', { with: (xhr) => (xhr.responseType = 'blob') }),
  'XHR of an ArrayBuffer': sent('GET', '/bytes', { with: (xhr) => (xhr.responseType = 'arraybuffer') }),
  'XHR of a document': sent('GET', '/xml', { with: (xhr) => (xhr.responseType = 'document') }),
  'XHR with another type': sent('GET', '/bytes', { with: (xhr) => xhr.overrideMimeType('text/plain; charset=x-user-defined') }),
  'XHR status 204': sent('GET', '/status/204'),
  'XHR status 500': sent('GET', '/status/500'),
  'XHR that is broken off by the server': sent('GET', '/broken'),
  'XHR elsewhere, which does not allow it': async (say) => sent('GET', `${elsewhere}/`)(say),
  'XHR that times out': sent('GET', SLOW, { with: (xhr) => (xhr.timeout = 20) }),
  'XHR that is aborted': sent('GET', SLOW, { with: (xhr) => setTimeout(() => xhr.abort(), 20) }),
  'XHR that is aborted while its body comes': sent('GET', '/stream', { with: (xhr) => xhr.addEventListener('readystatechange', () => xhr.readyState === 3 && xhr.abort()) }),
  'XHR that is aborted before it is sent': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', '/echo')
    attempt(say, () => xhr.abort())
    const end = ended(xhr)
    attempt(say, () => xhr.send())
    await end
    say(xhr.readyState)
  },
  'XHR without waiting': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', '/echo', false)
    attempt(say, () => xhr.send())
    say(xhr.status, xhr.responseText)
  },
  'XHR without waiting, of nothing': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', '/broken', false)
    attempt(say, () => xhr.send())
  },
  'XHR is used again': async (say) => {
    const xhr = noted(say)
    for (const url of ['/echo?first', '/status/404', '/echo?third']) {
      xhr.open('GET', url)
      const end = ended(xhr)
      xhr.send()
      await end
      say(xhr.status, xhr.responseText)
    }
  },
  'XHR is opened again on the way': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', '/slow/200')
    xhr.send()
    await tasks(2)
    attempt(say, () => xhr.open('GET', '/echo'))
    const end = ended(xhr)
    xhr.send()
    await end
    say(xhr.responseText)
  },
  'XHR is sent before it is opened': async (say) => attempt(say, () => new XMLHttpRequest().send()),
  'XHR is sent twice': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', '/echo')
    const end = ended(xhr)
    xhr.send()
    attempt(say, () => xhr.send())
    await end
  },
  'XHR with an invalid method': async (say) => {
    for (const method of ['TRACE', 'GE T', '', undefined]) attempt(say, () => new XMLHttpRequest().open(method, '/echo'))
  },
  'XHR with an invalid URL': async (say) => attempt(say, () => new XMLHttpRequest().open('GET', 'http://[not')),
  'XHR with too few arguments': async (say) => {
    attempt(say, () => new XMLHttpRequest().open())
    attempt(say, () => new XMLHttpRequest().open('GET'))
  },
  'XHR of what is no request': async (say) => {
    attempt(say, () => XMLHttpRequest.prototype.open.call({}, 'GET', '/echo'))
    attempt(say, () => XMLHttpRequest.prototype.send.call(null))
  },
  'XHR with a name and a password': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', '/echo', true, 'name', 'word')
    const end = ended(xhr)
    xhr.send()
    await end
    say(xhr.status)
  },
  'XHR uploads': async (say) => {
    const xhr = noted(say)
    for (const type of ['loadstart', 'load', 'loadend']) xhr.upload.addEventListener(type, ({ total }) => say('upload', type, total))
    xhr.open('POST', '/echo')
    const end = ended(xhr)
    xhr.send('x'.repeat(1_000))
    await end
  },
  'XHR whose handler throws': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', '/echo')
    xhr.addEventListener('load', () => { throw new RangeError('in a handler') })
    const end = ended(xhr)
    xhr.send()
    await end
  },
  'XHR whose events are stopped': async (say) => {
    const xhr = new XMLHttpRequest()
    xhr.addEventListener('load', (event) => (say('first'), event.stopImmediatePropagation()))
    xhr.addEventListener('load', () => say('never'))
    xhr.open('GET', '/echo')
    const end = ended(xhr)
    xhr.send()
    await end
  },
  'XHR of a class of the page': async (say) => {
    class Mine extends XMLHttpRequest {
      open(...given) {
        say('mine opens')
        return super.open(...given)
      }
      send(body) {
        say('mine sends')
        return super.send(body)
      }
    }
    const xhr = noted(say, new Mine())
    xhr.open('GET', '/echo')
    const end = ended(xhr)
    xhr.send()
    await end
    say(xhr instanceof XMLHttpRequest, xhr.responseText)
  },
  'a later patch of XHR and its end': async (say) => {
    const { open } = XMLHttpRequest.prototype
    XMLHttpRequest.prototype.open = function (...given) {
      say('patched')
      return open.apply(this, given)
    }
    await sent('GET', '/echo')(say)
    XMLHttpRequest.prototype.open = open
    await sent('GET', '/echo')(say)
  },
  'what XHR looks like': async (say) => {
    for (const name of ['open', 'send', 'abort', 'setRequestHeader']) {
      const { value, ...rest } = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, name)
      say(name, value, isNative(value), rest, Object.getOwnPropertyNames(value).sort(), 'prototype' in value)
    }
    say(String(XMLHttpRequest), Object.getOwnPropertyNames(XMLHttpRequest.prototype), Object.getOwnPropertyNames(new XMLHttpRequest()))
  },
})
for (const [name, make] of Object.entries(BODIES)) shapes[`XHR sends ${name}`] = sent('POST', '/echo', { body: make })

offer(shapes)
