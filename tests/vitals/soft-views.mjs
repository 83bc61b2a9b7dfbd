// Whether the rows of views that the browser takes for soft navigations say what the reference does, asked for these.

import assert from 'node:assert/strict'

import { last, of } from './reports.mjs'
import { rowAgrees } from './row.mjs'
import { measured, SOFT } from './sdk.mjs'

/** Nothing is fetched for a soft navigation: the reference says 0, the SDK nothing. */
const NEVER_FETCHED = 'TTFB'
/** What the reference measures of a document until its first soft navigation, and the first view of itself. */
const UNTIL_THE_NEXT = ['CLS', 'INP']
/** The wire has whole µs. */
const ROUNDED_MS = 0.002

/**
 * Each view that the browser takes for a soft navigation says what the reference does of the navigation. The view may have
 * begun some ms after the visitor acted, when the route changed: paints are measured from the act all the same, and what
 * shifts or is pressed between the two is before the navigation for both.
 */
export function softViewsAgree(document, origin) {
  const reports = last(of(document, 'reference', 'soft')).map(({ metric }) => metric)
  if (!reports.length) return
  const soft = reports.filter(({ navigationType }) => navigationType === 'soft-navigation')
  const starts = [...new Set(soft.map(({ navigationStartTime }) => navigationStartTime))].sort((a, b) => a - b)
  const { views } = measured(document.bodies)
  const softViews = views.filter(({ kind }) => kind === SOFT)
  assert.equal(softViews.length, starts.length, 'soft navigations')
  for (const [at, view] of softViews.entries()) {
    const metrics = soft.filter(({ navigationStartTime }) => navigationStartTime === starts[at])
    assert.equal(new URL(metrics[0].navigationURL).pathname, view.page)
    viewAgrees(view, metrics, origin)
    const { LCP } = view.vitals
    if (LCP) assert.ok(Math.abs(LCP.at - LCP.value - starts[at]) <= ROUNDED_MS, `LCP is measured from ${LCP.at - LCP.value}, not ${starts[at]}`)
  }
  // While there is one view its own scope would be the document's, and is not told.
  if (views[1]?.kind === SOFT) {
    const first = reports.filter(({ name, navigationType }) => navigationType !== 'soft-navigation' && UNTIL_THE_NEXT.includes(name))
    viewAgrees(views[0], first, origin)
  }
}

function viewAgrees({ page, vitals }, metrics, origin) {
  const compared = metrics.filter(({ name }) => name !== NEVER_FETCHED)
  for (const { name, value } of metrics) if (name === NEVER_FETCHED) assert.equal(value, 0, 'nothing was fetched')
  assert.deepEqual(Object.keys(vitals).sort(), compared.map(({ name }) => name).sort(), `metrics of the view ${page}`)
  for (const metric of compared) rowAgrees(vitals[metric.name], metric, origin)
}
