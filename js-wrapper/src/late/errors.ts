// Errors from other sources, what caused an error, and which errors nobody wants to see.

import { now } from '../clock'
import { ErrorSource } from '../capture/errors'
import { Kind, type Attribute, type Cause } from '../generated/wire'
import type { Attributes, Match } from '../options'
import { failed } from './actions'
import { attributes, textOf } from './attributes'
import { keep, put } from './holder'
import { early, guard, listen, lose, options, plainUrl, state, takeError, trigger, wrap } from './hooks'
import { isOn } from './sampling'
import { attempt } from './trace'

const enum Most {
  Causes = 5,
  /** UTF-16 units. */
  Name = 200,
  Message = 1_000,
  Stack = 4_000,
  Arguments = 10,
}

const enum Place {
  Class = 2,
  Handled = 5,
  Causes = 8,
  Target = 10,
}

/** What a report says: of a deprecation or an intervention (https://wicg.github.io/deprecation-reporting/), … */
type Told = { id?: string; message?: string; sourceFile?: string; lineNumber?: number | null; columnNumber?: number | null } & ReportBody
/** … or of a violated policy (https://www.w3.org/TR/CSP3/#reporting); its event calls the URL an URI. */
type Violation = { effectiveDirective: string; disposition: string; blockedURL?: string | null; blockedURI?: string; sourceFile?: string | null }

/** Errors of scripts that tell nothing, and of the browser's extensions: by their innermost frame. */
const FOREIGN = /^Script error\.?$|^[^/\n]*-extension:/

/** What the page said about the error that it reports. */
let context: Attribute[] | null = null

const matches = (text: string | null, patterns: Match | readonly Match[] = []): unknown =>
  text &&
  [patterns].flat().some((pattern: any) => (typeof pattern == 'string' ? pattern && text.includes(pattern) : pattern instanceof RegExp && text.search(pattern) >= 0))

/** True for an error that nobody wants to see. */
const isUnwanted = (message: string, stack: string | null, url?: string | null): unknown =>
  matches(message, options.ignoreErrors) || matches((stack || url || '').replaceAll(/\x7f|^(?=\/)/g, location.origin), options.denyUrls)

/** False for the record of such an error. */
export const isWanted = (text: string): boolean => {
  const [kind, , , , , , message, stack, , , , , , , url] = JSON.parse(text)
  return kind != Kind.Error || !isUnwanted(message, stack, url)
}

/** The errors behind an error, the nearest first. To read one may run the page's own code. */
const causesOf = (error: any): Cause[] | null => {
  const found: Cause[] = []
  const seen = new Set([error])
  const add = (cause: any): void => {
    if (cause == null || seen.has(cause) || found.length >= Most.Causes) return
    seen.add(cause)
    const isError = typeof cause == 'object' && 'message' in cause
    found.push([
      isError && cause.name ? `${cause.name}`.slice(0, Most.Name) : null,
      (isError ? '' + cause.message : textOf(cause)).slice(0, Most.Message),
      isError && cause.stack ? `${cause.stack}`.replace(cause + '\n', '').replaceAll(location.origin, '\x7f').slice(0, Most.Stack) : null,
    ])
    behind(cause)
  }
  const behind = (error: any): void => {
    if (Object(error) !== error) return
    for (const one of Array.isArray(error.errors) ? error.errors : []) add(one)
    add(error.cause)
  }
  try {
    behind(error)
  } catch {
    // Then what was read before stands.
  }
  return found[0] ? found : null
}

/** The debug ids that bundlers leave for scripts of a stack (https://github.com/tc39/ecma426/blob/main/proposals/debug-id.md). */
const debugIds = (stack: string | null): Attribute[] | null => {
  const { _debugIds, _sentryDebugIds } = globalThis as { _debugIds?: Record<string, string>; _sentryDebugIds?: Record<string, string> }
  const urlOf = (trace: string): string | undefined => trace.match(/[a-z-]+:\/\/[^\s)]+?(?=:\d+(:\d+)?\)?$)/m)?.[0]
  const found = Object.entries({ ..._debugIds, ..._sentryDebugIds }).flatMap(([trace, id]): Attribute[] => {
    const url = urlOf(trace)?.replace(location.origin, '\x7f')
    return url && stack?.includes(url) ? [[url, id]] : []
  })
  return found[0] ? found : null
}

