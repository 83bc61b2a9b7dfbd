// What the SDK costs the main thread of a page, from Chromium's own trace.

/** Of a page's scripts, those that are ours, and those of the reference. */
export const OURS = /\/sdk\//
export const REFERENCE = /\/reference\.js/
/** The stages of rendering that reading the wrong property makes happen at once. */
const RENDERING = new Set(['Layout', 'UpdateLayoutTree'])
/** Slices that run scripts. A slice of microtasks names none. */
const SCRIPTS = new Set(['EvaluateScript', 'FunctionCall', 'v8.compile', 'v8.compileModule', 'v8.evaluateModule', 'v8.produceCache'])
const MICROTASKS = 'RunMicrotasks'
/** While these are told to listeners a page reports what it holds. */
const LEAVING = new Set(['visibilitychange', 'pagehide'])

export const TIMELINE = ['toplevel', 'devtools.timeline']
/** With the stacks of layouts: for finding them, not for measuring. */
export const STACKS = [...TIMELINE, 'disabled-by-default-devtools.timeline.stack']

/**
 * An engine whose tabs are traced, one at a time, and slowed down `slower` times; `keep` gets the events of each when it is
 * closed. A page that is slowed down prerenders nothing.
 */
export const traced = (engine, { slower = 1, categories, keep }) => ({
  abilities: engine.abilities,
  async tab() {
    const tab = await engine.tab()
    if (slower > 1) await (await tab.session()).send('Emulation.setCPUThrottlingRate', { rate: slower })
    // Of the browser, for with a session of its own a page prerenders nothing either.
    const session = await engine.session()
    const events = []
    session.on('Tracing.dataCollected', ({ value }) => events.push(...value))
    const traceConfig = { includedCategories: categories, recordMode: 'recordAsMuchAsPossible' }
    await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig })
    const { close } = tab
    tab.close = async () => {
      const complete = new Promise((done) => session.once('Tracing.tracingComplete', done))
      await session.send('Tracing.end')
      await complete
      await session.detach()
      keep(events)
      await close.call(tab)
    }
    return tab
  },
})

const byStart = (a, b) => a.ts - b.ts || b.dur - a.dur
const threadOf = ({ pid, tid }) => `${pid} ${tid}`
const end = ({ ts, dur = 0 }) => ts + dur
const sourceOf = ({ args }) => args?.data?.url ?? args?.fileName ?? ''

/** Slices that lie in no other one of the list. */
function outermost(slices) {
  let until = -Infinity
  return slices.filter((slice) => {
    if (slice.ts < until) return false
    until = end(slice)
    return true
  })
}

/**
 * Every task of a main thread in which scripts of these addresses ran: how much processor time that took, in ms, and
 * whether the page was being left. Microtasks count as theirs in tasks where no other script ran.
 */
export function tasks(events, scripts = OURS) {
  const found = []
  const complete = events.filter(({ ph }) => ph === 'X').sort(byStart)
  if (!complete.some(({ tdur }) => tdur > 0)) throw new Error('the trace has no processor times: nothing was measured')
  for (const thread of new Set(complete.map(threadOf))) {
    const slices = complete.filter((slice) => threadOf(slice) === thread)
    const relevant = slices.filter(({ name, args }) => SCRIPTS.has(name) || name === MICROTASKS || LEAVING.has(args?.data?.type))
    let next = 0
    for (const task of slices.filter(({ name }) => name.endsWith('RunTask'))) {
      const inside = []
      while (next < relevant.length && relevant[next].ts < end(task)) {
        if (relevant[next].ts >= task.ts) inside.push(relevant[next])
        next++
      }
      const running = inside.filter(({ name }) => SCRIPTS.has(name))
      const alone = running.every((slice) => scripts.test(sourceOf(slice)))
      const counted = inside.filter((slice) => (slice.name === MICROTASKS ? alone : scripts.test(sourceOf(slice))))
      const ms = outermost(counted).reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1e3
      if (ms > 0) found.push({ ms, leaving: inside.some(({ args }) => LEAVING.has(args?.data?.type)) })
    }
  }
  return found
}

/** Layouts and recalculations of styles that our code forced, with the place that did. */
export function forcedLayouts(events) {
  return events
    .filter(({ name }) => RENDERING.has(name))
    .map(({ name, args }) => ({ name, stack: (args?.beginData ?? args?.data)?.stackTrace ?? [] }))
    .filter(({ stack }) => stack.some(({ url }) => OURS.test(url)))
    .map(({ name, stack: [{ functionName, url, lineNumber, columnNumber }] }) => `${name} from ${functionName || 'a function'} (${url}:${lineNumber}:${columnNumber})`)
}
