//! The documented JSON form of a batch: the events with named fields. Anyone may send it; the collector always takes it.
//!
//! Units are those of the compact form: µs since the time origin, millionths for CLS.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::event::{
    ActionEvent, ElementTimingEvent, ErrorEvent, LogEvent, LongFrameEvent, RequestEvent, ResourceEvent,
    UserTimingEvent, ViewEvent, VitalEvent,
};
use super::{Batch, Content, Document, Event, Item, Skipped, VERSION};
use crate::Id;

/// An event with its prefix.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Named<T> {
    /// The position of its view in `views`.
    #[serde(default)]
    view: i64,
    /// The time of the report in ms since the time origin.
    seq: i64,
    #[serde(flatten)]
    event: T,
}

impl<T> Named<T> {
    const fn of(view: i64, seq: i64, event: T) -> Self {
        Self { view, seq, event }
    }
}

/// The body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DocumentedBatch {
    /// [`VERSION`].
    pub version: i64,
    /// Identifies this body: a retry has the same.
    pub batch_id: Id,
    /// The sender's clock in ms since the epoch.
    pub sent_at_ms: i64,
    /// What is the same for the whole document.
    pub document: Document,
    /// The page views that the events belong to.
    pub views: Vec<Named<ViewEvent>>,
    /// Values of metrics.
    #[serde(default)]
    pub vitals: Vec<Named<VitalEvent>>,
    /// Requests.
    #[serde(default)]
    pub requests: Vec<Named<RequestEvent>>,
    /// Errors.
    #[serde(default)]
    pub errors: Vec<Named<ErrorEvent>>,
    /// Actions.
    #[serde(default)]
    pub actions: Vec<Named<ActionEvent>>,
    /// Long animation frames and long tasks.
    #[serde(default)]
    pub long_frames: Vec<Named<LongFrameEvent>>,
    /// Resources.
    #[serde(default)]
    pub resources: Vec<Named<ResourceEvent>>,
    /// Marks and measures.
    #[serde(default)]
    pub user_timings: Vec<Named<UserTimingEvent>>,
    /// Timed elements.
    #[serde(default)]
    pub element_timings: Vec<Named<ElementTimingEvent>>,
    /// Lines of logs.
    #[serde(default)]
    pub logs: Vec<Named<LogEvent>>,
}

/// A documented batch of a version that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownVersion(pub i64);

impl core::fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "version {} is not known; this collector reads version {VERSION}",
            self.0
        )
    }
}

impl core::error::Error for UnknownVersion {}

impl TryFrom<DocumentedBatch> for Batch {
    type Error = UnknownVersion;

    fn try_from(named: DocumentedBatch) -> Result<Self, UnknownVersion> {
        if named.version != VERSION {
            return Err(UnknownVersion(named.version));
        }
        let mut items = Vec::new();
        // A view's own number is its position; what its sender wrote into `view` does not matter.
        items.extend((0..).zip(named.views).map(|(view, named)| Item {
            view,
            seq: named.seq,
            event: Event::View(Box::new(named.event)),
        }));
        push(&mut items, named.vitals, Event::Vital);
        push(&mut items, named.requests, Event::Request);
        push(&mut items, named.errors, Event::Error);
        push(&mut items, named.actions, Event::Action);
        push(&mut items, named.long_frames, Event::LongFrame);
        push(&mut items, named.resources, Event::Resource);
        push(&mut items, named.user_timings, Event::UserTiming);
        push(&mut items, named.element_timings, Event::ElementTiming);
        push(&mut items, named.logs, Event::Log);
        Ok(Self {
            id: named.batch_id,
            sent_at_ms: named.sent_at_ms,
            document: named.document,
            content: Content::Events(items),
            skipped: Skipped::default(),
        })
    }
}

fn push<T>(items: &mut Vec<Item>, named: Vec<Named<T>>, event: impl Fn(Box<T>) -> Event) {
    items.extend(named.into_iter().map(|named| Item {
        view: named.view,
        seq: named.seq,
        event: event(Box::new(named.event)),
    }));
}

impl DocumentedBatch {
    /// The documented form of a batch of events; `None` for a batch of records.
    #[must_use]
    pub fn of(batch: Batch) -> Option<Self> {
        let Content::Events(items) = batch.content else {
            return None;
        };
        let mut named = Self {
            version: VERSION,
            batch_id: batch.id,
            sent_at_ms: batch.sent_at_ms,
            document: batch.document,
            views: Vec::new(),
            vitals: Vec::new(),
            requests: Vec::new(),
            errors: Vec::new(),
            actions: Vec::new(),
            long_frames: Vec::new(),
            resources: Vec::new(),
            user_timings: Vec::new(),
            element_timings: Vec::new(),
            logs: Vec::new(),
        };
        let mut numbers = Vec::new();
        for Item { view, seq, event } in items {
            let place = numbers
                .iter()
                .position(|number| *number == view)
                .unwrap_or(numbers.len());
            let at = i64::try_from(place).unwrap_or(i64::MAX);
            match event {
                Event::View(event) => {
                    numbers.push(view);
                    named.views.push(Named::of(at, seq, *event));
                }
                Event::Vital(event) => named.vitals.push(Named::of(at, seq, *event)),
                Event::Request(event) => named.requests.push(Named::of(at, seq, *event)),
                Event::Error(event) => named.errors.push(Named::of(at, seq, *event)),
                Event::Action(event) => named.actions.push(Named::of(at, seq, *event)),
                Event::LongFrame(event) => named.long_frames.push(Named::of(at, seq, *event)),
                Event::Resource(event) => named.resources.push(Named::of(at, seq, *event)),
                Event::UserTiming(event) => named.user_timings.push(Named::of(at, seq, *event)),
                Event::ElementTiming(event) => named.element_timings.push(Named::of(at, seq, *event)),
                Event::Log(event) => named.logs.push(Named::of(at, seq, *event)),
            }
        }
        Some(named)
    }
}
