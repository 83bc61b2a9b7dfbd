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

/** The reference's INP reports of a series. */
const reports = (document, series) =>
  document.reports.filter(({ library, series: of, metric }) => library === 'reference' && of === series && metric.name === 'INP')

export const OPTIONS = [
  asks('generateTarget names elements', '{ generateTarget: (node) => node?.dataset?.name }', 100, ({ LCP, INP }) => {
    if (LCP) assert.ok(['the title', 'tall'].includes(LCP.attribution.target), LCP.attribution.target)
    if (INP) assert.equal(INP.attribution.interactionTarget, 'the button')
  }),
  asks('generateTarget has no name for an element', '{ generateTarget: () => undefined }', 100, ({ INP }) => {
    if (INP) assert.equal(INP.attribution.interactionTarget, '#button')
  }),
  asks('durationThreshold is low', '{ durationThreshold: 16 }', 25),
  asks('durationThreshold is high', '{ durationThreshold: 400 }', 100),
  asks('includeProcessedEventEntries', '{ includeProcessedEventEntries: true }', 100, ({ INP }) => {
    if (INP) assert.ok(INP.attribution.processedEventEntries.length > 0)
  }),
  asks('resourceBufferSize', '{ resourceBufferSize: 1 }', 50),
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
