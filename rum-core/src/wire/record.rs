//! Records: what the capture script saw, before anything is computed.
//!
//! On the wire a record is `[kind, ordinal, t, …fields]`. `ordinal` comes from one counter a document and names the row
//! for ever; `t` is in µs since the time origin. Kinds below [`FIRST_ONCE`] are kept by the capture script and repeated
//! in every raw batch, because vitals need the whole document; kinds from there on are sent once.

use alloc::string::String;

use super::field::{Field, NoFields, wire_fields, wire_items};
use super::{Reader, Writer};
use crate::Id;

/// The first kind that is sent once; see the module's text.
pub const FIRST_ONCE: i64 = 64;

wire_items! {
    /// What the capture script saw.
    pub enum Record {
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
        /// A layout shift at `t`.
        8 => Shift(ShiftRecord),
        /// An Event Timing entry with an interaction id, which began at `t`.
        9 => Interaction(InteractionRecord),
        /// The page came out of the back/forward cache at `t` and was painted `painted` later.
        10 => Restore(RestoreRecord),
        /// A report is due at `t`: the page was hidden, or the view ends.
        11 => Cut(CutRecord),
        /// A fetch or XMLHttpRequest that ended at `t`.
        64 => Request(Request),
        /// An error; `t` is when its count was last read.
        65 => Error(ErrorReport),
        /// Something the user did at `t`.
        66 => Action(Action),
    }
}

wire_fields! {
    /// A page view that opens.
    pub struct ViewRecord {
        /// The view's id: its start in unix seconds, and 32 random bits.
        view_id: Id,
        /// The session's id.
        session_id: Id,
        /// How it came about, see `ViewKind`.
        kind: i64,
        /// The path of the page, without query and fragment.
        page: String,
        /// The referring page, without query and fragment.
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
    pub struct NavigationRecord {
        /// 0 navigate, 1 reload, 2 back_forward, 3 prerender, 4 restore of a discarded tab.
        kind: i64,
        /// `activationStart` of a prerendered page.
        activation: Option<i64>,
        /// `redirectStart`.
        redirect_start: Option<i64>,
        /// `redirectEnd`.
        redirect_end: Option<i64>,
        /// `workerStart`.
        worker_start: Option<i64>,
        /// `fetchStart`.
        fetch_start: Option<i64>,
        /// `domainLookupStart`.
        dns_start: Option<i64>,
        /// `domainLookupEnd`.
        dns_end: Option<i64>,
        /// `connectStart`.
        connect_start: Option<i64>,
        /// `secureConnectionStart`.
        tls_start: Option<i64>,
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
        /// `domContentLoadedEventEnd`.
        dom_content_loaded: Option<i64>,
        /// `domComplete`.
        dom_complete: Option<i64>,
        /// `loadEventEnd`.
        load: Option<i64>,
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
    }
}

wire_fields! {
    /// A change of visibility.
    pub struct VisibilityRecord {
        /// 0 visible, 1 hidden.
        hidden: i64,
        /// The wall clock in ms since the epoch, for monotonic time may stop while a machine sleeps.
        wall_ms: i64,
    }
}

wire_fields! {
    /// A `largest-contentful-paint` entry.
    pub struct LargestPaintRecord {
        /// Its size in square CSS pixels.
        size: i64,
        /// A selector of the element, or the entry's id where the element is gone.
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
        /// `interactionId`; 0 for a first input of an engine without ids.
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
        /// Time from the restore to the second animation frame after it, in µs: FCP and LCP of such a view.
        painted: i64,
    }
}

wire_fields! {
    /// A moment of reporting, with the receipt of what capture lost so far.
    pub struct CutRecord {
        /// 0 hidden, 1 the view ends, 2 asked for by the page.
        reason: i64,
        /// The wall clock in ms since the epoch.
        wall_ms: i64,
        /// `performance.interactionCount`, where the browser has it.
        interaction_count: Option<i64>,
        /// When capture attached, in µs since the time origin.
        attached: i64,
        /// Records that the full queue refused.
        queue_dropped: Option<i64>,
        /// Entries that observers lost before capture attached (`droppedEntriesCount`).
        observer_dropped: Option<i64>,
    }
}

wire_fields! {
    /// A request the page made by fetch or XMLHttpRequest.
    pub struct Request {
        /// 0 fetch, 1 XMLHttpRequest.
        initiator: i64,
        /// The HTTP method in capitals.
        method: String,
        /// The URL without query and fragment; a path if it is of the page's origin.
        url: String,
        /// The HTTP status; absent if there was no answer that the page may read.
        status: Option<i64>,
        /// When it began, in µs since the time origin.
        start: i64,
        /// How long until the answer's headers (fetch) or its end (XMLHttpRequest), in µs.
        duration: i64,
        /// 0 answered, 1 failed, 2 aborted, 3 timed out.
        outcome: i64,
    }
}

wire_fields! {
    /// An error, with how often it occurred in this document so far.
    pub struct ErrorReport {
        /// 0 error event, 1 unhandled rejection, 2 reported by the page.
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
        /// When first, in µs since the time origin.
        first: i64,
        /// UTF-16 units that the limits cut off message and stack.
        cut: Option<i64>,
    }
}

wire_fields! {
    /// Something the user did.
    pub struct Action {
        /// 0 click, 1 submit.
        kind: i64,
        /// What a reader of the page would call it, such as the button's text.
        name: Option<String>,
        /// A selector of its target.
        target: Option<String>,
    }
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
