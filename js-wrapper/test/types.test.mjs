// The types of `wasm-rum`: events as the tables of the wire have them.

import { test } from 'node:test'

import { compile } from './compile.mjs'

test('beforeSend is given events that are told apart by their kinds', (t) =>
  compile(
    t,
    `import { init, type RumEvent } from 'wasm-rum'
     const beforeSend = (event: RumEvent): RumEvent | null => {
       if (event.kind === 'error') event.message = event.message.replace(/\\d+/, 'n')
       if (event.kind === 'request' && event.status === 404) return null
       if (event.kind === 'view') return { ...event, page: '/account/:name', attributes: [['plan', 'free']] }
       if (event.kind === 'vital') event.frames?.map(([ordinal, start]) => ordinal + start)
       return event
     }
     init({ app: 'demo', endpoint: '/', beforeSend })
     init({ app: 'demo', endpoint: '/', beforeSend: (event) => (event.kind === 'log' ? undefined : event) })
     init({ app: 'demo', endpoint: '/', beforeSend: (event) => { if (event.kind === 'action') return { ...event, name: null } } })`,
  ))

test('what no event has is refused', (t) =>
  compile(
    t,
    `import type { RumEvent } from 'wasm-rum'
     export const look = (event: RumEvent): unknown => {
       // @ts-expect-error: the name of no kind
       if (event.kind === 'click') return
       // @ts-expect-error: not every event has one
       event.message
       if (event.kind !== 'error') return
       // @ts-expect-error: a field that no error has
       event.mesage
       // @ts-expect-error: a text may not be absent
       event.message = null
       // @ts-expect-error: nor a number be a text
       return (event.count = '1')
     }`,
  ))
