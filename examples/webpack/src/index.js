import { captureError, init } from 'wasm-rum'

// The collector answers at the page's own host; else this is its address. Without a framework the path names the view.
init({ app: 'demo', endpoint: '/', release: 'webpack' })

document.querySelector('a').addEventListener('click', (event) => {
  event.preventDefault()
  history.pushState(null, '', event.currentTarget.href)
})

document.querySelector('button').addEventListener('click', () => {
  try {
    throw new RangeError('out of stock')
  } catch (error) {
    captureError(error, { item: 7 })
  }
})
