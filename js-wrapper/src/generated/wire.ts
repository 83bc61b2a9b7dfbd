// Written by `cargo xtask codegen` from rum-core/src/wire. Do not edit.

/** The first number of every body. */
export const VERSION = 1

/** 64 bits as 16 hexadecimal digits. */
export type Id = string

/** Kinds from here on are sent once; the others are repeated in every raw batch. */
export const FIRST_ONCE = 64

/** Where a view's event says how many records the core lost, behind the prefix. */
export const CORE_DROPPED = 13

/** The kinds of records. A const enum: it costs no bytes. */
export const enum Kind {
  /** A page view opened; the one before it ended. */
  View = 1,
  /** The open view got another name, such as a route's. */
  Rename = 2,
  /** The document's navigation timing, once it is complete. */
  Navigation = 3,
  /** The document became visible or hidden at `t`. */
  Visibility = 4,
  /** First contentful paint, at `t`. */
  Paint = 5,
  /** A candidate for the largest contentful paint, at `t`. */
  LargestPaint = 6,
  /** A trusted keydown or click at `t`: no later candidate counts for LCP. */
  Input = 7,
  /** A layout shift at `t`. Without any, not even one after input, the browser has no such entries, and there is no CLS. */
  Shift = 8,
  /** An Event Timing entry, which began at `t`: of an interaction, or of what shares a frame with one. */
  Interaction = 9,
  /** The page came out of the back/forward cache at `t` and was painted `painted` later. */
  Restore = 10,
  /** A report is due at `t`: the page was hidden, or the view ends. */
  Cut = 11,
  /** A long animation frame that meets an interaction. */
  InteractionFrame = 12,
  /** The browser's own soft navigation, which began at `t`, where the user acted. */
  SoftNavigation = 13,
  /** A candidate for the largest paint of a soft navigation, at `t`. */
  SoftPaint = 14,
  /** The resource behind the candidate for the largest paint at `t`. */
  PaintResource = 15,
  /** What is known about the document, its network and its device. */
  Surroundings = 16,
  /** Who uses the page, and what it says about itself, from `t` on. */
  Context = 17,
  /** A fetch or XMLHttpRequest; `t` is when it ended. */
  Request = 64,
  /** An error; `t` is when its count was last read. */
  Error = 65,
  /** Something the user did. */
  Action = 66,
  /** A long animation frame, or a long task where the browser has no such frames. */
  LongFrame = 67,
  /** A resource that the page loaded. */
  Resource = 68,
  /** A mark or a measure of User Timing. */
  UserTiming = 69,
  /** An element that the page wants timed (Element Timing). */
  ElementTiming = 70,
  /** What the page logged. */
  Log = 71,
}

/** A page view opened; the one before it ended. */
export type ViewRecord = [
  kind: Kind.View,
  ordinal: number,
  t: number,
  /** The view's id: its start in unix seconds, and 32 random bits. */
  view_id: Id,
  /** The session's id. */
  session_id: Id,
  /** How it came about: 0 load, 1 back/forward cache, 2 prerender, 3 soft navigation, 4 route, 5 by name, 6 resumed. */
  kind: number,
  /** The path of the page, without fragment, and of its query what `queries` names. */
  page: string,
  /** The referring page, without fragment, and of its query what `queries` names. */
  referrer?: string | null,
  /** The view it came from in this document. */
  parent_id?: Id | null,
  /** The route's name, where the page gave one. */
  page_name?: string | null,
]

/** The open view got another name, such as a route's. */
export type RenameRecord = [
  kind: Kind.Rename,
  ordinal: number,
  t: number,
  /** The new name. */
  page_name: string,
]

