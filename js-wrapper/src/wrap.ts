// Wraps the page's functions.

type Callable<O, N extends keyof O> = Extract<O[N], (...given: any) => any>

/**
 * Puts `around` in the place of `owner[name]`; it gets the original call ready to be made, and the call's `this` and
 * arguments. A Proxy, so that name, length and own properties stay, and `toString` still calls it native.
 */
export const wrap = <O, N extends keyof O>(
  owner: O,
  name: N,
  around: (
    call: () => ReturnType<Callable<O, N>>,
    self: any,
    given: Parameters<Callable<O, N>>,
  ) => ReturnType<Callable<O, N>>,
): void => {
  try {
    owner[name] = new Proxy(owner[name] as Callable<O, N>, {
      apply: (target, self, given) => around(() => Reflect.apply(target, self, given), self, given as never),
    })
  } catch {
    // The page has taken it away, or lets nobody touch it.
  }
}
