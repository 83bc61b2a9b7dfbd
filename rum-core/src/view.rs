//! Page views: one for the document's load, and one for each route, restore or session after it.

use crate::Id;
use crate::vitals::{Cls, Inp};
use crate::wire::event::{NavigationPhases, Receipt, ViewEvent};
use crate::wire::record::ViewRecord;

/// How a view came about, by its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ViewKind {
    /// The document was loaded.
    Load = 0,
    /// It came out of the back/forward cache.
    BackForwardCache = 1,
    /// It was prerendered, then activated.
    Prerender = 2,
    /// A soft navigation, as the browser sees it.
    Soft = 3,
    /// Another path by the History or Navigation API.
    Route = 4,
    /// The page said so.
    Manual = 5,
    /// The session had ended while the page stayed open.
    Resumed = 6,
}

impl ViewKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Load,
        Self::BackForwardCache,
        Self::Prerender,
        Self::Soft,
        Self::Route,
        Self::Manual,
        Self::Resumed,
    ];

    /// The kind of a number on the wire.
    #[must_use]
    pub fn from_wire(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }

    /// The name in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::BackForwardCache => "bfcache",
            Self::Prerender => "prerender",
            Self::Soft => "soft",
            Self::Route => "route",
            Self::Manual => "manual",
            Self::Resumed => "resumed",
        }
    }
}

/// A view, and what is computed for it alone.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Its number in batches.
    pub(crate) number: i64,
    /// What its row says, as of `seq`.
    pub(crate) event: ViewEvent,
    /// The `seq` of the last thing that changed the row.
    pub(crate) seq: i64,
    pub(crate) cls: Cls,
    pub(crate) inp: Inp,
    /// When it ended (µs), because another one opened.
    pub(crate) ended: Option<i64>,
    /// Something in its scope changed since the last report.
    pub(crate) changed: bool,
    /// Its row changed since it was last taken.
    pub(crate) unsent: bool,
}

impl View {
    /// A view that opens at `t` (µs).
    pub(crate) fn open(number: i64, t: i64, record: ViewRecord, document_id: Id, interaction_count: i64) -> Self {
        Self {
            number,
            seq: 0,
            event: ViewEvent {
                document_id: Some(document_id).filter(|id| *id != record.view_id),
                view_id: record.view_id,
                session_id: record.session_id,
                kind: record.kind,
                start: t,
                page: record.page,
                referrer: record.referrer,
                parent_id: record.parent_id,
                page_name: record.page_name,
                end: None,
                navigation: None,
                receipt: None,
            },
            cls: Cls::default(),
            inp: Inp::counting_from(interaction_count),
            ended: None,
            changed: false,
            unsent: true,
        }
    }

    /// The row changes, as report `seq`.
    pub(crate) fn touch(&mut self, seq: i64) -> &mut ViewEvent {
        self.seq = seq;
        self.unsent = true;
        &mut self.event
    }

    /// Navigation timing is complete.
    pub(crate) fn navigated(&mut self, seq: i64, phases: NavigationPhases) {
        self.touch(seq).navigation = Some(phases);
    }

    /// The view as of report `seq` at `t` (µs).
    pub(crate) fn report(&mut self, seq: i64, t: i64, receipt: Receipt) {
        let open = self.ended.is_none();
        let event = self.touch(seq);
        if open {
            event.end = Some(t);
        }
        event.receipt = Some(receipt);
    }
}

/// Whole ms of a time in µs.
pub(crate) fn milliseconds(t: i64) -> i64 {
    t.div_euclid(1_000)
}