/** The document's navigation timing, once it is complete. */
export type NavigationRecord = [
  kind: Kind.Navigation,
  ordinal: number,
  t: number,
  /** 0 navigate, 1 reload, 2 back_forward, 3 prerender, 4 restore of a discarded tab. */
  kind: number,
  /** `transferSize` in bytes. */
  transfer_bytes?: number | null,
  /** `encodedBodySize` in bytes. */
  encoded_bytes?: number | null,
  /** `decodedBodySize` in bytes. */
  decoded_bytes?: number | null,
  /** `responseStatus`. */
  status?: number | null,
  /** `nextHopProtocol`. */
  protocol?: string | null,
  /** `fetchStart`. */
  fetch_start?: number | null,
  /** `domainLookupStart`. */
  dns_start?: number | null,
  /** `domainLookupEnd`. */
  dns_end?: number | null,
  /** `connectStart`. */
  connect_start?: number | null,
  /** `connectEnd`. */
  connect_end?: number | null,
  /** `requestStart`. */
  request_start?: number | null,
  /** `responseStart`. */
  response_start?: number | null,
  /** `responseEnd`. */
  response_end?: number | null,
  /** `domInteractive`. */
  dom_interactive?: number | null,
  /** `domContentLoadedEventStart`. */
  dom_content_loaded_start?: number | null,
  /** `domContentLoadedEventEnd`. */
  dom_content_loaded?: number | null,
  /** `domComplete`. */
  dom_complete?: number | null,
  /** `loadEventEnd`. */
  load?: number | null,
  /** `secureConnectionStart`. */
  tls_start?: number | null,
  /** `workerStart`. */
  worker_start?: number | null,
  /** `redirectStart`. */
  redirect_start?: number | null,
  /** `redirectEnd`. */
  redirect_end?: number | null,
  /** `activationStart` of a prerendered page. */
  activation?: number | null,
]

/** The document became visible or hidden at `t`. */
export type VisibilityRecord = [
  kind: Kind.Visibility,
  ordinal: number,
  t: number,
  /** 0 visible, 1 hidden. */
  hidden: number,
]

/** First contentful paint, at `t`. */
export type PaintRecord = [
  kind: Kind.Paint,
  ordinal: number,
  t: number,
]

/** A candidate for the largest contentful paint, at `t`. */
export type LargestPaintRecord = [
  kind: Kind.LargestPaint,
  ordinal: number,
  t: number,
  /** A selector of the element, or `#` and the entry's id where the element is gone. */
  target?: string | null,
  /** The resource, if it is an image. */
  url?: string | null,
]

/** A trusted keydown or click at `t`: no later candidate counts for LCP. */
export type InputRecord = [
  kind: Kind.Input,
  ordinal: number,
  t: number,
]

/** A layout shift at `t`. Without any, not even one after input, the browser has no such entries, and there is no CLS. */
export type ShiftRecord = [
  kind: Kind.Shift,
  ordinal: number,
  t: number,
  /** Its value in millionths. */
  value: number,
  /** 1 if the user had just done something (`hadRecentInput`). */
  recent_input: number,
  /** A selector of the first source that is still an element. */
  target?: string | null,
]

/** An Event Timing entry, which began at `t`: of an interaction, or of what shares a frame with one. */
export type InteractionRecord = [
  kind: Kind.Interaction,
  ordinal: number,
  t: number,
  /** `duration` in µs. */
  duration: number,
  /** `processingStart` in µs since the time origin. */
  processing_start: number,
  /** `processingEnd` in µs since the time origin. */
  processing_end: number,
  /** `interactionId`; 0 of an event that is no interaction; -1 for a first input of an engine without ids. */
  interaction_id: number,
  /** The event's type, such as `pointerup`. */
  name: string,
  /** A selector of its target. */
  target?: string | null,
]

/** The page came out of the back/forward cache at `t` and was painted `painted` later. */
export type RestoreRecord = [
  kind: Kind.Restore,
  ordinal: number,
  t: number,
  /** Time from the restore to the second animation frame after it, in µs: FCP of such a view, and its LCP where the browser has told of candidates for that. */
  painted: number,
]

