//! Records: what the capture script saw, before anything is computed.
//!
//! On the wire a record is `[kind, ordinal, t, …fields]`. `ordinal` comes from one counter a document and names the row
//! for ever; `t` is in µs since the time origin. Kinds below [`FIRST_ONCE`] are kept by the capture script and repeated
//! in every raw batch, because vitals need the whole document; kinds from there on are sent once, and their first field
//! is the time that places them in a view. The core reads no more of these than that: they become events as they are.
//!
//! Over 500 lines, for it is one table: every kind with its fields, of which code and documentation are made.

use alloc::string::String;

use super::field::{Field, NoFields, wire_fields, wire_items, wire_list, wire_nested};
use super::{Reader, Writer};
use crate::Id;

/// The first kind that is sent once; see the module's text.
pub const FIRST_ONCE: i64 = 64;

wire_items! {
    /// What the capture script saw.
    pub enum Record in kind {
        /// A page view opened; the one before it ended.
        1 => View(ViewRecord),
        /// The open view got another name, such as a route's.
        2 => Rename(RenameRecord),
        /// The document's navigation timing, once it is complete.
        3 => Navigation(NavigationRecord),
        /// The document became visible or hidden at `t`.
        4 => Visibility(VisibilityRecord),
        /// First contentful paint, at `t`.
        5 => Paint(NoFields),
        /// A candidate for the largest contentful paint, at `t`.
        6 => LargestPaint(LargestPaintRecord),
        /// A trusted keydown or click at `t`: no later candidate counts for LCP.
        7 => Input(NoFields),
        /// A layout shift at `t`. Without any, not even one after input, the browser has no such entries, and there is no CLS.
        8 => Shift(ShiftRecord),
        /// An Event Timing entry, which began at `t`: of an interaction, or of what shares a frame with one.
        9 => Interaction(InteractionRecord),
        /// The page came out of the back/forward cache at `t` and was painted `painted` later.
        10 => Restore(RestoreRecord),
        /// A report is due at `t`: the page was hidden, or the view ends.
        11 => Cut(CutRecord),
        /// A long animation frame that meets an interaction.
        12 => InteractionFrame(LongFrame),
        /// The browser's own soft navigation, which began at `t`, where the user acted.
        13 => SoftNavigation(SoftNavigationRecord),
        /// A candidate for the largest paint of a soft navigation, at `t`.
        14 => SoftPaint(SoftPaintRecord),
        /// The resource behind the candidate for the largest paint at `t`.
        15 => PaintResource(PaintResource),
        /// What is known about the document, its network and its device.
        16 => Surroundings(Surroundings),
        /// Who uses the page, and what it says about itself, from `t` on.
        17 => Context(ContextRecord),
        /// A fetch or XMLHttpRequest; `t` is when it ended.
        64 => Request(Request),
        /// An error; `t` is when its count was last read.
        65 => Error(ErrorReport),
        /// Something the user did.
        66 => Action(Action),
        /// A long animation frame, or a long task where the browser has no such frames.
        67 => LongFrame(LongFrame),
        /// A resource that the page loaded.
        68 => Resource(Resource),
        /// A mark or a measure of User Timing.
        69 => UserTiming(UserTiming),
        /// An element that the page wants timed (Element Timing).
        70 => ElementTiming(ElementTiming),
        /// What the page logged.
        71 => Log(Log),
    }
}

wire_fields! {
    /// A page view that opens.
    pub struct ViewRecord {
        /// The view's id: its start in unix seconds, and 32 random bits.
        view_id: Id,
        /// The session's id.
        session_id: Id,
        /// How it came about: 0 load, 1 back/forward cache, 2 prerender, 3 soft navigation, 4 route, 5 by name, 6 resumed.
        kind: i64,
        /// The path of the page, without fragment, and of its query what `queries` names.
        page: String,
        /// The referring page, without fragment, and of its query what `queries` names.
        referrer: Option<String>,
        /// The view it came from in this document.
        parent_id: Option<Id>,
        /// The route's name, where the page gave one.
        page_name: Option<String>,
    }
}

wire_fields! {
    /// Another name for the open view.
    pub struct RenameRecord {
        /// The new name.
        page_name: String,
    }
}

