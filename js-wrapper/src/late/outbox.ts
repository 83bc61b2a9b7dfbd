// What surrounds the Wasm core: it gives the core the numbers of the record at hand, keeps the rows that the core makes of
// them, and builds bodies. In the collector rum-core's `replay` does the same.

import type { RumEvent } from '../generated/events'
import { NAMES } from '../generated/names'
import { CORE_DROPPED } from '../generated/wire'
import type { Options } from '../options'
import { bytes } from './text'

const enum Most {
  /** Events that wait, vitals apart: those are few, and what a page is measured for. */
  Events = 500,
  /** Views whose rows wait, … */
  Views = 50,
  /** … and texts that are kept until the core is asked which ones it needs. */
  Texts = 500,
  /** Bytes of a body: of those that may be in flight when the page is left, see `queue.ts`, with room for a small one more. */
  Bytes = 30_000,
}

/** Kinds of rows. */
const enum Row {
  View = 1,
  Vital = 2,
}

/** A record: kind, ordinal and time, and its fields. */
export type Fields = [kind: number, ordinal: number, t: number, ...fields: unknown[]]
const PREFIX = 3

type View = {
  fields: unknown[]
  seq: number
  unsent?: boolean
  /** Nothing will be said of it any more. */
  over?: boolean
}
type Event = [view: number, text: string]

/** The JSON of an array of JSON texts. What is absent at its end is left out. */
const list = (texts: unknown[]): string => `[${texts.map((text) => text ?? 'null')}`.replace(/(,null)+$/, '') + ']'

/** The JSON of a field; of an absent one none. */
const json = (field: unknown): string | undefined => (field == null ? undefined : JSON.stringify(field))

/** Changes an event, or drops it by giving nothing. */
export type Edit = NonNullable<Options['beforeSend']>

/** From these values on the metrics are poor, in the order of their numbers (https://web.dev/articles/vitals#core-web-vitals). */
const POOR = [0, 4e6, 25e4, 5e5, 3e6, 18e5]

/** The event as the page sees it: its fields by name. */
const edited = (text: string, edit: Edit): string | undefined => {
  const [kind, view, seq, ...fields] = JSON.parse(text)
  const [name, ...names] = NAMES[kind]!.split(' ')
  const event: Record<string, unknown> = { kind: name }
  names.forEach((name, at) => (event[name] = fields[at] ?? null))
  const changed = edit(event as RumEvent) as typeof event | undefined
  // What is no such event any more, a promise of one included, is dropped.
  return changed?.kind == name ? list([kind, view, seq, ...names.map((name) => json(changed![name]))]) : undefined
}

/** What a page may change in a view, or leave out, by docs/wire.md. Ids, numbers and lists stay. */
const enum Place {
  Page = 7,
  Attributes = 18,
}
/** Page, referrer, the page's own name for it, user. */
const TEXTS = [Place.Page, 8, 11, 17]

/**
 * A view as the page wants it said. What other rows are joined to it by stays also of one that the page drops, or cannot look at; the
 * collector would refuse them with a view that it cannot read.
 */
const editedView = (text: string, edit: Edit): string => {
  let row: any[] | undefined
  try {
    // Of none this throws.
    row = JSON.parse(edited(text, edit)!)
  } catch {}
  const isText = (value: unknown): boolean => typeof value == 'string'
  return JSON.stringify(
    JSON.parse(text).map((field: unknown, at: number) => {
      const given = row?.[at] ?? (at == Place.Page ? '' : null)
      // An attribute is a pair of texts.
      const fits = at == Place.Attributes ? !given || given.every?.((pair: any) => pair?.length == 2 && pair.every?.(isText)) : TEXTS.includes(at) && isText(given ?? '')
      return at >= Place.Page && (!row || fits) ? given : field
    }),
  )
}

