// What a page says in objects of its own, as lists of names and texts.

import type { Attribute } from '../generated/wire'
import type { Attributes } from '../options'
import { lose } from './hooks'

const enum Most {
  Attributes = 50,
  /** UTF-16 units. */
  Name = 100,
  Value = 1_000,
}

/** A value as text: of what is no text its JSON. */
export const textOf = (value: unknown): string => (typeof value == 'string' ? value : JSON.stringify(value) ?? '' + value)

/** The properties of an object; none of what is no object, or does not let itself be read. */
export const attributes = (given: Attributes | undefined): Attribute[] | null => {
  try {
    // The letters of a text are no properties.
    const list = Object.entries(Object(given) === given ? given! : {})
      .slice(0, Most.Attributes)
      .map(([name, value]): Attribute => [name.slice(0, Most.Name), textOf(value).slice(0, Most.Value)])
    return list[0] ? list : null
  } catch {
    lose()
    return null
  }
}
