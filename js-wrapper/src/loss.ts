// What a bound refused is counted; the count travels in each cut.

/** Records, and bodies of records, that were lost. */
export let lost = 0

/** With a number below 0 so many were not lost after all. Returns how many are. */
export const lose = (many = 1): number => (lost += many)

/** Entries that the browser's full buffers refused before we observed, by type. */
export const dropped = new Map<string, number>()
