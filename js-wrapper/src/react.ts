// `wasm-rum/react`: an error boundary, and views that a router names.

import { Component, useEffect, useLayoutEffect, type ErrorInfo, type ReactNode } from 'react'
import { captureError, init as start, type Attributes, type Options } from './index'
import { pattern, show, type Params } from './route'

/** `init` of `wasm-rum` for an app that names its views by `useView`: a path alone opens none. */
export const init = (options: Options): void => start({ routes: false, ...options })

const reported = new WeakSet<object>()

/** StrictMode runs effects twice, and what is caught may be thrown again: an error is reported once. */
const report = (error: unknown, context: Attributes): void => {
  if (error instanceof Object) {
    if (reported.has(error)) return
    reported.add(error)
  }
  captureError(error, context)
}

export type ErrorBoundaryProps = {
  children?: ReactNode
  /** What is shown instead, nothing if absent. A function gets the error, and what renders the children again. */
  fallback?: ReactNode | ((error: unknown, reset: () => void) => ReactNode)
  /** Called after an error was reported. */
  onError?: (error: unknown, componentStack: string) => void
}

/** Boxed, for `undefined` can be thrown too. */
type Caught = { caught?: { error: unknown } }

/**
 * Reports what its children throw while they render, with the component stack, and shows a fallback. What the fallback
 * throws goes to the boundary around this one.
 */
export class ErrorBoundary extends Component<ErrorBoundaryProps, Caught> {
  override state: Caught = {}

  static getDerivedStateFromError(error: unknown): Caught {
    return { caught: { error } }
  }

  componentDidCatch(error: unknown, info: ErrorInfo): void {
    const componentStack = info.componentStack || ''
    report(error, { componentStack })
    this.props.onError?.(error, componentStack)
  }

  readonly reset = (): void => this.setState({ caught: undefined })

  render(): ReactNode {
    const { children, fallback = null } = this.props
    const { caught } = this.state
    if (!caught) return children
    return typeof fallback == 'function' ? fallback(caught.error, this.reset) : fallback
  }
}

/** Reports an error that another boundary caught: a router's `errorElement`, Next's `error.js`. */
export const useError = (error: unknown, context: Attributes = {}): void =>
  // What the context says of the same error is the same.
  useEffect(() => report(error, context), [error])

/** As React calls it; not every of its calls has everything. */
type Take = (error: unknown, info: { componentStack?: string | null | undefined; errorBoundary?: unknown }) => void

/** Options of React 19's `createRoot` and `hydrateRoot`: every error of the tree is reported with its component stack. */
export const reactErrors = (): Record<'onCaughtError' | 'onUncaughtError' | 'onRecoverableError', Take> => {
  const take: Take = (error, { componentStack, errorBoundary }) => {
    // Ours reports by itself, and not everything that can be thrown can be known again.
    if (!(errorBoundary instanceof ErrorBoundary)) report(error, { componentStack })
    // These take the place of what React itself would do.
    console.error(error)
  }
  return { onCaughtError: take, onUncaughtError: take, onRecoverableError: take }
}

// Before the page's own effects, whose requests belong to the new view. On a server React 18 warns of layout effects.
const useEarly = typeof window == 'undefined' ? useEffect : useLayoutEffect

/**
 * The view that is shown is called `name`: the first name is that of the load's view, another opens one. So does another
 * `path` of the same name.
 */
export const useView = (name: string | null | undefined, path?: string | null): void =>
  useEarly(() => {
    if (name) show(name, path)
  }, [name, path])

/** Views are called by their routes, as a router knows them: of `/item/7` with `{ id: '7' }` it is `/item/:id`. */
export const useRoute = (path: string, params: Params): void => useView(pattern(path, params, (name) => (name == '*' ? name : `:${name}`)), path)