wire_fields! {
    /// `PerformanceNavigationTiming`, each time in µs since the time origin. The browser's 0 for "did not happen" is null.
    /// What most visits do not have comes last: nulls at the end cost nothing.
    pub struct NavigationRecord {
        /// 0 navigate, 1 reload, 2 back_forward, 3 prerender, 4 restore of a discarded tab.
        kind: i64,
        /// `transferSize` in bytes.
        transfer_bytes: Option<i64>,
        /// `encodedBodySize` in bytes.
        encoded_bytes: Option<i64>,
        /// `decodedBodySize` in bytes.
        decoded_bytes: Option<i64>,
        /// `responseStatus`.
        status: Option<i64>,
        /// `nextHopProtocol`.
        protocol: Option<String>,
        /// `fetchStart`.
        fetch_start: Option<i64>,
        /// `domainLookupStart`.
        dns_start: Option<i64>,
        /// `domainLookupEnd`.
        dns_end: Option<i64>,
        /// `connectStart`.
        connect_start: Option<i64>,
        /// `connectEnd`.
        connect_end: Option<i64>,
        /// `requestStart`.
        request_start: Option<i64>,
        /// `responseStart`.
        response_start: Option<i64>,
        /// `responseEnd`.
        response_end: Option<i64>,
        /// `domInteractive`.
        dom_interactive: Option<i64>,
        /// `domContentLoadedEventStart`.
        dom_content_loaded_start: Option<i64>,
        /// `domContentLoadedEventEnd`.
        dom_content_loaded: Option<i64>,
        /// `domComplete`.
        dom_complete: Option<i64>,
        /// `loadEventEnd`.
        load: Option<i64>,
        /// `secureConnectionStart`.
        tls_start: Option<i64>,
        /// `workerStart`.
        worker_start: Option<i64>,
        /// `redirectStart`.
        redirect_start: Option<i64>,
        /// `redirectEnd`.
        redirect_end: Option<i64>,
        /// `activationStart` of a prerendered page.
        activation: Option<i64>,
    }
}

wire_fields! {
    /// A change of visibility.
    pub struct VisibilityRecord {
        /// 0 visible, 1 hidden.
        hidden: i64,
    }
}

wire_fields! {
    /// A `largest-contentful-paint` entry.
    pub struct LargestPaintRecord {
        /// A selector of the element, or `#` and the entry's id where the element is gone.
        target: Option<String>,
        /// The resource, if it is an image.
        url: Option<String>,
    }
}

wire_fields! {
    /// A `layout-shift` entry.
    pub struct ShiftRecord {
        /// Its value in millionths.
        value: i64,
        /// 1 if the user had just done something (`hadRecentInput`).
        recent_input: i64,
        /// A selector of the first source that is still an element.
        target: Option<String>,
    }
}

wire_fields! {
    /// An `event` or `first-input` entry that belongs to an interaction.
    pub struct InteractionRecord {
        /// `duration` in µs.
        duration: i64,
        /// `processingStart` in µs since the time origin.
        processing_start: i64,
        /// `processingEnd` in µs since the time origin.
        processing_end: i64,
        /// `interactionId`; 0 of an event that is no interaction; -1 for a first input of an engine without ids.
        interaction_id: i64,
        /// The event's type, such as `pointerup`.
        name: String,
        /// A selector of its target.
        target: Option<String>,
    }
}

wire_fields! {
    /// A restore from the back/forward cache.
    pub struct RestoreRecord {
        /// Time from the restore to the second animation frame after it, in µs: FCP of such a view, and its LCP where the browser has
        /// told of candidates for that.
        painted: i64,
    }
}

wire_fields! {
    /// A moment of reporting, with the receipt of what capture lost so far.
    pub struct CutRecord {
        /// 0 hidden, 1 the view ends, 2 asked for by the page.
        reason: i64,
        /// `performance.interactionCount`, where the browser has it.
        interaction_count: Option<i64>,
        /// What was lost so far.
        receipt: Receipt,
        /// How far down the view was seen: the lowest edge of the viewport, in thousandths of the document's height.
        scroll: Option<i64>,
        /// How long the view was visible while the user was active, in µs.
        engaged: Option<i64>,
    }
}

wire_fields! {
    /// What the numbers of a view miss.
    pub struct Receipt {
        /// When capture attached, in µs since the time origin.
        attached: i64,
        /// Records and bodies that bounds refused.
        queue_dropped: Option<i64>,
        /// Entries that the browser's buffers lost before they were observed (`droppedEntriesCount`).
        observer_dropped: Option<DroppedEntries>,
    }
}

