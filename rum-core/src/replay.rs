//! What the collector does with the records of a page without Wasm: the same engine, natively.

use alloc::string::ToString;
use alloc::vec::Vec;

use crate::engine::Engine;
use crate::limits::Limits;
use crate::wire::batch::MAX_ITEMS;
use crate::wire::raw::read_raw;
use crate::wire::{Batch, Content, Reader, WireError};

/// The events of a raw body, in the compact form, as [`Batch`]. A body of events is given back as it is.
///
/// # Errors
/// What [`Batch::read`] finds wrong in `body`, whose every field is checked first.
pub fn replay(body: &str) -> Result<Batch, WireError> {
    let raw = Batch::read(body)?;
    if matches!(raw.content, Content::Events(_)) {
        return Ok(raw);
    }
    let mut r = Reader::new(body);
    r.begin_array();
    let mut parts = Vec::new();
    while r.next_item() {
        parts.push(r.raw());
    }
    let [_version, _content, _id, _sent_at, document, records, ..] = parts.as_slice() else {
        return Ok(raw);
    };
    // What waits is taken at once here, so the only bound it needs is the batch's.
    let mut engine = Engine::new(Limits {
        events: MAX_ITEMS,
        views: MAX_ITEMS,
        batch_bytes: usize::MAX,
        ..Limits::default()
    });
    read_raw(records, |record| engine.push(record))?;
    let computed = engine.take_body(&raw.id.to_string(), raw.sent_at_ms, document);
    let content = match computed {
        Some(computed) => Batch::read(&computed)?.content,
        None => Content::Events(Vec::new()),
    };
    Ok(Batch { content, ..raw })
}
