//! Events: what the core made of the records; each becomes one row.
//!
//! On the wire an event is `[kind, view, seq, …fields]`. `view` is the number of the view event that it belongs to,
//! within the same batch. `seq` is the time of the report in ms since the time origin: of several reports of one row the
//! highest `seq` is the value, everything else is history.

use alloc::string::String;

use super::field::{Field, wire_fields, wire_items, wire_nested};
use super::record::{Action, ErrorReport, Request};
use super::{Reader, Writer};
use crate::Id;

wire_items! {
    /// What becomes a row.
    pub enum Event {
        /// A page view, as it stands.
        1 => View(ViewEvent),
        /// A Core Web Vital or a related metric, as it stands.
        2 => Vital(VitalEvent),
        /// A fetch or XMLHttpRequest.
        64 => Request(RequestEvent),
        /// An error, with its count so far.
        65 => Error(ErrorEvent),
        /// Something the user did.
        66 => Action(ActionEvent),
    }
}

wire_fields! {
    /// A page view.
    pub struct ViewEvent {
        /// Its id.
        view_id: Id,
        /// The session's id.
        session_id: Id,
        /// How it came about, see `ViewKind`.
        kind: i64,
        /// Its start in µs since the time origin.
        start: i64,
        /// The path of the page when it opened; the row stays under it.
        page: String,
        /// The referring page.
        referrer: Option<String>,
        /// The view it came from in this document.
        parent_id: Option<Id>,
        /// The document's first view (or the restore it belongs to), if that is another one.
        document_id: Option<Id>,
        /// The name it was given later.
        page_name: Option<String>,
        /// The end of the view in µs since the time origin, so far.
        end: Option<i64>,
        /// Navigation phases; only of a view that loaded the document.
        navigation: Option<NavigationPhases>,
        /// What was lost.
        receipt: Option<Receipt>,
    }
}

wire_fields! {
    /// The phases of a navigation, from `PerformanceNavigationTiming` (<https://www.w3.org/TR/navigation-timing-2/>).
    /// Durations are in µs; moments are in µs since activation (the time origin, if the page was not prerendered).
    pub struct NavigationPhases {
        /// 0 navigate, 1 reload, 2 back_forward, 3 prerender, 4 restore of a discarded tab.
        kind: i64,
        /// Redirects: `redirectEnd - redirectStart`.
        redirect: Option<i64>,
        /// Service worker start-up: `fetchStart - workerStart`.
        worker: Option<i64>,
        /// Name look-up: `domainLookupEnd - domainLookupStart`.
        dns: Option<i64>,
        /// Connecting, TLS included: `connectEnd - connectStart`.
        connect: Option<i64>,
        /// TLS: `connectEnd - secureConnectionStart`.
        tls: Option<i64>,
        /// Waiting for the first byte: `responseStart - requestStart`.
        request: Option<i64>,
        /// Receiving the document: `responseEnd - responseStart`.
        response: Option<i64>,
        /// Moment of `domInteractive`.
        dom_interactive: Option<i64>,
        /// Moment of `domContentLoadedEventEnd`.
        dom_content_loaded: Option<i64>,
        /// Moment of `domComplete`.
        dom_complete: Option<i64>,
        /// Moment of `loadEventEnd`.
        load: Option<i64>,
        /// `transferSize` in bytes.
        transfer_bytes: Option<i64>,
        /// `encodedBodySize` in bytes.
        encoded_bytes: Option<i64>,
        /// `decodedBodySize` in bytes.
        decoded_bytes: Option<i64>,
        /// The document's HTTP status.
        status: Option<i64>,
        /// `nextHopProtocol`, such as `h2`.
        protocol: Option<String>,
    }
}

wire_fields! {
    /// What the numbers of this view miss.
    pub struct Receipt {
        /// When capture attached, in µs since the time origin.
        attached: i64,
        /// Records that a full queue refused.
        queue_dropped: Option<i64>,
        /// Entries that observers lost before capture attached.
        observer_dropped: Option<i64>,
        /// Events that the core's limits refused.
        core_dropped: Option<i64>,
    }
}

wire_fields! {
    /// One value of a metric.
    pub struct VitalEvent {
        /// See `Metric`.
        metric: i64,
        /// See `Scope`.
        scope: i64,
        /// Its value: µs, or millionths for CLS.
        value: i64,
        /// Selector of the element that the value is about.
        target: Option<String>,
        /// The resource (LCP) or the event's type (INP).
        detail: Option<String>,
        /// When the largest shift (CLS) or the interaction (INP) began, in µs since the time origin.
        at: Option<i64>,
        /// INP: µs from the interaction to its first handler.
        input_delay: Option<i64>,
        /// INP: µs in handlers.
        processing: Option<i64>,
        /// INP: µs from the last handler to the next paint.
        presentation: Option<i64>,
    }
}

/// A record that is a row as it is: its ordinal and its fields.
macro_rules! numbered {
    ($($name:ident of $of:ident: $doc:literal,)*) => {$(
        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "documented", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            /// Its number among the document's records: with the view and the kind, the row's name for ever.
            pub ordinal: i64,
            /// What was seen.
            #[cfg_attr(feature = "documented", serde(flatten))]
            pub what: $of,
        }
        impl super::Fields for $name {
            const FIELDS: &'static [super::FieldInfo] = <$of as super::Fields>::FIELDS;
            fn read_fields(r: &mut Reader<'_>) -> Self {
                Self { ordinal: super::field::next(r), what: super::Fields::read_fields(r) }
            }
            fn write_fields(&self, w: &mut Writer) {
                self.ordinal.write(w);
                super::Fields::write_fields(&self.what, w);
            }
        }
    )*};
}

numbered! {
    RequestEvent of Request: "A request as a row.",
    ErrorEvent of ErrorReport: "An error as a row.",
    ActionEvent of Action: "An action as a row.",
}

wire_nested!(NavigationPhases, Receipt);

/// An event with its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The number of its view in this batch.
    pub view: i64,
    /// The time of the report in ms since the time origin.
    pub seq: i64,
    /// What happened.
    pub event: Event,
}

impl Item {
    /// Reads one event from inside a list; `None` if its kind is a newer writer's, or after an error.
    pub fn read(r: &mut Reader<'_>) -> Option<Self> {
        let kind = r.begin_item();
        if !Event::knows(kind) {
            r.skip_item();
            return None;
        }
        let view = super::field::next(r);
        let seq = super::field::next(r);
        let event = Event::read_kind(kind, r)?;
        (!r.failed()).then_some(Self { view, seq, event })
    }

    /// Writes the event as the next item of a list.
    pub fn write(&self, w: &mut Writer) {
        w.begin_array();
        w.int(self.event.kind());
        self.view.write(w);
        self.seq.write(w);
        self.event.write_kind(w);
        w.end_array();
    }
}
