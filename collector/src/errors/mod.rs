//! What an error says: its frames, whose code threw it, and which errors are the same one.
//!
//! ```text
//! stack        text of the engine          -> frames
//! file         a frame's file              -> its name in every build; is it a library's?
//! message      text                        -> text without ids, sizes and times
//! fingerprint  type, message, frames       -> group
//! origin       type, message, frames       -> the app's, an extension's, or nobody knows
//! known        all that an error says      -> the same, remembered
//! ```
//! Pure: knows neither tables nor requests. docs/errors.md tells people what is decided here.

mod file;
mod fingerprint;
mod known;
mod message;
mod origin;
mod stack;

pub(crate) use file::without_query;
pub(crate) use known::{Said, judged};
pub(crate) use origin::ErrorOrigin;
pub(crate) use stack::files;