/** A report is due at `t`: the page was hidden, or the view ends. */
export type CutRecord = [
  kind: Kind.Cut,
  ordinal: number,
  t: number,
  /** 0 hidden, 1 the view ends, 2 asked for by the page. */
  reason: number,
  /** `performance.interactionCount`, where the browser has it. */
  interaction_count: number | null,
  /** What was lost so far. */
  receipt: Receipt,
  /** How far down the view was seen: the lowest edge of the viewport, in thousandths of the document's height. */
  scroll?: number | null,
  /** How long the view was visible while the user was active, in µs. */
  engaged?: number | null,
]

/** A long animation frame that meets an interaction. */
export type InteractionFrameRecord = [
  kind: Kind.InteractionFrame,
  ordinal: number,
  t: number,
  /** When it began. */
  start: number,
  /** How long it took, in µs. */
  duration: number,
  /** 0 frame, 1 task. */
  kind: number,
  /** `blockingDuration` in µs. */
  blocking?: number | null,
  /** `renderStart`. */
  render_start?: number | null,
  /** `styleAndLayoutStart`. */
  style_start?: number | null,
  /** `firstUIEventTimestamp`. */
  first_input?: number | null,
  /** How many frames this one stands for, in thousandths, where they are sampled. */
  weight?: number | null,
  /** What ran in it, the longest first. */
  scripts?: Script[] | null,
]

/** The browser's own soft navigation, which began at `t`, where the user acted. */
export type SoftNavigationRecord = [
  kind: Kind.SoftNavigation,
  ordinal: number,
  t: number,
  /** Its `interactionId`. */
  interaction_id: number,
  /** Its first paint: `presentationTime`, else `paintTime`, in µs since the time origin. */
  painted?: number | null,
]

/** A candidate for the largest paint of a soft navigation, at `t`. */
export type SoftPaintRecord = [
  kind: Kind.SoftPaint,
  ordinal: number,
  t: number,
  /** A selector of the element, or `#` and its id where the element is gone. */
  target?: string | null,
  /** The resource, if it is an image. */
  url?: string | null,
  /** Its `interactionId`. */
  interaction_id?: number | null,
]

/** The resource behind the candidate for the largest paint at `t`. */
export type PaintResourceRecord = [
  kind: Kind.PaintResource,
  ordinal: number,
  t: number,
  /** `requestStart`, or `startTime` where the other is hidden. */
  request_start: number,
  /** `responseEnd`. */
  response_end: number,
]

/** What is known about the document, its network and its device. */
export type SurroundingsRecord = [
  kind: Kind.Surroundings,
  ordinal: number,
  t: number,
  /** `navigator.connection.downlink` in kbit/s. */
  downlink?: number | null,
  /** `navigator.connection.rtt` in ms. */
  rtt?: number | null,
  /** 1 if the user asked for less data (`navigator.connection.saveData`). */
  save_data?: number | null,
  /** `navigator.deviceMemory` in MiB. */
  device_memory?: number | null,
  /** `navigator.hardwareConcurrency`. */
  cores?: number | null,
  /** `devicePixelRatio` in thousandths. */
  pixel_ratio?: number | null,
  /** `deliveryType` of the navigation, such as `cache` or `navigational-prefetch`. */
  delivery?: string | null,
  /** `Server-Timing` of the document, as `name;dur=12.5;desc=text` joined by commas. */
  server_timing?: string | null,
  /** Why a document that the user came back to was not in the back/forward cache, joined by commas (`notRestoredReasons`). */
  not_restored?: string | null,
  /** Width of the viewport in CSS pixels. */
  viewport_width?: number | null,
  /** Height of the viewport in CSS pixels. */
  viewport_height?: number | null,
  /** The trace of the request for the document, which the server names in `Server-Timing`, 32 hexadecimal digits. */
  trace_id?: string | null,
]

