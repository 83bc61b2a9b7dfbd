// Nothing that we do may throw into the page.

/** `take`, without its errors: what a page's own code makes of one event costs that event and no more. */
export const guard =
  <A extends unknown[]>(take: (...given: A) => unknown) =>
  (...given: A): void => {
    try {
      take(...given)
    } catch {}
  }

/** Listens on the window, before the page's own listeners can stop an event. */
export const listen = <E extends Event>(type: string, take: (event: E) => unknown): void =>
  addEventListener(type, guard(take) as (event: Event) => void, true)

/** Runs `take` when the page has nothing to do, at the latest after a second. */
export const idle = (take: () => unknown): unknown =>
  // To setTimeout, where Safari leaves us, the options are no number, so 0.
  (window.requestIdleCallback || (setTimeout as unknown as typeof requestIdleCallback))(guard(take), { timeout: 1e3 })
