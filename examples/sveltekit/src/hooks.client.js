import { captureError, init } from 'wasm-rum'

// The collector answers at the page's own host; else this is its address.
init({ app: 'demo', endpoint: '/', release: 'sveltekit', routes: false })

/** Errors of loading, of navigating and of rendering. */
export const handleError = ({ error, status, message }) => {
  if (status != 404) captureError(error, { status })
  console.error(error)
  return { message }
}
