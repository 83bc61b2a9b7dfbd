// What the helpers use of the frameworks. Nothing is installed for it: where an app imports a helper, its own types of the
// framework take this place. `test/frameworks.test.mjs` holds the helpers against those.

declare module 'react' {
  export type ReactNode = unknown
  export type ErrorInfo = { componentStack?: string | null }
  export class Component<P, S> {
    readonly props: Readonly<P>
    state: Readonly<S>
    constructor(props: P)
    setState(state: S): void
  }
  export const useEffect: (effect: () => void, dependencies: readonly unknown[]) => void
  export const useLayoutEffect: typeof useEffect
  export const useState: <S>(first: () => S) => unknown
}

declare module 'next/navigation.js' {
  export const usePathname: () => string | null
  export const useParams: () => Record<string, string | string[] | undefined> | null
}
