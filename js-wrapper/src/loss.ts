// What a bound refused is counted; the count travels in each cut.

/** Records, and bodies of records, that were lost. */
export let lost = 0

export const lose = (): void => {
  lost++
}

/** Entries that the browser's full buffers refused before we observed, by type. */
export const dropped = new Map<string, number>()
