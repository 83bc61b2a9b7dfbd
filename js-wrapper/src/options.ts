// What the page tells us, once.

import type { RumEvent } from './generated/events'

/** How many documents record something: from 0, none, to 1, all; true is 1 and false is 0. */
export type Rate = number | boolean

/** Options of `init`. */
export type Options = {
  /** The app's key, as the collector's configuration has it. It is public: it can only write. */
  app: string
  /** Where the collector is, such as `https://rum.example.com`. */
  endpoint: string
  /** The version of the page, such as `2026-11-21.3` or a commit. */
  release?: string
  /** Where the page runs, such as `production`. */
  environment?: string
  /** Where the session is kept: for the tab (sessionStorage), for all tabs (localStorage), or nowhere. `tab` if absent. */
  session?: 'tab' | 'browser' | 'memory'
  /** Anything but `granted` stores and sends nothing until `setConsent('granted')`. `granted` if absent. */
  consent?: 'granted' | 'pending' | 'denied'
  /** Whether Global Privacy Control and Do Not Track are obeyed, ignored, or leave errors alone. `obey` if absent. */
  privacySignals?: 'obey' | 'ignore' | 'errors'
  /** Errors with such a message are not recorded. */
  ignoreErrors?: Match | readonly Match[]
  /** Errors from such scripts are not recorded. */
  denyUrls?: Match | readonly Match[]
  /** May change an event, or drop it by returning nothing; of a view texts and attributes only. Without Wasm only numbers are sent then. */
  beforeSend?: (event: RumEvent) => RumEvent | null | undefined | void
  /** Origins whose requests carry `traceparent`, such as `https://api.example.com`. None if absent. */
  tracing?: readonly string[]
  /** The `tracestate` of traces that begin in the page, such as `vendor=value`: the listed origins have to allow it. None if absent. */
  tracestate?: string
  /** Names of query parameters that stay in URLs, such as `['page', 'utm_source']`. None if absent. */
  queries?: readonly string[]
  /** Another path opens a view. With false only `startView` does, and its first name is that of the load's view. True if absent. */
  routes?: boolean
  /** `console.error` is an error. False if absent. */
  consoleErrors?: boolean
  /** Console methods whose lines are logs, such as `warn,error`. None if absent. */
  consoleLogs?: string
  /** Documents whose lines are logs, the console's too. 1 if absent. */
  logs?: Rate
  /** Where the Wasm is served from, if not beside the code of this package. */
  wasm?: string | URL
  /** Long animation frames, or long tasks where the browser has no such frames. 1 if absent. */
  longFrames?: Rate
  /** Elements with the attribute `elementtiming`. 1 if absent. */
  elementTiming?: Rate
  /** Resources that the page loads. 0 if absent. */
  resources?: Rate
  /** Marks and measures of User Timing. 0 if absent. */
  userTiming?: Rate
}

/** Properties: of what is no text the JSON is kept. */
export type Attributes = { readonly [name: string]: unknown }

/** The user of a page. */
export type User = { id?: string | number } & Attributes

/** What the user has agreed to. */
export type Consent = 'granted' | 'denied' | 'pending'

/** How serious a line of a log is. */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** Part of a message or of a URL, or a pattern. */
export type Match = string | RegExp

export let options: Options

export const configure = (given: Options): void => {
  options = given
}
