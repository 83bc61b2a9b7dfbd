//! Positional JSON: what we send, by `rum-core`'s own codec.

use core::str;

use rum_core::Engine;
use rum_core::wire::Stamped;
use rum_core::wire::batch::read_records;

use crate::{Form, Head};

/// Positional JSON.
#[derive(Clone, Copy, Debug)]
pub struct Positional;

impl Form for Positional {
    fn read_records(bytes: &[u8], each: impl FnMut(Stamped)) -> bool {
        str::from_utf8(bytes).is_ok_and(|text| read_records(text, each).is_ok())
    }

    fn take_body(engine: &mut Engine, head: &Head<'_>) -> Option<Vec<u8>> {
        let document = str::from_utf8(head.document).ok()?;
        Some(engine.take_body(head.batch_id, head.sent_at_ms, document)?.into_bytes())
    }
}
