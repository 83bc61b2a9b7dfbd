// `observe=1`: what this page's own PerformanceObservers saw, worked out in the plainest way and without the SDK, for
// tests to compare the SDK's rows with. `window.__seen` is computed when it is read. Times are ms since the
// activation of the page; a value that the page does not have is null.

(() => {
  const seen = { lcp: [], shifts: [], interactions: new Map(), paints: [], navigation: null, hiddenAt: Infinity };
  let lcpIsFinal = false;
  const observers = [];

  const takers = {
    'largest-contentful-paint': (entry) => lcpIsFinal || seen.lcp.push(entry),
    'layout-shift': (entry) => entry.hadRecentInput || seen.shifts.push(entry),
    event: keepLongest,
    'first-input': keepLongest,
    paint: (entry) => seen.paints.push(entry),
    navigation: (entry) => (seen.navigation = entry),
    'visibility-state': (entry) => {
      if (entry.name === 'hidden' && entry.startTime >= activation()) hide(entry.startTime);
    },
  };

  for (const [type, take] of Object.entries(takers)) {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) continue;
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
    // 40 ms is the threshold of the vitals' reference library; first-input comes however short it was.
    observer.observe({ type, buffered: true, durationThreshold: 40 });
    observers.push([observer, take]);
  }

  // The largest paint is settled by the first input that is a person's, or when the page is hidden.
  for (const type of ['keydown', 'click']) {
    addEventListener(type, (event) => event.isTrusted && settleLcp(), { capture: true });
  }
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && settleLcp(), true);

  function settleLcp() {
    takePending();
    lcpIsFinal = true;
  }

  function hide(time) {
    seen.hiddenAt = Math.min(seen.hiddenAt, time);
  }

  function keepLongest(entry) {
    if (!entry.interactionId && entry.entryType !== 'first-input') return;
    const id = entry.interactionId || 'first';
    seen.interactions.set(id, Math.max(seen.interactions.get(id) ?? 0, entry.duration));
  }

  function takePending() {
    for (const [observer, take] of observers) observer.takeRecords().forEach(take);
  }

  function activation() {
    return performance.getEntriesByType('navigation')[0]?.activationStart ?? 0;
  }

  function sinceActivation(time) {
    return time === undefined ? null : Math.max(0, time - activation());
  }

  /** The largest session window: shifts less than 1 s apart, and less than 5 s from the first to the last. */
  function cls() {
    let largest = 0;
    let window = { sum: 0, first: -Infinity, last: -Infinity };
    for (const { startTime, value } of seen.shifts) {
      if (startTime - window.last < 1000 && startTime - window.first < 5000) {
        window = { ...window, sum: window.sum + value, last: startTime };
      } else {
        window = { sum: value, first: startTime, last: startTime };
      }
      largest = Math.max(largest, window.sum);
    }
    return largest;
  }

  /** The worst interaction, which is INP as long as the page had fewer than 50. */
  function inp() {
    return seen.interactions.size ? Math.max(...seen.interactions.values()) : null;
  }

  Object.defineProperty(window, '__seen', {
    get() {
      takePending();
      const lcp = seen.lcp.filter((entry) => entry.startTime < seen.hiddenAt).at(-1);
      const fcp = seen.paints.find((entry) => entry.name === 'first-contentful-paint' && entry.startTime < seen.hiddenAt);
      return {
        lcp: sinceActivation(lcp?.startTime),
        lcpUrl: lcp?.url || null,
        cls: cls(),
        fcp: sinceActivation(fcp?.startTime),
        ttfb: sinceActivation(seen.navigation?.responseStart),
        inp: inp(),
        shifts: seen.shifts.length,
        interactions: performance.interactionCount ?? seen.interactions.size,
        hiddenAt: Number.isFinite(seen.hiddenAt) ? seen.hiddenAt : null,
      };
    },
  });
})();
