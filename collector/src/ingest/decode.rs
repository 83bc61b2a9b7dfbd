//! From bytes to events. A body that starts with `[` is compact, with `{` documented; the records of a page without Wasm
//! run through the same core that pages run.

use std::collections::HashMap;

use rum_core::Id;
use rum_core::replay::replay;
use rum_core::wire::batch::MAX_ITEMS;
use rum_core::wire::documented::DocumentedBatch;
use rum_core::wire::record::FIRST_ONCE;
use rum_core::wire::{Batch, Content, Document, Expected, Item, Reader, Record, Stamped, WireError, Writer};

use super::outcome::{Outcome, Tally};
use super::reject::Reject;
use crate::batch::Mode;

/// Bytes that the reports of a raw body may repeat at most: each report of an interaction has the long animation frames that it
/// met, and each of a vital its element, so a small body of many reports could become gigabytes. A page that keeps 30 frames of 2 KB in
/// 100 views makes 6 MB.
const MAX_REPEATED_BYTES: usize = 64 << 20;

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
        Some(b'[') => match Batch::read(text) {
            Ok(batch) => (batch, Mode::Wasm),
            Err(error) => {
                let (rest, malformed) = mended(text).ok_or_else(|| refused(error))?;
                let decoded = decode(rest.as_bytes(), tally)?;
                tally.add(Outcome::EventMalformed, malformed);
                return Ok(decoded);
            }
        },
        Some(b'{') => (documented(text)?, Mode::Documented),
        _ => return Err(Reject::NotABatch { at: start }),
    };
    tally.add(Outcome::EventUnknownKind, batch.skipped.kinds.into());
    tally.add(Outcome::FieldUnknown, batch.skipped.fields.into());
    let (items, mode) = match batch.content {
        Content::Events(items) => (items, mode),
        Content::Records(records) => (computed(text, &records)?, Mode::Raw),
    };
    Ok(Decoded {
        id: batch.id,
        built_ms: batch.sent_at_ms,
        mode,
        document: batch.document,
        items,
    })
}

