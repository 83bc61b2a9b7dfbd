// URLs as they may leave the page: without fragment, and of their query the parameters that the page allows by name, for
// both hold people's data.

import { options } from './options'

const LONGEST = 1e3

/** `url` as it may leave the page; a path if it is of the page's origin; only the scheme of `data:` and the like. */
export const plainUrl = (url: string | URL): string => {
  try {
    const plain = new URL(url, document.baseURI)
    const { origin, protocol, searchParams } = plain
    // As an attribute it is text; without any it is empty.
    ;[...searchParams.keys()].forEach((name) => (name && ([options.queries] + '').split(',').includes(name)) || searchParams.delete(name))
    return (protocol.startsWith('http') ? (origin == location.origin ? '' : origin) + plain.pathname + plain.search : protocol).slice(0, LONGEST)
  } catch {
    return ''
  }
}
