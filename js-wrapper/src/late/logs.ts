// Lines of the page's log, and of the console where the page wants them.

import { micros, now } from '../clock'
import { Kind, type Attribute } from '../generated/wire'
import type { Level } from '../options'
import { textOfAll } from './errors'
import { options, sink, wrap } from './hooks'
import { bounded } from './sampling'
import { attempt, traceOfLoad } from './trace'

/** By their numbers on the wire. */
const LEVELS: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error']

const enum Source {
  Page,
  Console,
}
/** UTF-16 units. */
const LONGEST = 2_000

// Unless this document is in the sample.
let fits = (): boolean => false
let weight: number | null

/** Records a line; one of no known level says what happens. */
export const record = (level: Level, message: string, attributes: Attribute[] | null, source = Source.Page): void => {
  const t = now()
  const number = LEVELS.indexOf(level)
  if (fits()) sink(Kind.Log, t, micros(t), number < 0 ? 2 : number, message.slice(0, LONGEST), source, attributes, traceOfLoad(), weight)
}

export const captureLogs = (stands: number | null): void => {
  weight = stands
  fits = bounded()
  // As an attribute it is text.
  for (const method of [...LEVELS, 'log'] as const)
    if (`${options.consoleLogs}`.split(',').includes(method))
      wrap(console, method, (call, _, given: unknown[]) => {
        attempt(() => record(method as Level, textOfAll(given), null, Source.Console))
        return call()
      })
}