/// A compact body without the items that cannot be read, and how many they were: one odd value, which a page's own code has
/// put there, costs no more than its item. `None` if something else is wrong, or nothing would be left. Who writes bodies by
/// hand has the documented form, of which all has to be right.
fn mended(text: &str) -> Option<(String, u64)> {
    let mut r = Reader::new(text);
    let mut fields = Vec::new();
    r.begin_array();
    while fields.len() < 5 && r.next_item() {
        fields.push(r.raw());
    }
    let &[_, content @ ("0" | "1"), ..] = fields.as_slice() else {
        return None;
    };
    let mut items = Vec::new();
    if r.next_item() {
        r.begin_array();
        while items.len() <= MAX_ITEMS && r.next_item() {
            items.push(r.raw());
        }
    }
    r.close();
    r.result(()).ok()?;
    let count = items.len();
    // Behind a head of its own: the body's may be long.
    let is_read = |item: &str| Batch::read(&format!(r#"[1,{content},"{:016x}",0,[0,"",""],[{item}]]"#, 1)).is_ok();
    items.retain(|item| is_read(item));
    let rest = format!("[{},[{}]]", fields.join(","), items.join(","));
    let dropped = count - items.len();
    (!items.is_empty() && dropped > 0 && Batch::read(&rest).is_ok()).then_some((rest, dropped as u64))
}

fn refused(error: WireError) -> Reject {
    match error.expected {
        Expected::FewerItems => Reject::TooManyItems { limit: MAX_ITEMS },
        _ => Reject::Compact(error),
    }
}

/// The events of a body of records. Views multiply: there may be more events than records.
fn computed(text: &str, records: &[Stamped]) -> Result<Vec<Item>, Reject> {
    let bytes = repeated_bytes(text, records);
    if bytes > MAX_REPEATED_BYTES {
        return Err(Reject::RowsTooLarge { bytes });
    }
    match replay(text).map_err(refused)?.content {
        Content::Events(items) if items.is_empty() && !records.is_empty() => {
            Err(Reject::NoView { events: records.len() })
        }
        Content::Events(items) => Ok(items),
        Content::Records(_) => Ok(Vec::new()),
    }
}

/// How many bytes all reports of these records could hold: all frames, and of every other kind one record, for the view and once
/// more for the document. `text` has all of them.
fn repeated_bytes(text: &str, records: &[Stamped]) -> usize {
    let is_report = |record: &&Stamped| matches!(record.record, Record::View(_) | Record::Cut(_));
    let reports = records.iter().filter(is_report).count();
    let most = (2 * text.len()).saturating_mul(reports);
    if most <= MAX_REPEATED_BYTES {
        // As of every page: no record has to be looked at.
        return most;
    }
    let mut frames = 0;
    let mut longest = HashMap::new();
    for record in records {
        if record.record.kind() < FIRST_ONCE {
            let mut w = Writer::default();
            record.write(&mut w);
            if let Record::InteractionFrame(_) = record.record {
                frames += w.len();
            } else {
                let longest: &mut usize = longest.entry(record.record.kind()).or_default();
                *longest = w.len().max(*longest);
            }
        }
    }
    let others: usize = longest.values().sum();
    (frames + 2 * others).saturating_mul(reports)
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
    use rum_core::Replay;
    use rum_core::wire::raw::read_raw;

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
        let clicks: Vec<_> = (1..=2_000).map(|n| format!("[66,{n},{n}000,{n}000,0]")).collect();
        let body = format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{VIEW},{}]]"#, clicks.join(","));
        let decoded = decode(body.as_bytes(), &mut Tally::default()).unwrap();
        assert_eq!((decoded.mode, decoded.items.len()), (Mode::Raw, 2_001));
    }

    #[test]
    fn the_same_records_give_the_events_of_the_core() {
        let records = format!("{VIEW},[5,1,1200000],[11,2,5000000,0,null,[3000]]");
        let body = format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{records}]]"#);
        let decoded = decode(body.as_bytes(), &mut Tally::default()).unwrap();
        let mut page = Replay::default();
        read_raw(&format!("[{records}]"), |record| page.push(record)).unwrap();
        let computed = page.take_body("00000000000000ff", 1, DOCUMENT).unwrap();
        assert_eq!(Content::Events(decoded.items), Batch::read(&computed).unwrap().content);
    }

    #[test]
    fn one_odd_value_costs_its_item_alone() {
        let click = |n: &str| format!("[66,{n},1000,1000,0]");
        for odd in ["1.5", "\"7\"", "9007199254740993000", "1e300", "null"] {
            let body = format!(
                r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{VIEW},{},{}]]"#,
                click(odd),
                click("8")
            );
            let mut tally = Tally::default();
            let decoded = decode(body.as_bytes(), &mut tally).unwrap();
            assert_eq!(
                (decoded.items.len(), tally.get(Outcome::EventMalformed)),
                (2, 1),
                "{odd}"
            );
        }
        for (whole, why) in [
            (
                format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{}]]"#, click("1.5")),
                "nothing would be left",
            ),
            (
                format!(r#"[1,1,"00000000000000ff",1,[1.5],[{VIEW}]]"#),
                "the document is wrong",
            ),
            (
                format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{VIEW},{},[66,"#, click("1.5")),
                "the end is missing",
            ),
            (
                format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{VIEW},{}],9}}"#, click("1.5")),
                "something follows",
            ),
        ] {
            assert!(
                matches!(decode(whole.as_bytes(), &mut Tally::default()), Err(Reject::Compact(_))),
                "{why}"
            );
        }
    }

    #[test]
    fn frames_that_many_reports_would_repeat_are_refused() {
        let script = format!(r#"[0,9,0,0,"{0}","{0}","{0}","{0}",0]"#, "x".repeat(5_000));
        let frame = format!("[12,3,1,0,9,0,null,null,null,null,null,[{script}]]");
        let cuts = |n: usize| vec!["[11,4,5000000,0,null,[3000]]"; n].join(",");
        for (cuts, refused) in [(cuts(10), false), (cuts(4_000), true)] {
            let body = format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{VIEW},{frame},{cuts}]]"#);
            let decoded = decode(body.as_bytes(), &mut Tally::default());
            assert_eq!(matches!(decoded, Err(Reject::RowsTooLarge { .. })), refused);
        }
    }

    #[test]
    fn texts_that_many_reports_would_repeat_are_refused() {
        let long = "x".repeat(200_000);
        let cuts = vec!["[11,4,5000000,0,null,[3000]]"; 4_000].join(",");
        for (text, refused) in [("short", false), (long.as_str(), true)] {
            for record in [format!(r#"[6,2,1200000,"{text}"]"#), format!(r#"[2,2,0,"{text}"]"#)] {
                let body = format!(r#"[1,1,"00000000000000ff",1,{DOCUMENT},[{VIEW},{record},{cuts}]]"#);
                let decoded = decode(body.as_bytes(), &mut Tally::default());
                assert_eq!(
                    matches!(decoded, Err(Reject::RowsTooLarge { .. })),
                    refused,
                    "{}",
                    &record[..6]
                );
            }
        }
    }

    proptest! {
        #[test]
        fn bytes_never_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&body, &mut Tally::default());
        }
    }
}