/** Rows of one document, of which `bodyOf` makes bodies. */
export const outbox = (bodyOf: (rows: string[]) => string, onPoor?: () => void, edit?: Edit) => {
  let record: Fields
  let texts = new Map<number, string>()
  let named = 0
  const views = new Map<number, View>()
  const vitals = new Map<string, Event>()
  const events: typeof vitals = new Map()
  let lost = 0
  /** The report that the core writes. */
  let row: unknown[]
  let items: unknown[]

  const rest = (): unknown[] => record.slice(PREFIX).map(json)
  const keep = (text: string | undefined): number => {
    if (text) texts.set(++named, text)
    return text ? named : 0
  }
  const set = (view: number, field: number, value: unknown): void => {
    views.get(view)!.fields[field] = value
  }
  const wait = (rows: typeof events, name: unknown[], event: Event): void => {
    const key = '' + name
    if (edit)
      try {
        const text = edited(event[1], edit)
        if (!text) {
          rows.delete(key)
          return
        }
        event[1] = text
      } catch {
        // What the page could not look at is not sent.
        return page.lose()
      }
    rows.set(key, event)
    if (events.size > Most.Events) {
      // Of these the latest say most.
      events.delete(events.keys().next().value!)
      page.lose()
    }
  }

  /** True if views should be sent before there are too many. */
  const full = (): boolean => [...views.values()].filter(({ unsent }) => unsent).length > Most.Views

  /** The core's imports, by the names that rum-sdk has for them. */
  const page = {
    int(field: number): unknown {
      const value = record[PREFIX + field]
      return typeof value == 'number' ? value : NaN
    },
    keep: (field: number) => keep(json(record[PREFIX + field])),
    all: (numbered: number) => keep(list([...(numbered ? [record[1]] : []), ...rest()])),
    carry(view: number, seq: number) {
      const [kind, ordinal] = record
      wait(events, [view, kind, ordinal], [view, list([kind, view, seq, ordinal, ...rest()])])
    },
    lose() {
      lost++
    },
    touch(number: number, seq: number) {
      const view = views.get(number) || { fields: [], seq }
      view.seq = seq
      view.unsent = true
      views.set(number, view)
    },
    set,
    take: (view: number, field: number, from: number) => set(view, field, json(record[PREFIX + from])),
    rest: (view: number, field: number) => set(view, field, list(rest())),
    tell: (view: number) => set(view, CORE_DROPPED, lost || undefined),
    copy: (view: number, field: number, other: number, from: number) => set(view, field, views.get(other)!.fields[from]),
    same: (view: number, other: number, field: number) => views.get(view)!.fields[field] == views.get(other)!.fields[field],
    forget(view: number) {
      views.get(view)!.over = true
    },
    begin(view: number, seq: number) {
      row = [Row.Vital, view, seq]
      items = []
    },
    put: (value: number) => row.push(value == value ? value : null),
    text: (text: number) => row.push(texts.get(text)),
    item: (text: number) => items.push(texts.get(text)),
    end() {
      const [, view, , metric, scope, value] = row as number[]
      if (value! > POOR[metric!]!) onPoor?.()
      if (items[0]) row.push(list(items))
      wait(vitals, [view, metric, scope], [view!, list(row)])
    },
    live: (text: number) => known.set(text, texts.get(text)!),
  }
  let known: typeof texts

  return {
    page,
    /** The next record, which the core is then told of. */
    hold(next: Fields) {
      record = next
    },
    /** True if texts should be let go of: then `ask` lets the core name those that it needs. */
    tidy(ask: () => void) {
      if (texts.size < Most.Texts) return
      known = new Map()
      ask()
      texts = known
    },
    full,
    /** Lets go of the oldest views, with what waits for them, where too many could not be sent. */
    trim() {
      for (const [number, { over }] of views) if (over && full()) views.delete(number)
      for (const rows of [vitals, events])
        for (const [key, [view]] of rows)
          if (!views.has(view)) {
            rows.delete(key)
            page.lose()
          }
    },
    /** Gives the bodies of all that waits to `post`. */
    send(post: (body: string) => void) {
      const waiting = [...vitals.values(), ...events.values()]
      vitals.clear()
      events.clear()
      for (;;) {
        const parts: string[] = []
        const inside = new Set<number>()
        let room = Most.Bytes
        const add = (text: string): void => {
          parts.push(text)
          room -= bytes(text)
        }
        const addView = (number: number): void => {
          if (inside.has(number)) return
          inside.add(number)
          const view = views.get(number)!
          view.unsent = false
          const text = list([Row.View, number, view.seq, ...view.fields])
          add(edit ? editedView(text, edit) : text)
        }
        for (const [number, { unsent }] of views) if (unsent && room > 0) addView(number)
        // One that is larger than a whole body goes alone: it would wait for ever.
        for (let alone = true; waiting[0] && (alone || bytes(waiting[0][1]) < room); alone = false) {
          const [view, text] = waiting.shift()!
          addView(view)
          add(text)
        }
        if (!parts[0]) break
        post(bodyOf(parts))
      }
      for (const [number, { over }] of views) if (over) views.delete(number)
    },
  }
}
