//! Page views: one for the document's load, and one for each route, restore or session after it.

use alloc::boxed::Box;

use crate::host::Host;
use crate::scope::Vitals;
use crate::wire::event::ViewEvent;
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

    /// Its number as [`Host`] has it.
    pub(crate) fn number(self) -> f64 {
        f64::from(self as u8)
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

/// A view, and what is computed for it alone. Its row is the host's.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Its number in batches.
    pub(crate) number: u32,
    /// Its start in µs since the time origin.
    pub(crate) start: f64,
    /// Another path or the browser's soft navigation opened it.
    pub(crate) is_route: bool,
    pub(crate) vitals: Box<Vitals>,
    /// The interaction behind the browser's soft navigation; NaN if it is none.
    pub(crate) interaction_id: f64,
    /// When it ended (µs), because another one opened; infinite before that.
    pub(crate) ended: f64,
    /// Something in its scope changed since the last report.
    pub(crate) changed: bool,
}

impl View {
    /// True until another one opens.
    pub(crate) fn is_open(&self) -> bool {
        self.ended == f64::INFINITY
    }

    /// A view that opens at `t` (µs), as the record at hand says.
    pub(crate) fn open(number: u32, t: f64, seq: f64, vitals: Box<Vitals>, host: &mut impl Host) -> Self {
        host.touch(number, seq);
        host.take(number, ViewEvent::view_id, ViewRecord::view_id);
        host.take(number, ViewEvent::session_id, ViewRecord::session_id);
        host.take(number, ViewEvent::kind, ViewRecord::kind);
        host.take(number, ViewEvent::page, ViewRecord::page);
        host.take(number, ViewEvent::referrer, ViewRecord::referrer);
        host.take(number, ViewEvent::parent_id, ViewRecord::parent_id);
        host.take(number, ViewEvent::page_name, ViewRecord::page_name);
        host.set(number, ViewEvent::start, t);
        let kind = host.int(ViewRecord::kind);
        Self {
            number,
            start: t,
            is_route: kind == ViewKind::Soft.number() || kind == ViewKind::Route.number(),
            vitals,
            interaction_id: f64::NAN,
            ended: f64::INFINITY,
            changed: false,
        }
    }
}

/// Whole ms of a time in µs. A cast from a float cuts; no_std has no `floor`.
#[expect(clippy::cast_precision_loss, reason = "the wire has integers below 2^53")]
pub(crate) fn milliseconds(t: f64) -> f64 {
    (t as i64).div_euclid(1_000) as f64
}
