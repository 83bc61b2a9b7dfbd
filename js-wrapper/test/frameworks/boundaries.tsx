// What can be thrown at a boundary, all at once and in StrictMode; the test reads what is reported and what is shown.

import { StrictMode, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { ErrorBoundary, init, reactErrors, useError, useView } from 'wasm-rum/react'

init({ app: 'demo', endpoint: '/' })

const Throws = ({ it }: { it: unknown }): ReactNode => {
  throw it
}

/** As a router's `errorElement`, or Next's `error.js`. */
const Elsewhere = ({ error }: { error: Error }) => {
  useError(error, { by: 'router' })
  return <i>elsewhere</i>
}

const Named = () => {
  useView('Boundaries')
  return null
}

const handedOn = new Error('handed on')
const elsewhere = new Error('elsewhere')
const told: string[] = []

const show = (id: string, content: ReactNode) => {
  const place = document.createElement('p')
  place.id = id
  document.body.append(place)
  createRoot(place, reactErrors()).render(<StrictMode>{content}</StrictMode>)
}

show('named', <Named />)
show(
  'outer',
  <ErrorBoundary fallback="outer" onError={(error, stack) => told.push(`outer ${error} ${/at Throws/.test(stack)}`)}>
    <ErrorBoundary
      fallback={(error) => <Throws it={error} />}
      onError={(error, stack) => told.push(`inner ${error} ${/at Throws/.test(stack)}`)}
    >
      <Throws it={handedOn} />
    </ErrorBoundary>
  </ErrorBoundary>,
)
show('absent', <ErrorBoundary><Throws it={new Error('no fallback')} /></ErrorBoundary>)
show('nothing', <ErrorBoundary fallback={(error) => `caught ${error}`}><Throws it={undefined} /></ErrorBoundary>)
show('elsewhere', <Elsewhere error={elsewhere} />)
show('uncaught', <Throws it={new Error('uncaught')} />)

Object.assign(window, { told })
