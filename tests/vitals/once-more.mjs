// Visits that a browser did not carry out: it did not paint a tab that it had brought forward, say, or told no listener
// that the page is left.

/** A browser did not do what it was asked. */
export class Stuck extends Error {}

/** So many visits of a run are made once more; whatever gets stuck more often is no accident. */
const MOST = 3

/** Gives a function that runs `visit` once more, and tells so, if the browser got stuck in it. What is found wrong is never tried again. */
export function onceMore() {
  let again = 0
  return async (visit, tell) => {
    try {
      return await visit()
    } catch (error) {
      if (!(error instanceof Stuck) || again++ >= MOST) throw error
      tell(`visited once more: ${error.message}`)
      return await visit()
    }
  }
}
