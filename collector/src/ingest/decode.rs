//! From bytes to events. A body that starts with `[` is compact, with `{` documented; the records of a page without Wasm
//! run through the same core that pages run.

use rum_core::wire::batch::MAX_ITEMS;
use rum_core::wire::documented::DocumentedBatch;
use rum_core::wire::{Batch, Content, Document, Expected, Item};
use rum_core::{Engine, Id, Limits};

use super::outcome::{Outcome, Tally};
use super::reject::Reject;
use crate::batch::Mode;

/// A batch whose form is right; nothing is known about its values.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) id: Id,
    /// The sender's clock when the body was built, in ms since the epoch.
    pub(super) built_ms: i64,
    pub(super) mode: Mode,
    pub(super) document: Document,
    pub(super) items: Vec<Item>,
}

/// Reads a decompressed body.
pub(super) fn decode(body: &[u8], tally: &mut Tally) -> Result<Decoded, Reject> {
    let text = std::str::from_utf8(body).map_err(|error| Reject::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let start = text.len() - text.trim_ascii_start().len();
    let (batch, mode) = match text.as_bytes().get(start) {
        Some(b'[') => (compact(text)?, Mode::Wasm),
        Some(b'{') => (documented(text)?, Mode::Documented),
        _ => return Err(Reject::NotABatch { at: start }),
    };
    tally.add(Outcome::EventUnknownKind, batch.skipped.kinds.into());
    tally.add(Outcome::FieldUnknown, batch.skipped.fields.into());
    let (items, mode) = match batch.content {
        Content::Events(items) => (items, mode),
        Content::Records(records) => {
            // What waits is taken at once here, so the only bound it needs is the batch's.
            let mut engine = Engine::new(Limits {
                events: MAX_ITEMS,
                views: MAX_ITEMS,
                ..Limits::default()
            });
            records.into_iter().for_each(|record| engine.push(record));
            (engine.take(), Mode::Raw)
        }
    };
    Ok(Decoded {
        id: batch.id,
        built_ms: batch.sent_at_ms,
        mode,
        document: batch.document,
        items,
    })
}

fn compact(text: &str) -> Result<Batch, Reject> {
    Batch::read(text).map_err(|error| match error.expected {
        Expected::FewerItems => Reject::TooManyItems { limit: MAX_ITEMS },
        _ => Reject::Compact(error),
    })
}

fn documented(text: &str) -> Result<Batch, Reject> {
    let named: DocumentedBatch = serde_json::from_str(text).map_err(|error| Reject::Documented {
        at: offset(text, error.line(), error.column()),
        reason: error.to_string(),
    })?;
    let batch = Batch::try_from(named)?;
    match &batch.content {
        Content::Events(items) if items.len() > MAX_ITEMS => Err(Reject::TooManyItems { limit: MAX_ITEMS }),
        _ => Ok(batch),
    }
}

/// The byte offset of a line and a column (both counted from 1, columns in bytes).
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    lines.map(str::len).sum::<usize>() + column.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DOCUMENT: &str = r#"[1795226212000,"https://shop.example","0.1.0"]"#;
    const VIEW: &str = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,"/product/7"]"#;

    #[test]
    fn lines_and_columns_are_bytes() {
        let text = "{\n \"ä\": [,]\n}";
        let error = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
        let at = offset(text, error.line(), error.column());
        assert_eq!(text.as_bytes()[at..].first(), Some(&b','));
    }

    #[test]
    fn a_raw_batch_of_many_events_loses_none() {
        let clicks: Vec<_> = (1..=2_000).map(|n| format!("[66,{n},{n}000,0]")).collect();
        let body = format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{VIEW},{}]]"#, clicks.join(","));
        let decoded = decode(body.as_bytes(), &mut Tally::default()).unwrap();
        assert_eq!((decoded.mode, decoded.items.len()), (Mode::Raw, 2_001));
    }

    #[test]
    fn the_same_records_give_the_events_of_the_core() {
        let records = format!("{VIEW},[5,1,1200000],[11,2,5000000,0,1795226217000,0,3000]");
        let body = format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{records}]]"#);
        let decoded = decode(body.as_bytes(), &mut Tally::default()).unwrap();
        let mut engine = Engine::new(Limits::default());
        rum_core::wire::batch::read_records(&format!("[{records}]"), |record| engine.push(record)).unwrap();
        assert_eq!(decoded.items, engine.take());
    }

    proptest! {
        #[test]
        fn bytes_never_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&body, &mut Tally::default());
        }

        /// Arbitrary bytes seldom get past the first field; damaged batches get everywhere.
        #[test]
        fn damaged_batches_never_make_it_panic(
            content in 0..2_u8,
            items in prop::collection::vec((0..80_i64, prop::collection::vec(value(), 0..16)), 0..12),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let items: Vec<_> = items
                .into_iter()
                .map(|(kind, fields)| format!("[{kind},{}]", fields.join(",")))
                .collect();
            let body = format!(r#"[1,{content},"00000000000000ff",1,{DOCUMENT},[{VIEW},{}]]"#, items.join(","));
            let mut body = body.into_bytes();
            for (at, byte) in damage {
                let at = at.index(body.len());
                body[at] = byte;
            }
            let _ = decode(&body, &mut Tally::default());
        }
    }

    /// A value of a field, right or wrong.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            (-9_007_199_254_740_992..=9_007_199_254_740_992_i64).prop_map(|number| number.to_string()),
            Just("null".to_owned()),
            Just("[]".to_owned()),
            Just("{\"a\":[1,{}]}".to_owned()),
            Just("\"6b00f0a400000001\"".to_owned()),
            ".{0,20}".prop_map(|text| serde_json::Value::from(text).to_string()),
        ]
    }
}
