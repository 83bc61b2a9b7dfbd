//! Page views: one for the document's load, and one for each route, restore or session after it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::scope::Vitals;
use crate::wire::event::{ViewEvent, kind};
use crate::wire::record::ViewRecord;
use crate::wire::{Fields, Raw, Writer};

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
    /// The fields of its event, each the JSON that it is; by position, for most of them are only passed on.
    fields: Vec<Option<String>>,
    /// Its start in µs since the time origin.
    pub(crate) start: i64,
    /// Another path or the browser's soft navigation opened it.
    pub(crate) is_route: bool,
    /// The `seq` of the last thing that changed the row.
    seq: i64,
    pub(crate) vitals: Box<Vitals>,
    /// The interaction behind the browser's soft navigation, if it is one.
    pub(crate) interaction_id: Option<i64>,
    /// When it ended (µs), because another one opened.
    pub(crate) ended: Option<i64>,
    /// Something in its scope changed since the last report.
    pub(crate) changed: bool,
    /// Its row changed since it was last taken.
    pub(crate) unsent: bool,
}

const SOFT: i64 = ViewKind::Soft as i64;
const ROUTE: i64 = ViewKind::Route as i64;

/// Fields of the record, and the fields of the event that they become.
const TAKEN_OVER: &[(usize, usize)] = &[
    (ViewRecord::view_id, ViewEvent::view_id),
    (ViewRecord::session_id, ViewEvent::session_id),
    (ViewRecord::kind, ViewEvent::kind),
    (ViewRecord::page, ViewEvent::page),
    (ViewRecord::referrer, ViewEvent::referrer),
    (ViewRecord::parent_id, ViewEvent::parent_id),
    (ViewRecord::page_name, ViewEvent::page_name),
];

impl View {
    /// A view that opens at `t` (µs), as its record says.
    pub(crate) fn open(number: i64, t: i64, record: &Raw<'_>, vitals: Box<Vitals>) -> Self {
        let mut view = Self {
            number,
            fields: vec![None; <ViewEvent as Fields>::FIELDS.len()],
            start: t,
            is_route: matches!(record.int(ViewRecord::kind), Some(SOFT | ROUTE)),
            seq: 0,
            vitals,
            interaction_id: None,
            ended: None,
            changed: false,
            unsent: true,
        };
        for (from, to) in TAKEN_OVER {
            view.set(*to, record.text(*from));
        }
        view.set(ViewEvent::start, Some(integer(t)));
        view
    }

    /// Sets a field of its event, which is JSON.
    pub(crate) fn set(&mut self, field: usize, json: Option<String>) {
        if let Some(place) = self.fields.get_mut(field) {
            *place = json;
        }
    }

    /// A field of its event.
    pub(crate) fn get(&self, field: usize) -> Option<&String> {
        self.fields.get(field)?.as_ref()
    }

    /// The row changes, as report `seq`.
    pub(crate) fn touch(&mut self, seq: i64) -> &mut Self {
        self.seq = seq;
        self.unsent = true;
        self
    }

    /// Writes its event.
    pub(crate) fn write(&self, w: &mut Writer) {
        w.begin_array();
        for number in &[kind::View, self.number, self.seq] {
            w.int(*number);
        }
        for field in &self.fields {
            w.json_or_null(field.as_deref());
        }
        w.end_array();
    }
}

/// The JSON of an integer.
pub(crate) fn integer(value: i64) -> String {
    let mut w = Writer::default();
    w.int(value);
    w.finish()
}

/// Whole ms of a time in µs.
pub(crate) fn milliseconds(t: i64) -> i64 {
    t.div_euclid(1_000)
}