/** Who uses the page, and what it says about itself, from `t` on. */
export type ContextRecord = [
  kind: Kind.Context,
  ordinal: number,
  t: number,
  /** The user's id, as the page gave it. */
  user?: string | null,
  /** Properties of user, context, tags and feature flags. */
  attributes?: Attribute[] | null,
]

/** A fetch or XMLHttpRequest; `t` is when it ended. */
export type RequestRecord = [
  kind: Kind.Request,
  ordinal: number,
  t: number,
  /** When it began, in µs since the time origin. */
  start: number,
  /** 0 fetch, 1 XMLHttpRequest. */
  initiator: number,
  /** The HTTP method in capitals. */
  method: string,
  /** The URL without fragment, and of its query what `queries` names; a path if it is of the page's origin. */
  url: string,
  /** The HTTP status; absent if there was no answer that the page may read. */
  status: number | null,
  /** How long until the answer's headers (fetch) or its end (XMLHttpRequest), in µs. */
  duration: number,
  /** 0 answered, 1 failed, 2 aborted, 3 timed out. */
  outcome: number,
  /** Waiting for the first byte, in µs. This and what follows is of the resource's timing. */
  request?: number | null,
  /** Receiving, in µs. */
  response?: number | null,
  /** `transferSize` in bytes. */
  transfer_bytes?: number | null,
  /** `encodedBodySize` in bytes. */
  encoded_bytes?: number | null,
  /** `decodedBodySize` in bytes, if it is another number than `encoded_bytes`. */
  decoded_bytes?: number | null,
  /** `nextHopProtocol`. */
  protocol?: string | null,
  /** Redirects, in µs. */
  redirect?: number | null,
  /** Name look-up, in µs. */
  dns?: number | null,
  /** Connecting, TLS included, in µs. */
  connect?: number | null,
  /** TLS, in µs. */
  tls?: number | null,
  /** The ordinal of the action that it followed. */
  action?: number | null,
  /** The GraphQL operation, such as `query Products`. */
  operation?: string | null,
  /** The trace that the request was sent with (<https://www.w3.org/TR/trace-context/>), 32 hexadecimal digits. */
  trace_id?: string | null,
  /** Its span, 16 hexadecimal digits. */
  span_id?: string | null,
]

/** An error; `t` is when its count was last read. */
export type ErrorRecord = [
  kind: Kind.Error,
  ordinal: number,
  t: number,
  /** When first, in µs since the time origin. */
  first: number,
  /** 0 error event, 1 unhandled rejection, 2 reported by the page, 3 `console.error`, 4 a resource that could not be loaded, 5 a violation of the Content-Security-Policy, 6 deprecation, 7 intervention, 8 crash. */
  source: number,
  /** `error.name`, such as `TypeError`; absent if what was thrown is no Error. */
  class_: string | null,
  /** Its message, cut to its limit. */
  message: string,
  /** Its stack, cut to its limit, in the engine's own form; U+007F stands for the page's origin. */
  stack: string | null,
  /** 1 if the page caught it. */
  handled: number,
  /** How often so far. */
  count: number,
  /** UTF-16 units that the limits cut off message and stack. */
  cut?: number | null,
  /** What caused it, the nearest cause first; of an AggregateError its errors. */
  causes?: Cause[] | null,
  /** What the page said about it. */
  attributes?: Attribute[] | null,
  /** A selector of the element whose resource it is. */
  target?: string | null,
  /** The resource, the blocked URL, or the script that is reported on. */
  url?: string | null,
  /** The line in that script. */
  line?: number | null,
  /** The column in it. */
  column?: number | null,
  /** The debug ids of scripts in its stack (ECMA-426): each a script's URL and its id. */
  debug_ids?: Attribute[] | null,
]

