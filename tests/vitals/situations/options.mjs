// What a page may ask of the libraries.

import assert from 'node:assert/strict'

import { BUSY, page } from '../html.mjs'

const TEXT = '<h1 id="title" data-name="the title">A heading</h1><button id="button" data-name="the button">Press</button><div data-name="tall" style="height: 300px; background: #ddd">Tall</div>'
const slow = (ms) => `${BUSY}<script>button.onclick = () => busy(${ms})</script>`

const shiftsAndClicks = async (visitor) => {
  await visitor.open()
  await visitor.settled()
  await visitor.evaluate(() => document.body.prepend(Object.assign(document.createElement('div'), { style: 'height: 90px' })))
  await visitor.settled()
  await visitor.click('#button')
}

const asks = (name, options, ms, shows) => ({ name, pages: { '/': page(TEXT + slow(ms), { options }) }, visit: shiftsAndClicks, shows })

/** The same LCP, whose parts are known. */
const differentParts = (value, expected, vital) => {
  assert.ok(Math.abs(value - expected) <= 0.001)
  assert.ok(vital.resourceLoadDelay >= 0 && vital.resourceLoadDuration > 0, `${vital.resourceLoadDelay} ${vital.resourceLoadDuration}`)
}

/** The reference's INP reports of a series. */
const reports = (document, series) =>
  document.reports.filter(({ library, series: of, metric }) => library === 'reference' && of === series && metric.name === 'INP')

/** The reference's last INP of a series. */
const lastINP = (document, series) => reports(document, series).at(-1).metric

/** A click that takes no time, which is told whatever the threshold, and one that takes `ms`. */
const threshold = (name, options, ms, shows) => ({
  name,
  needs: ['event'],
  pages: { '/': page(TEXT + slow(ms), { options }) },
  async visit(visitor) {
    await visitor.open()
    for (const selector of ['#title', '#button']) {
      await visitor.settled()
      await visitor.click(selector)
    }
  },
  shows,
})

/** A page of whose resources the browser itself keeps none; after its image another one comes. */
const buffer = (name, options, more) => ({
  name,
  needs: ['largest-contentful-paint'],
  pages: { '/': page(TEXT, { options }) },
  async visit(visitor) {
    await visitor.open()
    await visitor.coreIsUp()
    await visitor.settled()
    const add = () => {
      performance.setResourceTimingBufferSize(0)
      performance.clearResourceTimings()
      document.body.append(Object.assign(document.createElement('img'), { id: 'hero', src: '/noise.png?image', width: 600, height: 400 }))
    }
    await visitor.evaluate(add)
    await visitor.sees('largest-contentful-paint', { id: 'hero' })
    await visitor.evaluate(() => fetch('/noise.png?another').then((response) => response.blob()).then(() => true))
    await visitor.sees('resource', { name: '?another' })
  },
  ...more,
})

export const OPTIONS = [
  asks('generateTarget names elements', '{ generateTarget: (node) => node?.dataset?.name }', 100, ({ LCP, INP }) => {
    if (LCP) assert.ok(['the title', 'tall'].includes(LCP.attribution.target), LCP.attribution.target)
    if (INP) assert.equal(INP.attribution.interactionTarget, 'the button')
  }),
  asks('generateTarget has no name for an element', '{ generateTarget: () => undefined }', 100, ({ INP }) => {
    if (INP) assert.equal(INP.attribution.interactionTarget, '#button')
  }),
  threshold('durationThreshold is low', '{ durationThreshold: 16 }', 24, ({ INP, document }) => {
    assert.ok(INP.value >= 16 && INP.value < 40, `INP is ${INP.value}`)
    assert.equal(INP.attribution.interactionTarget, '#button')
    assert.equal(lastINP(document, 'plain').attribution.interactionTarget, '#title', 'below 40 ms only the first is told')
  }),
  threshold('durationThreshold is high', '{ durationThreshold: 400 }', 100, ({ INP, document }) => {
    assert.equal(INP.attribution.interactionTarget, '#title')
    assert.equal(lastINP(document, 'plain').attribution.interactionTarget, '#button')
  }),
  asks('includeProcessedEventEntries', '{ includeProcessedEventEntries: true }', 100, ({ INP }) => {
    if (INP) assert.ok(INP.attribution.processedEventEntries.length > 0)
  }),
  buffer('resourceBufferSize has its default: the image is kept', undefined, {
    shows: ({ LCP }) => assert.match(LCP.attribution.lcpResourceEntry.name, /\?image$/),
  }),
  buffer('resourceBufferSize is 1: the image is lost', '{ resourceBufferSize: 1 }', {
    shows({ LCP }) {
      assert.match(LCP.attribution.url, /\?image$/)
      assert.equal(LCP.attribution.lcpResourceEntry, undefined)
    },
    differs: {
      LCP: { why: 'the SDK keeps resources of its own, and knows the parts', as: differentParts },
    },
  }),
  {
    name: 'reportAllChanges, with longer and longer interactions',
    needs: ['event'],
    pages: { '/': page(`${TEXT}${BUSY}<script>let n = 1; button.onclick = () => busy(50 * n++)</script>`) },
    async visit(visitor) {
      await visitor.open()
      for (let press = 0; press < 4; press++) {
        await visitor.settled()
        await visitor.click('#button')
      }
      await visitor.settled()
    },
    shows: ({ document }) => assert.ok(reports(document, 'all').length > reports(document, 'final').length),
  },
  {
    name: 'a policy that refuses Wasm: the drop-in says so once, and does nothing',
    modes: ['raw'],
    pages: { '/': page(TEXT, { head: '<script src="/drop-in.js"></script>' }) },
    shows({ document: { reports, warnings } }) {
      assert.deepEqual(reports.filter(({ library }) => library === 'drop-in'), [])
      assert.equal(warnings.filter((line) => line.startsWith('wasm-rum')).length, 1, warnings.join('\n'))
    },
  },
]