/** What the user just did has led to an error. */
const spoil = (error: any): void => attempt(() => isUnwanted('' + (error?.message ?? error), error?.stack) || failed())

/** What the page reports by itself. */
export const captureError = (error: unknown, given?: Attributes): void => {
  context = attributes(given)
  spoil(error)
  takeError(ErrorSource.Page, now(), error)
  context = null
}

/** Console arguments as one text. */
export const textOfAll = (given: unknown[]): string => given.slice(0, Most.Arguments).map(readable).join(' ').slice(0, Most.Message)
const readable = (value: any): string => {
  try {
    return value instanceof Error ? `${value}` : textOf(value)
  } catch {
    return typeof value
  }
}

/** Errors of before the session are a reason to send what is known of it, as those of later are. */
export const triggerByErrors = (): void => {
  for (const [, , , , , , message, stack, , , , , , , url] of early(Kind.Error))
    if (!isUnwanted(message, stack, url) && !FOREIGN.test(stack || message)) trigger()
}

export const captureMoreErrors = (): void => {
  triggerByErrors()
  /** What an error was recorded with first; its later records have the same. */
  const known = new Map<number, [causes: Cause[] | null, attributes: Attribute[] | null]>()
  // Those of before have none: what was thrown last is not what they are about.
  for (const [, number] of early(Kind.Error)) known.set(number, [null, null])
  keep(Kind.Error, (number, t, ...fields) => {
    const [, source, name, message, stack] = fields
    const [target = null, url = null, line = null, column = null] = fields.slice(Place.Target)
    if (isUnwanted(message, stack, url)) return true
    if (!known.has(number)) known.set(number, [causesOf(state()[3]), context])
    // Of a session that is not in the sample nobody hears of what the page cannot help.
    if (state()[4] && FOREIGN.test(stack || message)) return lose()
    fields[Place.Class] = name?.slice(0, Most.Name)
    fields[Place.Handled] = +(source == ErrorSource.Page || source == ErrorSource.Console)
    put(number, Kind.Error, t, ...fields.slice(0, Place.Causes), ...known.get(number)!, target, url, line, column, debugIds(stack))
    return true
  })

  // Not their records, of which equal errors have one.
  listen('error', ({ message, error }: ErrorEvent) => message && spoil(error ?? message))
  listen('unhandledrejection', ({ reason }: PromiseRejectionEvent) => spoil(reason))

  const violated = (t: number, { effectiveDirective, disposition, blockedURL, blockedURI, sourceFile }: Violation): void => {
    const blocked = blockedURL || blockedURI || ''
    takeError(
      ErrorSource.Policy,
      t,
      `${effectiveDirective} (${disposition})`,
      '',
      null,
      /:/.test(blocked) ? plainUrl(blocked) : blocked || plainUrl(sourceFile!),
    )
  }
  const sources = { deprecation: ErrorSource.Deprecation, intervention: ErrorSource.Intervention }
  if (window.ReportingObserver) {
    // Of violations what Chromium has kept from before this chunk came, and even before the capture script did.
    const kept = new ReportingObserver(() => {}, { types: ['csp-violation'], buffered: true })
    kept.observe()
    kept.takeRecords().forEach(({ body }) => violated(now(), body as unknown as Violation))
    kept.disconnect()
    new ReportingObserver(
      guard((reports: Report[]) =>
        reports.forEach(({ type, body }) => {
          const { id, message, sourceFile, lineNumber, columnNumber } = body as Told
          takeError(sources[type as 'deprecation'], now(), message || id, '', null, sourceFile ? plainUrl(sourceFile) : '', lineNumber, columnNumber)
        }),
      ),
      { types: Object.keys(sources), buffered: true },
    ).observe()
  }
  listen('securitypolicyviolation', (event: SecurityPolicyViolationEvent) => violated(event.timeStamp, event))
  if (isOn(options.consoleErrors))
    wrap(console, 'error', (call, _, given: unknown[]) => {
      // To look at what is given may run the page's own code.
      attempt(() => takeError(ErrorSource.Console, now(), given.find((one) => one instanceof Error) || textOfAll(given)))
      return call()
    })
}