/** Something the user did. */
export type ActionRecord = [
  kind: Kind.Action,
  ordinal: number,
  t: number,
  /** When, in µs since the time origin. */
  at: number,
  /** 0 click, 1 submit, 2 the page's own (`track`), 3 a number of the page's (`measure`). */
  kind: number,
  /** What a reader of the page would call it, such as the button's text. */
  name?: string | null,
  /** A selector of its target. */
  target?: string | null,
  /** Until the next paint, in µs. */
  duration?: number | null,
  /** What the user met, added up: 1 rage (the third click and more on one place), 2 dead (nothing followed), 4 an error followed. */
  frustration?: number | null,
  /** What the page said about it. */
  attributes?: Attribute[] | null,
  /** The number, in thousandths. */
  value?: number | null,
]

/** A long animation frame, or a long task where the browser has no such frames. */
export type LongFrameRecord = [
  kind: Kind.LongFrame,
  ordinal: number,
  t: number,
  /** When it began. */
  start: number,
  /** How long it took, in µs. */
  duration: number,
  /** 0 frame, 1 task. */
  kind: number,
  /** `blockingDuration` in µs. */
  blocking?: number | null,
  /** `renderStart`. */
  render_start?: number | null,
  /** `styleAndLayoutStart`. */
  style_start?: number | null,
  /** `firstUIEventTimestamp`. */
  first_input?: number | null,
  /** How many frames this one stands for, in thousandths, where they are sampled. */
  weight?: number | null,
  /** What ran in it, the longest first. */
  scripts?: Script[] | null,
]

/** A resource that the page loaded. */
export type ResourceRecord = [
  kind: Kind.Resource,
  ordinal: number,
  t: number,
  /** `startTime`. */
  start: number,
  /** `duration` in µs. */
  duration: number,
  /** The URL without fragment, and of its query what `queries` names; a path if it is of the page's origin. */
  url: string,
  /** `initiatorType`, such as `img`. */
  initiator: string,
  /** `responseStatus`. */
  status?: number | null,
  /** `transferSize` in bytes. */
  transfer_bytes?: number | null,
  /** `encodedBodySize` in bytes. */
  encoded_bytes?: number | null,
  /** `decodedBodySize` in bytes. */
  decoded_bytes?: number | null,
  /** `nextHopProtocol`. */
  protocol?: string | null,
  /** 1 if it blocked rendering. */
  render_blocking?: number | null,
  /** `deliveryType`, such as `cache`. */
  delivery?: string | null,
  /** From start to the end of redirects, in µs. */
  redirect?: number | null,
  /** Name look-up in µs. */
  dns?: number | null,
  /** Connecting, TLS included, in µs. */
  connect?: number | null,
  /** TLS in µs. */
  tls?: number | null,
  /** Waiting for the first byte, in µs. */
  request?: number | null,
  /** Receiving, in µs. */
  response?: number | null,
  /** How many resources this one stands for, in thousandths, where they are sampled. */
  weight?: number | null,
]

/** A mark or a measure of User Timing. */
export type UserTimingRecord = [
  kind: Kind.UserTiming,
  ordinal: number,
  t: number,
  /** When it was or began, in µs since the time origin. */
  start: number,
  /** Its name. */
  name: string,
  /** A measure's duration in µs; absent of a mark. */
  duration?: number | null,
  /** How many this one stands for, in thousandths, where they are sampled. */
  weight?: number | null,
]

/** An element that the page wants timed (Element Timing). */
export type ElementTimingRecord = [
  kind: Kind.ElementTiming,
  ordinal: number,
  t: number,
  /** When it was painted: `renderTime`, else `loadTime`, in µs since the time origin. */
  painted: number,
  /** The attribute `elementtiming`. */
  name: string,
  /** A selector of the element. */
  target?: string | null,
  /** The resource, if it is an image. */
  url?: string | null,
  /** How many this one stands for, in thousandths, where they are sampled. */
  weight?: number | null,
]