wire_fields! {
    /// The entries of one type that were lost.
    pub struct DroppedCount {
        /// The entries' type, such as `event`.
        entry_type: String,
        /// How many.
        count: i64,
    }
}

wire_fields! {
    /// A soft navigation (<https://github.com/WICG/soft-navigations>).
    pub struct SoftNavigationRecord {
        /// Its `interactionId`.
        interaction_id: i64,
        /// Its first paint: `presentationTime`, else `paintTime`, in µs since the time origin.
        painted: Option<i64>,
    }
}

wire_fields! {
    /// An `interaction-contentful-paint` entry.
    pub struct SoftPaintRecord {
        /// A selector of the element, or `#` and its id where the element is gone.
        target: Option<String>,
        /// The resource, if it is an image.
        url: Option<String>,
        /// Its `interactionId`.
        interaction_id: Option<i64>,
    }
}

wire_fields! {
    /// What a largest paint waited for: the resource's timing, in µs since the time origin.
    pub struct PaintResource {
        /// `requestStart`, or `startTime` where the other is hidden.
        request_start: i64,
        /// `responseEnd`.
        response_end: i64,
    }
}

wire_fields! {
    /// What is known about the document, its network and its device. Each is absent where the browser has no such thing.
    pub struct Surroundings {
        /// `navigator.connection.downlink` in kbit/s.
        downlink: Option<i64>,
        /// `navigator.connection.rtt` in ms.
        rtt: Option<i64>,
        /// 1 if the user asked for less data (`navigator.connection.saveData`).
        save_data: Option<i64>,
        /// `navigator.deviceMemory` in MiB.
        device_memory: Option<i64>,
        /// `navigator.hardwareConcurrency`.
        cores: Option<i64>,
        /// `devicePixelRatio` in thousandths.
        pixel_ratio: Option<i64>,
        /// `deliveryType` of the navigation, such as `cache` or `navigational-prefetch`.
        delivery: Option<String>,
        /// `Server-Timing` of the document, as `name;dur=12.5;desc=text` joined by commas.
        server_timing: Option<String>,
        /// Why a document that the user came back to was not in the back/forward cache, joined by commas (`notRestoredReasons`).
        not_restored: Option<String>,
        /// Width of the viewport in CSS pixels.
        viewport_width: Option<i64>,
        /// Height of the viewport in CSS pixels.
        viewport_height: Option<i64>,
        /// The trace of the request for the document, which the server names in `Server-Timing`, 32 hexadecimal digits.
        trace_id: Option<String>,
    }
}

wire_fields! {
    /// What the page says of its user and of itself. A later one replaces it as a whole.
    pub struct ContextRecord {
        /// The user's id, as the page gave it.
        user: Option<String>,
        /// Properties of user, context, tags and feature flags.
        attributes: Option<Attributes>,
    }
}

wire_fields! {
    /// One property.
    pub struct Attribute {
        /// Its name; levels are joined by dots.
        name: String,
        /// Its value as text: of what is no text its JSON.
        value: String,
    }
}

wire_fields! {
    /// A request the page made by fetch or XMLHttpRequest.
    pub struct Request {
        /// When it began, in µs since the time origin.
        start: i64,
        /// 0 fetch, 1 XMLHttpRequest.
        initiator: i64,
        /// The HTTP method in capitals.
        method: String,
        /// The URL without fragment, and of its query what `queries` names; a path if it is of the page's origin.
        url: String,
        /// The HTTP status; absent if there was no answer that the page may read.
        status: Option<i64>,
        /// How long until the answer's headers (fetch) or its end (XMLHttpRequest), in µs.
        duration: i64,
        /// 0 answered, 1 failed, 2 aborted, 3 timed out.
        outcome: i64,
        /// Waiting for the first byte, in µs. This and what follows is of the resource's timing.
        request: Option<i64>,
        /// Receiving, in µs.
        response: Option<i64>,
        /// `transferSize` in bytes.
        transfer_bytes: Option<i64>,
        /// `encodedBodySize` in bytes.
        encoded_bytes: Option<i64>,
        /// `decodedBodySize` in bytes, if it is another number than `encoded_bytes`.
        decoded_bytes: Option<i64>,
        /// `nextHopProtocol`.
        protocol: Option<String>,
        /// Redirects, in µs.
        redirect: Option<i64>,
        /// Name look-up, in µs.
        dns: Option<i64>,
        /// Connecting, TLS included, in µs.
        connect: Option<i64>,
        /// TLS, in µs.
        tls: Option<i64>,
        /// The ordinal of the action that it followed.
        action: Option<i64>,
        /// The GraphQL operation, such as `query Products`.
        operation: Option<String>,
        /// The trace that the request was sent with (<https://www.w3.org/TR/trace-context/>), 32 hexadecimal digits.
        trace_id: Option<String>,
        /// Its span, 16 hexadecimal digits.
        span_id: Option<String>,
    }
}

