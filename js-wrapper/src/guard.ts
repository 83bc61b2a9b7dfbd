// Nothing that we do may throw into the page. After an error of our own everything goes quiet: a page that we do not
// understand is better left alone.

let quiet: boolean

/** `take`, without its errors; a function that does nothing after the first one. */
export const guard =
  <A extends unknown[]>(take: (...given: A) => unknown) =>
  (...given: A): void => {
    if (!quiet)
      try {
        take(...given)
      } catch {
        quiet = true
      }
  }

/** Listens on the window, before the page's own listeners can stop an event. */
export const listen = <E extends Event>(type: string, take: (event: E) => unknown): void =>
  addEventListener(type, guard(take) as (event: Event) => void, true)

/** Runs `take` when the page has nothing to do, at the latest after a second. */
export const idle = (take: () => unknown): unknown =>
  // To setTimeout, where Safari leaves us, the options are no number, so 0.
  (window.requestIdleCallback || (setTimeout as unknown as typeof requestIdleCallback))(guard(take), { timeout: 1e3 })
