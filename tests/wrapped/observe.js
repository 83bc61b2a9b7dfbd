// How a call is made, and what a page can observe of it. Each shape notes with `say`.

const show = (value) => {
  if (value instanceof Error || value instanceof DOMException) return `${Object.prototype.toString.call(value)} ${value.constructor.name} ${value.name}: ${value.message}`
  if (typeof value === 'function') return `function ${value.name}/${value.length}`
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value) === '[object Object]' || Array.isArray(value) ? JSON.stringify(value) : Object.prototype.toString.call(value)
  return String(value).replaceAll(location.origin, '')
}
/** As pages ask it. */
export const isNative = (value) => [String(value), Function.prototype.toString.call(value)].every((text) => text.includes('[native code]'))
/** So many tasks take seconds: what has not ended by then never will. */
const TOO_MANY = 400
export const tasks = async (count) => {
  for (let at = 0; at < count; at++) await new Promise((done) => setTimeout(done, 5))
}

const READ = ['type', 'status', 'ok', 'statusText', 'redirected', 'bodyUsed', 'url']
export const UNSTABLE = new Set(['date', 'connection', 'keep-alive'])
/** Everything there is to see of a response, and its body. */
const whole = async (say, response) => {
  say(response instanceof Response, response.constructor.name, Object.getOwnPropertyNames(response))
  for (const name of READ) say(name, response[name])
  say([...response.headers].filter(([name]) => !UNSTABLE.has(name)))
  await response.text().then((text) => say('text', text), (reason) => say('text fails', reason))
  say('read', response.bodyUsed)
}
/** Calls, and says what comes at once and what later. */
export const calling = async (say, call) => {
  let made
  try {
    made = call()
  } catch (error) {
    return say('throws at once', error)
  }
  say('gives', made, made?.constructor?.name, made instanceof Promise, made && Object.getOwnPropertyNames(made))
  try {
    await whole(say, await made)
  } catch (error) {
    say('rejects', error)
  }
}
export const fetching = (...given) => (say) => calling(say, () => fetch(...given.map((one) => (one instanceof Lazy ? one.make() : one))))
/** Something that has to be made anew for every call. */
class Lazy {
  constructor(make) {
    this.make = make
  }
}
export const lazy = (make) => new Lazy(make)
export const aborting = (ms, reason) => () => {
  const controller = new AbortController()
  ms === null ? controller.abort(reason) : setTimeout(() => controller.abort(reason), ms)
  return { signal: controller.signal }
}
export const streamOf = (...parts) => new ReadableStream({ start: (stream) => (parts.forEach((part) => stream.enqueue(new TextEncoder().encode(part))), stream.close()) })
const form = () => {
  const data = new FormData()
  data.append('name', 'value')
  data.append('file', new Blob(['text'], { type: 'text/plain' }), 'a.txt')
  return data
}

export const BODIES = {
  'a text': () => 'text',
  'an empty text': () => '',
  'a Blob': () => new Blob(['blob'], { type: 'text/x-blob' }),
  'an ArrayBuffer': () => new Uint8Array([1, 2, 3]).buffer,
  'a Uint8Array': () => new Uint8Array([4, 5, 6]),
  'a DataView': () => new DataView(new Uint8Array([7, 8]).buffer),
  'a FormData': form,
  'a URLSearchParams': () => new URLSearchParams({ a: '1', b: 'ä' }),
  'a number': () => 12,
  'an object': () => ({ a: 1 }),
  null: () => null,
}

const XHR_EVENTS = ['readystatechange', 'loadstart', 'progress', 'load', 'loadend', 'error', 'abort', 'timeout']
/** An XMLHttpRequest, all of whose events are said. */
export const noted = (say, xhr = new XMLHttpRequest()) => {
  for (const type of XHR_EVENTS.filter((type) => type !== 'progress')) {
    xhr.addEventListener(type, () => say(type, xhr.readyState, xhr.status))
    xhr[`on${type}`] = () => say(`on${type}`, xhr.readyState)
  }
  return xhr
}
export const ended = (xhr) => new Promise((done) => xhr.addEventListener('loadend', () => setTimeout(done)))
export const attempt = (say, take) => {
  try {
    say('gives', take())
  } catch (error) {
    say('throws', error)
  }
}
export const sent = (method, url, { body, with: set = () => {} } = {}) => async (say) => {
  const xhr = noted(say)
  attempt(say, () => xhr.open(method, url))
  set(xhr)
  const end = ended(xhr)
  attempt(say, () => xhr.send(body?.()))
  await end
  say(xhr.status, xhr.statusText, xhr.responseType, typeof xhr.response, xhr.responseURL)
  if (!xhr.responseType || xhr.responseType === 'text') say(xhr.responseText)
  say(xhr.getAllResponseHeaders().split('\r\n').filter((line) => !UNSTABLE.has(line.split(':')[0])), xhr.getResponseHeader('content-type'))
}

/** What there is to observe of a shape, rejections that nobody handles included. */
const run = async (shape) => {
  const notes = []
  const say = (...values) => void notes.push(values.map(show).join(' '))
  const types = ['error', 'unhandledrejection', 'rejectionhandled']
  const unhandled = new Set()
  const heard = (event) => {
    event.preventDefault()
    if (event.type === 'unhandledrejection') unhandled.add(event.promise)
    // One from before this shape may be handled at any time.
    if (event.type === 'rejectionhandled' && !unhandled.has(event.promise)) return
    say(event.type, event.type === 'error' ? event.message : event.reason)
  }
  for (const type of types) addEventListener(type, heard)
  await Promise.race([shape(say), tasks(TOO_MANY).then(() => say('does not end'))])
  await tasks(6)
  for (const type of types) removeEventListener(type, heard)
  return notes
}

/** Offers a table of shapes to the suite: their names, and what runs one. */
export const offer = (shapes) => {
  window.run = (name) => run(shapes[name])
  window.shapes = Object.keys(shapes)
}