wire_fields! {
    /// An error, with how often it occurred in this document so far.
    pub struct ErrorReport {
        /// When first, in µs since the time origin.
        first: i64,
        /// 0 error event, 1 unhandled rejection, 2 reported by the page, 3 `console.error`, 4 a resource that could not be
        /// loaded, 5 a violation of the Content-Security-Policy, 6 deprecation, 7 intervention, 8 crash.
        source: i64,
        /// `error.name`, such as `TypeError`; absent if what was thrown is no Error.
        class: Option<String>,
        /// Its message, cut to its limit.
        message: String,
        /// Its stack, cut to its limit, in the engine's own form; U+007F stands for the page's origin.
        stack: Option<String>,
        /// 1 if the page caught it.
        handled: i64,
        /// How often so far.
        count: i64,
        /// UTF-16 units that the limits cut off message and stack.
        cut: Option<i64>,
        /// What caused it, the nearest cause first; of an AggregateError its errors.
        causes: Option<Causes>,
        /// What the page said about it.
        attributes: Option<Attributes>,
        /// A selector of the element whose resource it is.
        target: Option<String>,
        /// The resource, the blocked URL, or the script that is reported on.
        url: Option<String>,
        /// The line in that script.
        line: Option<i64>,
        /// The column in it.
        column: Option<i64>,
        /// The debug ids of scripts in its stack (ECMA-426): each a script's URL and its id.
        debug_ids: Option<Attributes>,
    }
}

wire_fields! {
    /// An error behind an error.
    pub struct Cause {
        /// `error.name`.
        class: Option<String>,
        /// Its message.
        message: String,
        /// Its stack.
        stack: Option<String>,
    }
}

wire_fields! {
    /// Something the user did.
    pub struct Action {
        /// When, in µs since the time origin.
        at: i64,
        /// 0 click, 1 submit, 2 the page's own (`track`), 3 a number of the page's (`measure`).
        kind: i64,
        /// What a reader of the page would call it, such as the button's text.
        name: Option<String>,
        /// A selector of its target.
        target: Option<String>,
        /// Until the next paint, in µs.
        duration: Option<i64>,
        /// What the user met, added up: 1 rage (the third click and more on one place), 2 dead (nothing followed), 4 an error followed.
        frustration: Option<i64>,
        /// What the page said about it.
        attributes: Option<Attributes>,
        /// The number, in thousandths.
        value: Option<i64>,
    }
}

wire_fields! {
    /// A line of the page's log.
    pub struct Log {
        /// When, in µs since the time origin.
        at: i64,
        /// 0 trace, 1 debug, 2 info, 3 warn, 4 error.
        level: i64,
        /// What it says.
        message: String,
        /// 0 the page's own (`log`), 1 the console.
        source: i64,
        /// What the page said about it.
        attributes: Option<Attributes>,
        /// The trace that it belongs to, 32 hexadecimal digits.
        trace_id: Option<String>,
        /// How many this one stands for, in thousandths, where they are sampled.
        weight: Option<i64>,
    }
}

wire_fields! {
    /// A long animation frame (<https://w3c.github.io/long-animation-frames/>), or a long task
    /// (<https://w3c.github.io/longtasks/>). Times are in µs since the time origin.
    pub struct LongFrame {
        /// When it began.
        start: i64,
        /// How long it took, in µs.
        duration: i64,
        /// 0 frame, 1 task.
        kind: i64,
        /// `blockingDuration` in µs.
        blocking: Option<i64>,
        /// `renderStart`.
        render_start: Option<i64>,
        /// `styleAndLayoutStart`.
        style_start: Option<i64>,
        /// `firstUIEventTimestamp`.
        first_input: Option<i64>,
        /// How many frames this one stands for, in thousandths, where they are sampled.
        weight: Option<i64>,
        /// What ran in it, the longest first.
        scripts: Option<Scripts>,
    }
}

