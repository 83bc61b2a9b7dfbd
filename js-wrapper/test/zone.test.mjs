// An app in a zone, as Angular's are: it is stable once nothing that it began is under way, and no timer of ours keeps it from that.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { open } from './features.mjs'
import { launch } from './harness.mjs'

const zone = readFileSync(join(dirname(createRequire(import.meta.url).resolve('zone.js/package.json')), 'bundles/zone.umd.js'))

test('an app in a zone is stable when its requests have ended', async (t) => {
  const browser = await launch()
  t.after(() => browser.close())
  const { tab } = await open(t, browser, {
    head: '<script src="/zone.js"></script>',
    routes: { '/zone.js': () => ({ body: zone, type: 'text/javascript' }), '/api': () => ({ body: '{}' }) },
  })
  const left = await tab.evaluate(async () => {
    const tasks = new Set()
    const app = Zone.current.fork({
      name: 'app',
      onScheduleTask(delegate, _, target, task) {
        if (task.type === 'macroTask') tasks.add(task)
        return delegate.scheduleTask(target, task)
      },
      onInvokeTask(delegate, _, target, task, ...rest) {
        tasks.delete(task)
        return delegate.invokeTask(target, task, ...rest)
      },
    })
    const asked = app.run(async () => {
      window.wasmRum.track('of the app')
      await fetch('/api')
      await new Promise((done) => {
        const xhr = new XMLHttpRequest()
        xhr.onload = done
        xhr.open('GET', '/api')
        xhr.send()
      })
    })
    await asked
    // Both requests are recorded by now.
    await new Promise((done) => Zone.root.run(() => setTimeout(done, 100)))
    return [...tasks].map(({ source, data }) => `${source} ${data.delay}`)
  })
  assert.deepEqual(left, [])
})
