//! The stages of a batch, as types: what has been accepted, and what has been enriched.
//!
//! `ingest/` makes them, `store/row` turns the last one into rows; neither knows the other.

use std::sync::Arc;

use rum_core::Id;
use rum_core::wire::{Document, Event, Item};

/// How the events of a batch were computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the page, by rum-core as Wasm.
    Wasm,
    /// Here, by rum-core, from the records of a page without Wasm.
    Raw,
    /// By another sender, in the documented JSON form.
    Documented,
    /// By the browser itself, which reports what its pages cannot see. Of the views of such a batch nothing is known but
    /// their pages: they place its errors, and are no page views.
    Report,
}

/// How many of their sort the rows of a session stand for, by the rate that it froze.
///
/// A session is in the sample if the random half of its id, as a share of 2^32, is below the rate's: so the page that decides
/// what it sends and the collector that weighs it agree without a word. One that is in the sample stands for as many as the
/// share says. One that is not, and was kept because of an error or a poor vital, stands for none: it would make every
/// percentile look worse than it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    share: f64,
    /// Errors are sent by sessions in the sample only.
    errors_sampled: bool,
}

impl Weights {
    /// Of sessions of which all are kept.
    pub const WHOLE: Self = Self::new(1.0, false);

    /// Of sessions of which `share` is kept.
    #[must_use]
    pub const fn new(share: f64, errors_sampled: bool) -> Self {
        Self { share, errors_sampled }
    }

    /// Of errors, which pages send whether their session is in the sample or not, unless the rate says otherwise.
    #[must_use]
    pub fn errors(self, session: Id) -> f32 {
        if self.errors_sampled { self.others(session) } else { 1.0 }
    }

    /// Of all others.
    #[must_use]
    pub fn others(self, session: Id) -> f32 {
        let draw = f64::from(session.random_half()) / 4_294_967_296.0;
        if draw < self.share {
            (1.0 / self.share) as f32
        } else {
            0.0
        }
    }
}

/// A batch whose key, origin, encoding and form are right; all its records are events now.
#[derive(Clone, Debug)]
pub struct AcceptedBatch {
    /// The app's name in the tables (not its key).
    pub app: Arc<str>,
    /// Identifies the body: a retry has the same.
    pub id: Id,
    /// The sender's clock when it sent this request, in ms since the epoch.
    pub sent_ms: i64,
    /// Our clock when the request arrived, in ms since the epoch.
    pub received_ms: i64,
    /// How the events were computed.
    pub mode: Mode,
    /// What is the same for the whole document.
    pub document: Document,
    /// Views first, then what belongs to them; every item's view is among them.
    pub items: Vec<Item>,
}

impl AcceptedBatch {
    /// How many of its items become rows of their own.
    #[must_use]
    pub fn events(&self) -> usize {
        let is_place = |item: &&Item| self.mode == Mode::Report && matches!(item.event, Event::View(_));
        self.items.len() - self.items.iter().filter(is_place).count()
    }
}

/// An accepted batch with what the request says about its sender.
#[derive(Clone, Debug)]
pub struct EnrichedBatch {
    /// The batch.
    pub accepted: AcceptedBatch,
    /// Browser family, such as `Chrome`; empty if unknown.
    pub browser: &'static str,
    /// `desktop`, `mobile`, `tablet`, or empty if unknown.
    pub device: &'static str,
    /// What its rows stand for.
    pub weights: Weights,
}
