// Records visits of real Chromium to the demo shop: the very records that the capture script made, as it posts them
// from a page without Wasm.
//
//   cargo build -p demo-site && cargo xtask wasm && node tests/recordings/record.mjs [name…]
//
// Each visit becomes `<name>.json`:
//
//   visit      what the visitor did
//   document   the `Document` of its batches
//   parts      the records from one flush to the next, in the order of capture
//
// Times are as they were. Ids, the origin and the time origin are replaced, so that nothing tells of this machine.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { isOnce, rawBody } from './recording.mjs'
import { VISITS } from './visits.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const DIST = process.env.RUM_DIST ?? here('../../js-wrapper/dist')
const SHOP = process.env.RUM_DEMO_BIN ?? here('../../target/debug/demo-site')
const CHROMIUM = process.env.RUM_CHROMIUM ?? 'chromium'

const ORIGIN = 'https://shop.example'
const COLLECTOR = 'https://rum.example'
/** Every recording begins at this moment, in ms since the epoch. */
const TIME_ORIGIN = 1_795_226_212_000
const TYPES = { '.js': 'text/javascript', '.json': 'application/json' }

/** Positions in records and in the document, as docs/wire.md has them. */
const VIEW = { kind: 1, viewId: 3, sessionId: 4, parentId: 8 }
const WALL = { 4: 4 }
const DOCUMENT = { timeOrigin: 0, origin: 1 }

/** Serves the SDK without its Wasm, and keeps the bodies that pages post. */
async function collect() {
  const bodies = []
  const server = createServer(async (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    const { pathname } = new URL(request.url, 'http://collector')
    if (request.method === 'POST') {
      let body = ''
      for await (const chunk of request.setEncoding('utf8')) body += chunk
      bodies.push(JSON.parse(body))
      server.emit('body')
      response.writeHead(204).end()
      return
    }
    const file = DIST + pathname
    if (extname(file) in TYPES && existsSync(file)) {
      response.writeHead(200, { 'Content-Type': TYPES[extname(file)] }).end(readFileSync(file))
    } else {
      response.writeHead(404).end()
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    bodies,
    close: () => server.close(),
    /** Until the document sent its nth body. */
    async received(count) {
      while (bodies.length < count) await once(server, 'body', { signal: AbortSignal.timeout(20_000) })
    },
  }
}

async function openShop(rumUrl) {
  const shop = spawn(SHOP, ['--rum-url', `${rumUrl}/rum.js`, '--app-key', 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(shop.stdout), 'line')
  return { url: line.split(' ').at(-1), close: () => shop.kill() }
}

/** Chromium as people run it: what Playwright starts has no back/forward cache, and its tabs are never hidden. */
async function openBrowser() {
  const profile = mkdtempSync(join(tmpdir(), 'wasm-rum-visit-'))
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  const own = ['--remote-debugging-port=0', `--user-data-dir=${profile}`, '--window-size=1280,987', '--no-startup-window']
  const child = spawn(CHROMIUM, [...flags, ...own], { stdio: ['ignore', 'ignore', 'pipe'] })
  // Not `exit`: its children hold the same stderr, and work in the profile until they end.
  const ended = once(child, 'close')
  const lines = createInterface(child.stderr)
  const address = await new Promise((found, failed) => {
    lines.on('line', (line) => line.startsWith('DevTools listening on ') && found(line.split(' ').at(-1)))
    child.on('exit', (code) => failed(new Error(`${CHROMIUM} ended (${code}) before it listened`)))
  })
  const end = async () => {
    child.kill()
    await ended
    rmSync(profile, { recursive: true, force: true })
  }
  try {
    const browser = await chromium.connectOverCDP(address, { noDefaults: true })
    return { page: await browser.contexts()[0].newPage(), close: () => browser.close().then(end) }
  } catch (error) {
    await end()
    throw error
  }
}

/**
 * The records of each flush, in the order of capture. A body holds the document's kept records so far, then the others
 * since the body before; both lists are in the order of capture, and so are the ordinals, but for errors that come again.
 */
function parts(bodies) {
  let sent = 0
  return bodies.map(([, , , , , records]) => {
    const kept = records.filter((record) => !isOnce(record))
    const news = kept.slice(sent)
    sent = kept.length
    const part = []
    for (const record of records.filter(isOnce)) {
      while (news.length && news[0][1] < record[1]) part.push(news.shift())
      part.push(record)
    }
    return [...part, ...news]
  })
}

/** Replaces what belongs to this machine and this hour. */
function normalised(document, parts) {
  const shift = TIME_ORIGIN - document[DOCUMENT.timeOrigin]
  const names = new Map()
  const id = (old) => {
    if (old == null) return old
    const start = (parseInt(old.slice(0, 8), 16) + Math.round(shift / 1e3)).toString(16).padStart(8, '0')
    // Random bits all the same, as of any page: nothing that a compressor would find.
    const random = (Math.imul(names.size + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')
    if (!names.has(old)) names.set(old, start + random)
    return names.get(old)
  }
  const described = [...document]
  described[DOCUMENT.timeOrigin] = TIME_ORIGIN
  described[DOCUMENT.origin] = ORIGIN
  const renamed = parts.map((part) =>
    part.map((record) => {
      const copy = [...record]
      if (copy[0] === VIEW.kind) for (const place of [VIEW.sessionId, VIEW.viewId, VIEW.parentId]) copy[place] = id(copy[place])
      if (copy[0] in WALL) copy[WALL[copy[0]]] += shift
      return copy
    }),
  )
  return { document: described, parts: renamed }
}

async function record(name, { visit, drive }) {
  const collector = await collect()
  const shop = await openShop(collector.url)
  const browser = await openBrowser()
  try {
    await drive({ page: browser.page, shop: shop.url, collector })
  } finally {
    await browser.close()
    shop.close()
    collector.close()
  }
  // A visit may lead through other documents, whose batches are not its own.
  const first = collector.bodies[0][4][DOCUMENT.timeOrigin]
  const bodies = collector.bodies.filter((body) => body[4][DOCUMENT.timeOrigin] === first)
  const recorded = parts(bodies)
  recorded.forEach((_, at) => {
    const rebuilt = rawBody(recorded, at)
    if (JSON.stringify(rebuilt) !== JSON.stringify(bodies[at][5])) throw new Error(`${name}: body ${at} is not its parts`)
  })
  const { document, parts: clean } = normalised(bodies[0][4].slice(0, -1), recorded)
  const lines = clean.map((part) => `    [\n${part.map((record) => `      ${JSON.stringify(record)}`).join(',\n')}\n    ]`)
  const told = `{\n  "visit": ${JSON.stringify(visit)},\n  "document": ${JSON.stringify(document)},\n  "parts": [\n${lines.join(',\n')}\n  ]\n}\n`
  // A frame names the scripts that ran in it, ours included.
  const text = told.replaceAll(collector.url, COLLECTOR)
  JSON.parse(text)
  if (/127\.0\.0\.1|localhost/.test(text)) throw new Error(`${name}: this machine's address is in it`)
  writeFileSync(here(`${name}.json`), text)
  console.log(`${name}: ${clean.length} flushes, ${clean.flat().length} records, ${text.length} bytes`)
}

const chosen = process.argv.slice(2)
for (const [name, visit] of Object.entries(VISITS)) {
  if (!chosen.length || chosen.includes(name)) await record(name, visit)
}
