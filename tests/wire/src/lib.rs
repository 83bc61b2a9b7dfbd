#![doc = include_str!("../README.md")]

pub mod binary;
pub mod named;
pub mod page;
pub mod positional;
mod table;

pub use binary::{Binary, Mixed};
pub use named::Named;
pub use positional::Positional;

use rum_core::wire::Stamped;
use rum_core::{Engine, Id};

/// What stands before the events of a body.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Identifies the body.
    pub batch_id: Id,
    /// The page's clock in ms since the epoch.
    pub sent_at_ms: i64,
    /// The document, in the form at hand: the page writes it once, in JavaScript.
    pub document: &'a [u8],
}

/// A form of the wire, as the page needs it.
pub trait Form {
    /// Reads a list of records. False if it is none; the records before the error were given.
    fn read_records(bytes: &[u8], each: impl FnMut(Stamped)) -> bool;
    /// Takes what waits in the engine as one body.
    fn take_body(engine: &mut Engine, head: &Head<'_>) -> Option<Vec<u8>>;
}