/** What the page logged. */
export type LogRecord = [
  kind: Kind.Log,
  ordinal: number,
  t: number,
  /** When, in µs since the time origin. */
  at: number,
  /** 0 trace, 1 debug, 2 info, 3 warn, 4 error. */
  level: number,
  /** What it says. */
  message: string,
  /** 0 the page's own (`log`), 1 the console. */
  source: number,
  /** What the page said about it. */
  attributes?: Attribute[] | null,
  /** The trace that it belongs to, 32 hexadecimal digits. */
  trace_id?: string | null,
  /** How many this one stands for, in thousandths, where they are sampled. */
  weight?: number | null,
]

/** What the capture script saw. Times are integers in µs since the time origin. */
export type RawRecord =
  | ViewRecord
  | RenameRecord
  | NavigationRecord
  | VisibilityRecord
  | PaintRecord
  | LargestPaintRecord
  | InputRecord
  | ShiftRecord
  | InteractionRecord
  | RestoreRecord
  | CutRecord
  | InteractionFrameRecord
  | SoftNavigationRecord
  | SoftPaintRecord
  | PaintResourceRecord
  | SurroundingsRecord
  | ContextRecord
  | RequestRecord
  | ErrorRecord
  | ActionRecord
  | LongFrameRecord
  | ResourceRecord
  | UserTimingRecord
  | ElementTimingRecord
  | LogRecord

/** What the numbers of a view miss. */
export type Receipt = [
  /** When capture attached, in µs since the time origin. */
  attached: number,
  /** Records and bodies that bounds refused. */
  queue_dropped?: number | null,
  /** Entries that the browser's buffers lost before they were observed (`droppedEntriesCount`). */
  observer_dropped?: DroppedCount[] | null,
]

/** The entries of one type that were lost. */
export type DroppedCount = [
  /** The entries' type, such as `event`. */
  entry_type: string,
  /** How many. */
  count: number,
]

/** A script of a long animation frame. */
export type Script = [
  /** When it began. */
  start: number,
  /** How long it ran. */
  duration: number,
  /** `forcedStyleAndLayoutDuration`. */
  forced_style: number,
  /** `pauseDuration`: in dialogues and synchronous requests. */
  pause: number,
  /** `invokerType`, such as `event-listener`. */
  invoker_type: string,
  /** `invoker`, such as `BUTTON#buy.onclick`; a URL in it is cut like any other. */
  invoker: string,
  /** `sourceURL` without fragment, and of its query what `queries` names. */
  url: string,
  /** `sourceFunctionName`. */
  function: string,
  /** `sourceCharPosition`; -1 if it is not known. */
  position: number,
]

/** One property. */
export type Attribute = [
  /** Its name; levels are joined by dots. */
  name: string,
  /** Its value as text: of what is no text its JSON. */
  value: string,
]

/** An error behind an error. */
export type Cause = [
  /** `error.name`. */
  class_: string | null,
  /** Its message. */
  message: string,
  /** Its stack. */
  stack?: string | null,
]

/** What is the same for the whole document. */
export type Document = [
  /** `performance.timeOrigin` in ms since the epoch, rounded: every other time counts from it. */
  time_origin_ms: number,
  /** The page's origin; a path in a URL field and U+007F in a stack stand for it. */
  origin: string,
  /** The version of the SDK. */
  sdk: string,
  /** The release of the page, as `init` was told. */
  release?: string | null,
  /** The environment, as `init` was told. */
  environment?: string | null,
  /** The version of the sampling rate that the session froze; absent is version 0, everything is kept. */
  rate_version?: number | null,
  /** `navigator.connection.effectiveType`. */
  connection?: string | null,
  /** Width of the viewport in CSS pixels. */
  viewport_width?: number | null,
  /** Height of the viewport in CSS pixels. */
  viewport_height?: number | null,
  /** Why the page runs without Wasm: absent while it does not, 1 not ready yet, 2 could not be loaded or compiled, 3 trapped, 4 the tab crashed. */
  raw_reason?: number | null,
]
