//! Events: what the core made of the records; each becomes one row.
//!
//! On the wire an event is `[kind, view, seq, …fields]`. `view` is the number of the view event that it belongs to,
//! within the same batch. `seq` is the time of the report in ms since the time origin: of several reports of one row the
//! highest `seq` is the value, everything else is history.

use alloc::boxed::Box;
use alloc::string::String;

use super::field::{Field, wire_fields, wire_items, wire_list, wire_nested};
use super::record::{
    Action, Attributes, ElementTiming, ErrorReport, Log, LongFrame, NavigationRecord, PaintResource, Receipt, Request,
    Resource, Surroundings, UserTiming,
};
use super::{Reader, Writer};
use crate::Id;

wire_items! {
    /// What becomes a row. In boxes, for they differ tenfold in size, and go from stage to stage.
    pub enum Event in kind {
        /// A page view, as it stands.
        1 => View(Box<ViewEvent>),
        /// A Core Web Vital or a related metric, as it stands.
        2 => Vital(Box<VitalEvent>),
        /// A fetch or XMLHttpRequest.
        64 => Request(Box<RequestEvent>),
        /// An error, with its count so far.
        65 => Error(Box<ErrorEvent>),
        /// Something the user did.
        66 => Action(Box<ActionEvent>),
        /// A long animation frame, or a long task.
        67 => LongFrame(Box<LongFrameEvent>),
        /// A resource that the page loaded.
        68 => Resource(Box<ResourceEvent>),
        /// A mark or a measure.
        69 => UserTiming(Box<UserTimingEvent>),
        /// An element that the page wants timed.
        70 => ElementTiming(Box<ElementTimingEvent>),
        /// What the page logged.
        71 => Log(Box<LogEvent>),
    }
}

wire_fields! {
    /// A page view.
    pub struct ViewEvent {
        /// Its id.
        view_id: Id,
        /// The session's id.
        session_id: Id,
        /// How it came about: 0 load, 1 back/forward cache, 2 prerender, 3 soft navigation, 4 route, 5 by name, 6 resumed.
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
        /// The navigation's timing; only of a view that loaded the document.
        navigation: Option<NavigationRecord>,
        /// What capture lost.
        receipt: Option<Receipt>,
        /// What is known about the document, its network and its device.
        surroundings: Option<Surroundings>,
        /// Events that the core's limits refused.
        core_dropped: Option<i64>,
        /// The user's id, as the page gave it.
        user: Option<String>,
        /// What the page says of its user and of itself.
        attributes: Option<Attributes>,
        /// How far down it was seen, in thousandths of the document's height.
        scroll: Option<i64>,
        /// How long it was visible while the user was active, in µs.
        engaged: Option<i64>,
    }
}

wire_fields! {
    /// One value of a metric.
    pub struct VitalEvent {
        /// 1 LCP, 2 CLS, 3 INP, 4 FCP, 5 TTFB.
        metric: i64,
        /// What it counts from: 0 the document, 1 the view.
        scope: i64,
        /// Its value: µs, or millionths for CLS.
        value: i64,
        /// Selector of the element that the value is about.
        target: Option<String>,
        /// The resource (LCP) or the event's type (INP).
        detail: Option<String>,
        /// LCP: the resource it waited for.
        resource: Option<PaintResource>,
        /// When the largest shift (CLS) or the interaction (INP) began, in µs since the time origin.
        at: Option<i64>,
        /// INP: µs from the interaction to its first handler.
        input_delay: Option<i64>,
        /// INP: µs in handlers.
        processing: Option<i64>,
        /// INP: µs from the last handler to the next paint.
        presentation: Option<i64>,
        /// INP: the long animation frames that met the interaction, in their order. Each is a row of its own as well.
        frames: Option<LongFrameEvents>,
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
    LongFrameEvent of LongFrame: "A long animation frame as a row.",
    ResourceEvent of Resource: "A resource as a row.",
    UserTimingEvent of UserTiming: "A mark or a measure as a row.",
    ElementTimingEvent of ElementTiming: "An element's paint as a row.",
    LogEvent of Log: "A line of a log as a row.",
}

wire_nested!(LongFrameEvent);

wire_list! {
    /// Long animation frames with their ordinals.
    LongFrameEvents of LongFrameEvent;
}

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