wire_fields! {
    /// A script of a long animation frame. Times are in µs since the time origin, durations in µs.
    pub struct Script {
        /// When it began.
        start: i64,
        /// How long it ran.
        duration: i64,
        /// `forcedStyleAndLayoutDuration`.
        forced_style: i64,
        /// `pauseDuration`: in dialogues and synchronous requests.
        pause: i64,
        /// `invokerType`, such as `event-listener`.
        invoker_type: String,
        /// `invoker`, such as `BUTTON#buy.onclick`; a URL in it is cut like any other.
        invoker: String,
        /// `sourceURL` without fragment, and of its query what `queries` names.
        url: String,
        /// `sourceFunctionName`.
        function: String,
        /// `sourceCharPosition`; -1 if it is not known.
        position: i64,
    }
}

wire_fields! {
    /// A resource that the page loaded (<https://www.w3.org/TR/resource-timing/>), in µs since the time origin.
    pub struct Resource {
        /// `startTime`.
        start: i64,
        /// `duration` in µs.
        duration: i64,
        /// The URL without fragment, and of its query what `queries` names; a path if it is of the page's origin.
        url: String,
        /// `initiatorType`, such as `img`.
        initiator: String,
        /// `responseStatus`.
        status: Option<i64>,
        /// `transferSize` in bytes.
        transfer_bytes: Option<i64>,
        /// `encodedBodySize` in bytes.
        encoded_bytes: Option<i64>,
        /// `decodedBodySize` in bytes.
        decoded_bytes: Option<i64>,
        /// `nextHopProtocol`.
        protocol: Option<String>,
        /// 1 if it blocked rendering.
        render_blocking: Option<i64>,
        /// `deliveryType`, such as `cache`.
        delivery: Option<String>,
        /// From start to the end of redirects, in µs.
        redirect: Option<i64>,
        /// Name look-up in µs.
        dns: Option<i64>,
        /// Connecting, TLS included, in µs.
        connect: Option<i64>,
        /// TLS in µs.
        tls: Option<i64>,
        /// Waiting for the first byte, in µs.
        request: Option<i64>,
        /// Receiving, in µs.
        response: Option<i64>,
        /// How many resources this one stands for, in thousandths, where they are sampled.
        weight: Option<i64>,
    }
}

wire_fields! {
    /// A mark or a measure (<https://www.w3.org/TR/user-timing/>).
    pub struct UserTiming {
        /// When it was or began, in µs since the time origin.
        start: i64,
        /// Its name.
        name: String,
        /// A measure's duration in µs; absent of a mark.
        duration: Option<i64>,
        /// How many this one stands for, in thousandths, where they are sampled.
        weight: Option<i64>,
    }
}

wire_fields! {
    /// An element's paint (<https://wicg.github.io/element-timing/>).
    pub struct ElementTiming {
        /// When it was painted: `renderTime`, else `loadTime`, in µs since the time origin.
        painted: i64,
        /// The attribute `elementtiming`.
        name: String,
        /// A selector of the element.
        target: Option<String>,
        /// The resource, if it is an image.
        url: Option<String>,
        /// How many this one stands for, in thousandths, where they are sampled.
        weight: Option<i64>,
    }
}

wire_nested!(
    NavigationRecord,
    Receipt,
    PaintResource,
    Surroundings,
    Script,
    DroppedCount,
    Attribute,
    Cause
);

wire_list! {
    /// Scripts of one frame.
    Scripts of Script;
    /// What observers lost, by type.
    DroppedEntries of DroppedCount;
    /// Properties.
    Attributes of Attribute;
    /// What caused an error.
    Causes of Cause;
}

/// A record with its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Its number among the document's records.
    pub ordinal: i64,
    /// Its time in µs since the time origin.
    pub t: i64,
    /// What was seen.
    pub record: Record,
}

impl Stamped {
    /// Reads one record from inside a list; `None` if its kind is a newer writer's, or after an error.
    pub fn read(r: &mut Reader<'_>) -> Option<Self> {
        let kind = r.begin_item();
        if !Record::knows(kind) {
            r.skip_item();
            return None;
        }
        let ordinal = super::field::next(r);
        let t = super::field::next(r);
        let record = Record::read_kind(kind, r)?;
        (!r.failed()).then_some(Self { ordinal, t, record })
    }

    /// Writes the record as the next item of a list.
    pub fn write(&self, w: &mut Writer) {
        w.begin_array();
        w.int(self.record.kind());
        self.ordinal.write(w);
        self.t.write(w);
        self.record.write_kind(w);
        w.end_array();
    }
}
