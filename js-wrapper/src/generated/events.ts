// Written by `cargo xtask codegen` from rum-core/src/wire. Do not edit.

/** 64 bits as 16 hexadecimal digits. */
export type Id = string

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

/** The navigation's timing, as its record has it. */
export type NavigationRecord = [
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

/** What is known about the document, as its record has it. */
export type Surroundings = [
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

/** What a largest paint waited for, as its record has it. */
export type PaintResource = [
  /** `requestStart`, or `startTime` where the other is hidden. */
  request_start: number,
  /** `responseEnd`. */
  response_end: number,
]

/** A long animation frame; before its fields comes its ordinal. */
export type LongFrameEvent = [
  ordinal: number,
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

/** A page view, as it stands. */
export type RumView = {
  kind: 'view'
  /** Its id. */
  view_id: Id
  /** The session's id. */
  session_id: Id
  /** How it came about: 0 load, 1 back/forward cache, 2 prerender, 3 soft navigation, 4 route, 5 by name, 6 resumed. */
  type: number
  /** Its start in µs since the time origin. */
  start: number
  /** The path of the page when it opened; the row stays under it. */
  page: string
  /** The referring page. */
  referrer: string | null
  /** The view it came from in this document. */
  parent_id: Id | null
  /** The document's first view (or the restore it belongs to), if that is another one. */
  document_id: Id | null
  /** The name it was given later. */
  page_name: string | null
  /** The end of the view in µs since the time origin, so far. */
  end: number | null
  /** The navigation's timing; only of a view that loaded the document. */
  navigation: NavigationRecord | null
  /** What capture lost. */
  receipt: Receipt | null
  /** What is known about the document, its network and its device. */
  surroundings: Surroundings | null
  /** Events that the core's limits refused. */
  core_dropped: number | null
  /** The user's id, as the page gave it. */
  user: string | null
  /** What the page says of its user and of itself. */
  attributes: Attribute[] | null
  /** How far down it was seen, in thousandths of the document's height. */
  scroll: number | null
  /** How long it was visible while the user was active, in µs. */
  engaged: number | null
}

/** A Core Web Vital or a related metric, as it stands. */
export type RumVital = {
  kind: 'vital'
  /** 1 LCP, 2 CLS, 3 INP, 4 FCP, 5 TTFB. */
  metric: number
  /** What it counts from: 0 the document, 1 the view. */
  scope: number
  /** Its value: µs, or millionths for CLS. */
  value: number
  /** Selector of the element that the value is about. */
  target: string | null
  /** The resource (LCP) or the event's type (INP). */
  detail: string | null
  /** LCP: the resource it waited for. */
  resource: PaintResource | null
  /** When the largest shift (CLS) or the interaction (INP) began, in µs since the time origin. */
  at: number | null
  /** INP: µs from the interaction to its first handler. */
  input_delay: number | null
  /** INP: µs in handlers. */
  processing: number | null
  /** INP: µs from the last handler to the next paint. */
  presentation: number | null
  /** INP: the long animation frames that met the interaction, in their order. Each is a row of its own as well. */
  frames: LongFrameEvent[] | null
}

/** A fetch or XMLHttpRequest. */
export type RumRequest = {
  kind: 'request'
  /** Its number in the document. */
  ordinal: number
  /** When it began, in µs since the time origin. */
  start: number
  /** 0 fetch, 1 XMLHttpRequest. */
  initiator: number
  /** The HTTP method in capitals. */
  method: string
  /** The URL without fragment, and of its query what `queries` names; a path if it is of the page's origin. */
  url: string
  /** The HTTP status; absent if there was no answer that the page may read. */
  status: number | null
  /** How long until the answer's headers (fetch) or its end (XMLHttpRequest), in µs. */
  duration: number
  /** 0 answered, 1 failed, 2 aborted, 3 timed out. */
  outcome: number
  /** Waiting for the first byte, in µs. This and what follows is of the resource's timing. */
  request: number | null
  /** Receiving, in µs. */
  response: number | null
  /** `transferSize` in bytes. */
  transfer_bytes: number | null
  /** `encodedBodySize` in bytes. */
  encoded_bytes: number | null
  /** `decodedBodySize` in bytes, if it is another number than `encoded_bytes`. */
  decoded_bytes: number | null
  /** `nextHopProtocol`. */
  protocol: string | null
  /** Redirects, in µs. */
  redirect: number | null
  /** Name look-up, in µs. */
  dns: number | null
  /** Connecting, TLS included, in µs. */
  connect: number | null
  /** TLS, in µs. */
  tls: number | null
  /** The ordinal of the action that it followed. */
  action: number | null
  /** The GraphQL operation, such as `query Products`. */
  operation: string | null
  /** The trace that the request was sent with (<https://www.w3.org/TR/trace-context/>), 32 hexadecimal digits. */
  trace_id: string | null
  /** Its span, 16 hexadecimal digits. */
  span_id: string | null
}

/** An error, with its count so far. */
export type RumError = {
  kind: 'error'
  /** Its number in the document. */
  ordinal: number
  /** When first, in µs since the time origin. */
  first: number
  /** 0 error event, 1 unhandled rejection, 2 reported by the page, 3 `console.error`, 4 a resource that could not be loaded, 5 a violation of the Content-Security-Policy, 6 deprecation, 7 intervention, 8 crash. */
  source: number
  /** `error.name`, such as `TypeError`; absent if what was thrown is no Error. */
  class: string | null
  /** Its message, cut to its limit. */
  message: string
  /** Its stack, cut to its limit, in the engine's own form; U+007F stands for the page's origin. */
  stack: string | null
  /** 1 if the page caught it. */
  handled: number
  /** How often so far. */
  count: number
  /** UTF-16 units that the limits cut off message and stack. */
  cut: number | null
  /** What caused it, the nearest cause first; of an AggregateError its errors. */
  causes: Cause[] | null
  /** What the page said about it. */
  attributes: Attribute[] | null
  /** A selector of the element whose resource it is. */
  target: string | null
  /** The resource, the blocked URL, or the script that is reported on. */
  url: string | null
  /** The line in that script. */
  line: number | null
  /** The column in it. */
  column: number | null
  /** The debug ids of scripts in its stack (ECMA-426): each a script's URL and its id. */
  debug_ids: Attribute[] | null
}

/** Something the user did. */
export type RumAction = {
  kind: 'action'
  /** Its number in the document. */
  ordinal: number
  /** When, in µs since the time origin. */
  at: number
  /** 0 click, 1 submit, 2 the page's own (`track`), 3 a number of the page's (`measure`). */
  type: number
  /** What a reader of the page would call it, such as the button's text. */
  name: string | null
  /** A selector of its target. */
  target: string | null
  /** Until the next paint, in µs. */
  duration: number | null
  /** What the user met, added up: 1 rage (the third click and more on one place), 2 dead (nothing followed), 4 an error followed. */
  frustration: number | null
  /** What the page said about it. */
  attributes: Attribute[] | null
  /** The number, in thousandths. */
  value: number | null
}

/** A long animation frame, or a long task. */
export type RumLongFrame = {
  kind: 'long_frame'
  /** Its number in the document. */
  ordinal: number
  /** When it began. */
  start: number
  /** How long it took, in µs. */
  duration: number
  /** 0 frame, 1 task. */
  type: number
  /** `blockingDuration` in µs. */
  blocking: number | null
  /** `renderStart`. */
  render_start: number | null
  /** `styleAndLayoutStart`. */
  style_start: number | null
  /** `firstUIEventTimestamp`. */
  first_input: number | null
  /** How many frames this one stands for, in thousandths, where they are sampled. */
  weight: number | null
  /** What ran in it, the longest first. */
  scripts: Script[] | null
}

/** A resource that the page loaded. */
export type RumResource = {
  kind: 'resource'
  /** Its number in the document. */
  ordinal: number
  /** `startTime`. */
  start: number
  /** `duration` in µs. */
  duration: number
  /** The URL without fragment, and of its query what `queries` names; a path if it is of the page's origin. */
  url: string
  /** `initiatorType`, such as `img`. */
  initiator: string
  /** `responseStatus`. */
  status: number | null
  /** `transferSize` in bytes. */
  transfer_bytes: number | null
  /** `encodedBodySize` in bytes. */
  encoded_bytes: number | null
  /** `decodedBodySize` in bytes. */
  decoded_bytes: number | null
  /** `nextHopProtocol`. */
  protocol: string | null
  /** 1 if it blocked rendering. */
  render_blocking: number | null
  /** `deliveryType`, such as `cache`. */
  delivery: string | null
  /** From start to the end of redirects, in µs. */
  redirect: number | null
  /** Name look-up in µs. */
  dns: number | null
  /** Connecting, TLS included, in µs. */
  connect: number | null
  /** TLS in µs. */
  tls: number | null
  /** Waiting for the first byte, in µs. */
  request: number | null
  /** Receiving, in µs. */
  response: number | null
  /** How many resources this one stands for, in thousandths, where they are sampled. */
  weight: number | null
}

/** A mark or a measure. */
export type RumUserTiming = {
  kind: 'user_timing'
  /** Its number in the document. */
  ordinal: number
  /** When it was or began, in µs since the time origin. */
  start: number
  /** Its name. */
  name: string
  /** A measure's duration in µs; absent of a mark. */
  duration: number | null
  /** How many this one stands for, in thousandths, where they are sampled. */
  weight: number | null
}

/** An element that the page wants timed. */
export type RumElementTiming = {
  kind: 'element_timing'
  /** Its number in the document. */
  ordinal: number
  /** When it was painted: `renderTime`, else `loadTime`, in µs since the time origin. */
  painted: number
  /** The attribute `elementtiming`. */
  name: string
  /** A selector of the element. */
  target: string | null
  /** The resource, if it is an image. */
  url: string | null
  /** How many this one stands for, in thousandths, where they are sampled. */
  weight: number | null
}

/** What the page logged. */
export type RumLog = {
  kind: 'log'
  /** Its number in the document. */
  ordinal: number
  /** When, in µs since the time origin. */
  at: number
  /** 0 trace, 1 debug, 2 info, 3 warn, 4 error. */
  level: number
  /** What it says. */
  message: string
  /** 0 the page's own (`log`), 1 the console. */
  source: number
  /** What the page said about it. */
  attributes: Attribute[] | null
  /** The trace that it belongs to, 32 hexadecimal digits. */
  trace_id: string | null
  /** How many this one stands for, in thousandths, where they are sampled. */
  weight: number | null
}

/** What `beforeSend` is given, told apart by `kind`. What is absent is null. */
export type RumEvent =
  | RumView
  | RumVital
  | RumRequest
  | RumError
  | RumAction
  | RumLongFrame
  | RumResource
  | RumUserTiming
  | RumElementTiming
  | RumLog
