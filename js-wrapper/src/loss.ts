// What a bound refused is counted; the count travels in each cut.

/** Records, and bodies of records, that were lost. */
export let lost = 0

export const lose = (count = 1): void => {
  lost += count
}
