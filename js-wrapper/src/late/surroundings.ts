// What is known about the document, its network and its device.

import { now } from '../clock'
import { Kind } from '../generated/wire'
import { beforeCut, navigationEntry, sink } from './hooks'

/** UTF-16 units of a list. */
const LONGEST = 1e3

const list = (texts: Iterable<string>): string | null => [...texts].join().slice(0, LONGEST) || null

const scaled = (number: number | undefined, unit: number): number | null =>
  number == undefined ? null : Math.round(number * unit)

/** What kept a page out of the back/forward cache, with its frames; of those of other origins no reason is told. */
const reasons = ({ reasons: own, children }: NotRestoredReasons): string[] => [
  ...(own || []).map(({ reason }) => reason),
  ...(children || []).flatMap(reasons),
]

/** Records them; of a document that was just loaded, with its trace. Who asks for the viewport before the browser's own layout may cost one on phones: a hidden page has none. */
export const recordSurroundings = (traceId?: string): void => {
  const entry = navigationEntry()
  const { connection, deviceMemory, hardwareConcurrency } = navigator
  const notRestored = entry?.notRestoredReasons
  let recorded = false
  const record = (width?: number, height?: number): void => {
    if (recorded) return
    recorded = true
    sink(
      Kind.Surroundings,
      now(),
      scaled(connection?.downlink, 1e3),
      scaled(connection?.rtt, 1),
      scaled(connection && +connection.saveData!, 1),
      scaled(deviceMemory, 1024),
      scaled(hardwareConcurrency, 1),
      scaled(devicePixelRatio, 1e3),
      entry?.deliveryType || null,
      list(
        (entry?.serverTiming || []).map(
          ({ name, duration, description }) =>
            name + (duration ? `;dur=${duration}` : '') + (description ? `;desc=${description}` : ''),
        ),
      ),
      notRestored ? list(new Set(reasons(notRestored))) : null,
      width,
      height,
      traceId,
    )
  }
  beforeCut(record)
  new ResizeObserver((_, observer) => {
    observer.disconnect()
    record(innerWidth, innerHeight)
  }).observe(document.documentElement)
}
