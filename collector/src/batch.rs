//! The stages of a batch, as types: what has been accepted, and what has been enriched.
//!
//! `ingest/` makes them, `store/row` turns the last one into rows; neither knows the other.

use std::sync::Arc;

use rum_core::Id;
use rum_core::wire::{Document, Item};

/// How the events of a batch were computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the page, by rum-core as Wasm.
    Wasm,
    /// Here, by rum-core, from the records of a page without Wasm.
    Raw,
    /// By another sender, in the documented JSON form.
    Documented,
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

/// An accepted batch with what the request says about its sender.
#[derive(Clone, Debug)]
pub struct EnrichedBatch {
    /// The batch.
    pub accepted: AcceptedBatch,
    /// Browser family, such as `Chrome`; empty if unknown.
    pub browser: &'static str,
    /// `desktop`, `mobile`, `tablet`, or empty if unknown.
    pub device: &'static str,
}
