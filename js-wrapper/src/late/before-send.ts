// Raw bodies of pages that want to see what is sent: the events do not exist yet that they could look at.

import { FIRST_ONCE } from '../generated/wire'
import { ID } from './text'

/** A raw body with the numbers that vitals are made of, and ids; without any other text. */
export const numbersOnly = (body: string): string => {
  const [version, content, id, sentAt, document, records] = JSON.parse(body) as [number, number, string, number, unknown, unknown[][]]
  if (!content) return body
  const bare = (field: unknown): unknown =>
    Array.isArray(field) ? field.map(bare) : typeof field == 'string' && !ID.test(field) ? '' : field
  return JSON.stringify([version, content, id, sentAt, document, records.filter(([kind]) => (kind as number) < FIRST_ONCE).map(bare)])
}
