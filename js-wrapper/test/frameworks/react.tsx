// Compiled only: what `wasm-rum/react` takes and what it refuses.

import { Component, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { init, type Options } from 'wasm-rum'
import { ErrorBoundary, init as initRoutes, reactErrors, useError, useRoute, useView, type ErrorBoundaryProps } from 'wasm-rum/react'

const options: Options = { app: 'a', endpoint: '/', release: '1', routes: false, resources: 0.1, wasm: new URL('https://x/y') }
initRoutes(options)
// @ts-expect-error it needs an app
init({ endpoint: '/' })
// @ts-expect-error there is no such option
initRoutes({ ...options, route: true })

const props: ErrorBoundaryProps = { fallback: null, onError: (error: unknown, stack: string) => void [error, stack] }
export const boundaries: ReactNode[] = [
  <ErrorBoundary {...props}>text</ErrorBoundary>,
  <ErrorBoundary fallback={<b />} children={[1, 'two', <i key="3" />]} />,
  <ErrorBoundary fallback={(error, reset) => <button onClick={reset}>{error instanceof Error && error.message}</button>} />,
  // @ts-expect-error an error may be anything
  <ErrorBoundary fallback={(error: Error) => error.message} />,
  // @ts-expect-error not what can be rendered
  <ErrorBoundary fallback={{ a: 1 }} />,
]
export const component: typeof Component<ErrorBoundaryProps, any> = ErrorBoundary

export const Hooks = (): null => {
  useView('name')
  useView(undefined, '/path')
  useRoute('/a/b', { a: 'b', '*': undefined, c: ['d', 'e'] })
  useError(new Error('a'), { digest: 'd', n: 1 })
  // @ts-expect-error a name is a text
  useView(7)
  return null
}
createRoot(document.body, { ...reactErrors(), identifierPrefix: 'a' })
