// Performance entries, those from before included.

/** Gives the entries of `types` to `take`, as many as come at a time. Nothing where the browser knows none of the types. */
export const observe = <E extends PerformanceEntry>(
  types: string[],
  take: (entries: E[]) => void,
  options?: object,
): PerformanceObserver | undefined => {
  try {
    const supported = types.filter((type) => PerformanceObserver.supportedEntryTypes.includes(type))
    if (!supported[0]) return
    const observer = new PerformanceObserver((list) =>
      // Safari may call from within `observe`: https://github.com/GoogleChrome/web-vitals/issues/277
      queueMicrotask(() => {
        const entries = list.getEntries() as E[]
        // Entries of several types come type by type: https://github.com/w3c/performance-timeline/issues/224
        if (supported[1]) entries.sort((a, b) => a.startTime + a.duration - (b.startTime + b.duration))
        take(entries)
      }),
    )
    for (const type of supported) observer.observe({ type, buffered: true, ...options })
    return observer
  } catch {
    return
  }
}
