// The service worker of the pages under /worked/. It answers what is under /of-worker/ by itself and passes everything else through, and
// keeps what it saw of each request until a page asks.

addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))

const PROPERTIES = ['method', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'destination', 'integrity', 'keepalive', 'duplex', 'isReloadNavigation', 'bodyUsed']

/** Of requests that were not yet asked for: their paths at once, and promises of what there was to see. */
let paths = []
let seen = []
/** The same of the SDK's batches: their URLs, and their headers that are somebody's own. */
const batches = []
/** Signals of requests by path, the latest. */
const signals = new Map()

/** Of multipart bodies the border is random. */
const same = (text) => text.replace(/----\w+/g, '----')
const headersOf = ({ headers }) => {
  const { traceparent, ...rest } = Object.fromEntries([...headers].map(([name, value]) => [name, same(value)]))
  // First, as the suite leaves it out.
  return traceparent ? { traceparent, ...rest } : rest
}
const look = (request) => {
  const { url } = request
  const text = request.clone().text()
  const properties = Object.fromEntries(PROPERTIES.map((name) => [name, request[name]]))
  // The pages are one.
  properties.referrer = properties.referrer.replace(/\/(plain|wrapped|traced)$/, '/')
  const made = (body) => ({ url: url.replace(location.origin, ''), ...properties, headers: headersOf(request), body: same(body) })
  return text.then(made, ({ name }) => made(`fails: ${name}`))
}
const streamed = (parts, end) => {
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull(stream) {
      if (parts.length) stream.enqueue(encoder.encode(parts.shift()))
      else end(stream)
    },
  })
}
const used = () => {
  const response = new Response('used')
  void response.text()
  return response
}

/** What is answered at /of-worker/…; what gives nothing leaves the request to the browser. */
const ANSWERS = {
  seen: async ({ request }) => Response.json(await look(request)),
  synthetic: () => new Response('synthetic', { status: 218, statusText: 'Of a worker', headers: { 'X-Of': 'a worker', 'Content-Type': 'text/x-own' } }),
  empty: () => new Response(null, { status: 204 }),
  fails: () => Response.error(),
  rejects: () => Promise.reject(new RangeError('of the worker')),
  nothing: () => undefined,
  text: () => 'no Response',
  used,
  redirects: () => Response.redirect('/echo?redirected', 302),
  follows: () => fetch('/redirect?to=/echo'),
  streams: () => new Response(streamed(['part 0\n', 'part 1\n', 'part 2\n'], (stream) => stream.close())),
  breaks: () => new Response(streamed(['part 0\n'], (stream) => stream.error(new RangeError('of the worker')))),
  never: () => new Promise(() => {}),
  elsewhere: ({ request }) => fetch(new URL(request.url).searchParams.get('at'), { mode: 'no-cors' }),
  cached: async () => {
    const cache = await caches.open('worked')
    await cache.put('/status/200', await fetch('/status/200'))
    return await cache.match('/status/200')
  },
  headers: ({ request }) => {
    const headers = new Headers(request.headers)
    headers.set('X-Two', 'of the worker')
    return fetch('/echo', { method: request.method, headers })
  },
  // Synthetic error pages of workers look like this.
  offline: () => new Response('offline', { status: 503, headers: { 'Retry-After': '1' } }),
}

addEventListener('fetch', (event) => {
  const { request } = event
  const { pathname } = new URL(request.url)
  if (pathname === '/v1/batches') {
    const { url, method, mode, credentials, keepalive } = request
    batches.push({ url, method, mode, credentials, keepalive, headers: headersOf(request) })
    return event.respondWith(fetch(request))
  }
  if (pathname.startsWith('/sdk/')) return event.respondWith(fetch(request))
  paths.push(pathname)
  seen.push(look(request))
  signals.set(pathname, request.signal)
  const [, , name] = pathname.split('/')
  if (!pathname.startsWith('/of-worker/')) return event.respondWith(fetch(request))
  if (name === 'leaves') return
  if (name === 'prevents') return event.preventDefault()
  if (name === 'throws') throw new RangeError('of the worker')
  event.respondWith(ANSWERS[name](event))
})

const QUESTIONS = {
  /** Everything since it was asked before. */
  seen: async () => {
    const all = await Promise.all(seen)
    paths = []
    seen = []
    return all
  },
  paths: () => paths,
  batches: () => batches,
  isAborted: (path) => Boolean(signals.get(path)?.aborted),
}
addEventListener('message', ({ data: [question, given], ports: [port] }) => {
  void Promise.resolve(QUESTIONS[question](given)).then((answer) => port.postMessage(answer))
})
