//! The wire: what a page sends, and what the capture script hands to the core.
//!
//! **Form.** Positional JSON: an item is an array whose first number is its kind and whose further positions are
//! numbered fields. Numbers are integers: times in microseconds since the document's time origin unless a field says
//! otherwise, layout shifts in millionths. `null` and a missing field mean absent, which is not zero.
//!
//! **Versions.** A field's position and a kind's number are never reused. A writer may add fields at the end and new
//! kinds; a reader skips both and counts them ([`Skipped`]). What would change the meaning of an existing position
//! raises [`VERSION`], and readers keep every released version.
//!
//! Records ([`record`]) go from the capture script to the core; events ([`event`]) come out of it. A body holds either.

pub mod batch;
#[cfg(feature = "codegen")]
pub mod codegen;
#[cfg(feature = "documented")]
pub mod documented;
mod error;
pub mod event;
mod field;
pub mod raw;
mod reader;
pub mod record;
mod writer;

pub use batch::{Batch, Content, Document, Skipped};
pub use error::{Expected, WireError};
pub use event::{Event, Item};
pub use field::{Field, FieldInfo, Fields, KindInfo, NoFields};
pub use raw::Raw;
pub use reader::Reader;
pub use record::{Record, Stamped};
pub use writer::Writer;

/// The version of the compact form, the first number of every body.
pub const VERSION: i64 = 1;
