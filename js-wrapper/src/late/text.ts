// Texts, as the wire has them.

/** Ids of sessions, views and spans. */
export const ID = /^[\da-f]{16}$/

export const encoder = new TextEncoder()

/** How many bytes a text is. */
export const bytes = (text: string): number => encoder.encode(text).length
