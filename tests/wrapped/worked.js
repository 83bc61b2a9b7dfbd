// Call shapes of a page whose requests go to a service worker, by name. What the worker saw of each is said at the end.

import { BODIES, aborting, attempt, calling, ended, fetching, lazy, noted, offer, sent, streamOf, tasks } from './observe.js'

const ask = (question, given) =>
  new Promise((answered) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => answered(data)
    navigator.serviceWorker.controller.postMessage([question, given], [port2])
  })
/** Until the worker has been asked for a path. */
const asked = async (path) => {
  while (!(await ask('paths')).includes(path)) await tasks(1)
}
/** Breaks off once the worker has it, and says whether the worker is told within a while. */
const abortedThere = async (say, path, abort) => {
  await asked(path)
  abort()
  let isTold = false
  for (let at = 0; at < TRIES && !isTold; at++) isTold = (await tasks(1), await ask('isAborted', path))
  say('the worker is told', isTold)
}

const SEEN = '/of-worker/seen'
const request = (options) => lazy(() => new Request(SEEN, options))
const seen = (options) => fetching(SEEN, options)
/** ms by which the worker has been asked, also on a busy machine. */
const LATE = 500
/** So many times it is asked whether it is told, before it is taken for untold. */
const TRIES = 100
const OWN = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`

const shapes = {
  // What the worker sees.
  'a path': fetching(`${SEEN}?a=1#part`),
  'a whole URL': fetching(lazy(() => new URL(SEEN, location.href))),
  'a Request': fetching(request({ method: 'PUT', body: 'put', headers: { 'X-One': '1' } })),
  'a Request with everything': fetching(
    request({ method: 'POST', body: 'all', mode: 'same-origin', credentials: 'omit', cache: 'reload', redirect: 'manual', referrer: '/somewhere', referrerPolicy: 'origin', keepalive: true }),
  ),
  'a Request with everything, and options': fetching(request({ method: 'POST', body: 'all', mode: 'same-origin', credentials: 'omit', cache: 'reload', redirect: 'manual', keepalive: true }), {
    method: 'PUT',
    body: 'other',
  }),
  'a clone of a Request': fetching(lazy(() => new Request(SEEN, { method: 'POST', body: 'once' }).clone())),
  'method patch': seen({ method: 'patch' }),
  'headers of the page': seen({ headers: { 'X-One': '1', Authorization: 'Basic eA==', Accept: 'text/x-own' } }),
  'a traceparent of the page': seen({ headers: { traceparent: OWN } }),
  'mode same-origin': seen({ mode: 'same-origin' }),
  'mode no-cors': seen({ mode: 'no-cors', headers: { 'X-One': '1', Accept: 'text/x-own' } }),
  'mode no-cors, elsewhere': fetching(lazy(() => `${elsewhere}/`), { mode: 'no-cors' }),
  'mode cors, elsewhere, which does not allow it': fetching(lazy(() => `${elsewhere}/`)),
  'credentials omit': seen({ credentials: 'omit' }),
  'credentials include': seen({ credentials: 'include' }),
  'cache no-store': seen({ cache: 'no-store' }),
  'cache reload': seen({ cache: 'reload' }),
  'redirect manual': seen({ redirect: 'manual' }),
  'redirect error': seen({ redirect: 'error' }),
  'a referrer of its own': seen({ referrer: '/somewhere' }),
  'no referrer': seen({ referrer: '' }),
  'a policy for the referrer': seen({ referrerPolicy: 'unsafe-url' }),
  'integrity that does not hold': seen({ integrity: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' }),
  keepalive: seen({ method: 'POST', body: 'kept', keepalive: true }),
  'priority low': seen({ priority: 'low' }),
  'a stream as a body, which only the worker reads': fetching(SEEN, lazy(() => ({ method: 'POST', body: streamOf('a', 'b'), duplex: 'half' }))),
  'a Request with a stream as a body': fetching(lazy(() => new Request(SEEN, { method: 'POST', body: streamOf('a', 'b'), duplex: 'half' }))),
  'ten at once': async (say) => {
    const all = await Promise.all(Array.from({ length: 10 }, async (_, at) => (await (await fetch(`${SEEN}?${at}`)).json()).url))
    say(all)
    // They may come in any order.
    await ask('seen')
  },

  // What the worker answers by itself.
  'a response that the worker makes': fetching('/of-worker/synthetic'),
  'a response without a body': fetching('/of-worker/empty'),
  'a response of status 503': fetching('/of-worker/offline'),
  'Response.error()': fetching('/of-worker/fails'),
  'Response.error() that nobody handles': async () => {
    const told = new Promise((done) => addEventListener('unhandledrejection', done, { once: true }))
    void fetch('/of-worker/fails')
    await told
  },
  'a promise that is rejected': fetching('/of-worker/rejects'),
  'a promise of nothing': fetching('/of-worker/nothing'),
  'what is no Response': fetching('/of-worker/text'),
  'a response that was read already': fetching('/of-worker/used'),
  'a redirect is followed': fetching('/of-worker/redirects'),
  'a redirect is given as it is': fetching('/of-worker/redirects', { redirect: 'manual' }),
  'a redirect is an error': fetching('/of-worker/redirects', { redirect: 'error' }),
  'a response that the worker was redirected to': fetching('/of-worker/follows'),
  'the same, where redirects are an error': fetching('/of-worker/follows', { redirect: 'error' }),
  'a stream': fetching('/of-worker/streams'),
  'a stream, by its reader': async (say) => {
    const reader = (await fetch('/of-worker/streams')).body.getReader()
    let text = ''
    for (let part; !(part = await reader.read()).done; ) text += new TextDecoder().decode(part.value)
    say(text)
  },
  'a stream that breaks off': async (say) => {
    const response = await fetch('/of-worker/breaks')
    say(response.status, response.type)
    await response.text().then((text) => say(text), (reason) => say(reason.name))
  },
  'a response of the cache': fetching('/of-worker/cached'),
  'an opaque response, to a request that may have one': fetching(lazy(() => `/of-worker/elsewhere?at=${elsewhere}/`), { mode: 'no-cors' }),
  'an opaque response, to one that may not': fetching(lazy(() => `/of-worker/elsewhere?at=${elsewhere}/`)),

  // What it passes through, or leaves.
  'a POST is passed through': fetching('/echo', { method: 'POST', body: 'text', headers: { 'X-One': '1' } }),
  'a Request is passed through': fetching(lazy(() => new Request('/echo', { method: 'PUT', body: 'put' }))),
  'a redirect of the server': fetching('/redirect?to=/echo'),
  'status 404': fetching('/status/404'),
  'the server breaks off': fetching('/broken'),
  'the worker adds a header': fetching('/of-worker/headers', { headers: { 'X-One': '1' } }),
  'the worker leaves it': fetching('/of-worker/leaves'),
  'the worker prevents it': fetching('/of-worker/prevents'),
  "the worker's handler throws": fetching('/of-worker/throws'),

  // Breaking off.
  'aborted before the call': fetching(SEEN, lazy(aborting(null))),
  'aborted while the worker thinks': async (say) => {
    const controller = new AbortController()
    const made = calling(say, () => fetch('/of-worker/never?fetch', controller))
    await abortedThere(say, '/of-worker/never', () => controller.abort(new RangeError('mine')))
    await made
  },
  'timed out while the worker thinks': fetching('/of-worker/never?late', lazy(() => ({ signal: AbortSignal.timeout(LATE) }))),
  'the body of a worker is cancelled': async (say) => say(await (await fetch('/of-worker/streams')).body.cancel('enough')),

  // XMLHttpRequest.
  'XHR that the worker sees': sent('GET', `${SEEN}?a=1`),
  'XHR with headers': sent('GET', SEEN, { with: (xhr) => (xhr.setRequestHeader('X-One', '1'), xhr.setRequestHeader('Accept', 'text/x-own')) }),
  'XHR with a traceparent of the page': sent('GET', SEEN, { with: (xhr) => xhr.setRequestHeader('traceparent', OWN) }),
  'XHR with credentials': sent('GET', SEEN, { with: (xhr) => (xhr.withCredentials = true) }),
  'XHR elsewhere, which does not allow it': async (say) => sent('GET', `${elsewhere}/`)(say),
  'XHR of a response that the worker makes': sent('GET', '/of-worker/synthetic'),
  'XHR of Response.error()': sent('GET', '/of-worker/fails'),
  'XHR of a promise that is rejected': sent('GET', '/of-worker/rejects'),
  'XHR of a redirect': sent('GET', '/of-worker/redirects'),
  'XHR of a stream': sent('GET', '/of-worker/streams'),
  'XHR of JSON': sent('GET', SEEN, { with: (xhr) => (xhr.responseType = 'json') }),
  'XHR is passed through': sent('POST', '/echo', { body: () => 'text' }),
  'XHR that times out': sent('GET', '/of-worker/never?xhr', { with: (xhr) => (xhr.timeout = LATE) }),
  'XHR that is aborted while the worker thinks': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', '/of-worker/never?xhr')
    const end = ended(xhr)
    xhr.send()
    await abortedThere(say, '/of-worker/never', () => xhr.abort())
    await end
  },
  'XHR without waiting': async (say) => {
    const xhr = noted(say)
    xhr.open('GET', SEEN, false)
    attempt(say, () => xhr.send())
    say(xhr.status)
  },
}
for (const [name, make] of Object.entries(BODIES)) {
  shapes[`the worker reads ${name}`] = fetching(SEEN, lazy(() => ({ method: 'POST', body: make() })))
  shapes[`the worker reads ${name} of an XHR`] = sent('POST', SEEN, { body: make })
}

/** Asks the worker at the end. */
const withWorker = (shape) => async (say) => {
  await shape(say)
  for (const one of await ask('seen')) say('the worker saw', JSON.stringify(one))
}
window.ask = ask
offer(Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, withWorker(shape)])))
