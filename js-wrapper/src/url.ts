// URLs as they may leave the page: without query and fragment, for these hold people's data.

const LONGEST = 1e3

/** `url` without query and fragment; a path if it is of the page's origin; only the scheme of `data:` and the like. */
export const plainUrl = (url: string | URL): string => {
  try {
    const { origin, pathname, protocol } = new URL(url, document.baseURI)
    return (protocol.startsWith('http') ? (origin == location.origin ? '' : origin) + pathname : protocol).slice(0, LONGEST)
  } catch {
    return ''
  }
}
