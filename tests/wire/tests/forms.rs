//! Every form carries the same: what it writes reads back as the batch it was made of.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use rum_core::wire::batch::{Document, read_records};
use rum_core::wire::documented::DocumentedBatch;
use rum_core::wire::{Batch, Content, Item, Skipped, Stamped};
use rum_core::{Engine, Id};
use wire_bench::{Binary, Form, Head, Named, Positional, binary, named};

/// A recording of a real page.
struct Recording {
    name: String,
    document: Document,
    /// The same as compact JSON.
    compact_document: String,
    records: Vec<Stamped>,
}

fn recordings() -> Vec<Recording> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let recordings: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .map(read)
        .collect();
    assert!(recordings.len() >= 5, "the recordings are there");
    recordings
}

fn read(path: std::path::PathBuf) -> Recording {
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let compact_document = json["document"].to_string();
    let empty = format!("[1,1,\"{}\",0,{compact_document},[]]", Id(1));
    let mut records = Vec::new();
    for part in json["parts"].as_array().unwrap() {
        read_records(&part.to_string(), |record| records.push(record)).unwrap();
    }
    assert!(!records.is_empty());
    let document = Batch::read(&empty).unwrap().document;
    Recording {
        name: path.display().to_string(),
        document,
        compact_document,
        records,
    }
}

impl Recording {
    fn engine(&self) -> Engine {
        let mut engine = Engine::default();
        self.records.iter().cloned().for_each(|record| engine.push(record));
        engine
    }

    /// What every body should say.
    fn batch(&self) -> Batch {
        Batch {
            id: Id(0xfedc_ba98_7654_3210),
            sent_at_ms: 1_795_226_217_000,
            document: self.document.clone(),
            content: Content::Events(self.engine().take()),
            skipped: Skipped::default(),
        }
    }

    fn body<F: Form>(&self, document: &[u8]) -> Vec<u8> {
        let Batch { id, sent_at_ms, .. } = self.batch();
        F::take_body(
            &mut self.engine(),
            &Head {
                batch_id: id,
                sent_at_ms,
                document,
            },
        )
        .unwrap()
    }
}

fn records_in<F: Form>(bytes: &[u8]) -> Vec<Stamped> {
    let mut records = Vec::new();
    assert!(F::read_records(bytes, |record| records.push(record)));
    records
}

#[test]
fn all_forms_hold_the_same_records() {
    for recording in recordings() {
        let records = &recording.records;
        assert_eq!(
            &records_in::<Binary>(&binary::records(records)),
            records,
            "{}",
            recording.name
        );
        assert_eq!(
            &records_in::<Named>(named::records(records).as_bytes()),
            records,
            "{}",
            recording.name
        );
    }
}

#[test]
fn all_forms_hold_the_same_events() {
    for recording in recordings() {
        let expected = recording.batch();
        let positional = recording.body::<Positional>(recording.compact_document.as_bytes());
        assert_eq!(
            Batch::read(std::str::from_utf8(&positional).unwrap()).unwrap(),
            expected,
            "{}",
            recording.name
        );
        let binary = recording.body::<Binary>(&binary::document(&recording.document));
        assert_eq!(binary::read(&binary).unwrap(), expected, "{}", recording.name);
    }
}

#[test]
fn the_named_form_is_what_the_collector_documents() {
    let sorted = |batch: Batch| {
        let Content::Events(mut items) = batch.content else {
            panic!("events")
        };
        items.sort_by_key(|item: &Item| format!("{item:?}"));
        (batch.id, batch.sent_at_ms, batch.document, items)
    };
    for recording in recordings() {
        let named = recording.body::<Named>(named::document(&recording.document).as_bytes());
        let read: DocumentedBatch = serde_json::from_slice(&named).unwrap();
        assert_eq!(
            sorted(Batch::try_from(read).unwrap()),
            sorted(recording.batch()),
            "{}",
            recording.name
        );
    }
}

#[test]
fn a_truncated_body_is_no_body() {
    for recording in recordings() {
        let records = binary::records(&recording.records);
        assert!(!Binary::read_records(&records[..records.len() - 1], |_| {}));
        let records = named::records(&recording.records);
        assert!(!Named::read_records(&records.as_bytes()[..records.len() - 1], |_| {}));
    }
}

#[test]
fn newer_kinds_and_fields_are_passed_over() {
    // A record of kind 40, and an input (kind 7) with a field more than it has today; each with its length plus one.
    let mut records = Vec::new();
    assert!(Binary::read_records(&[4, 40, 0, 0, 5, 7, 1, 2, 9], |record| records.push(record)));
    assert_eq!(
        records
            .iter()
            .map(|record| (record.ordinal, record.t))
            .collect::<Vec<_>>(),
        [(1, 2)]
    );
    let json = br#"[{"record":40,"ordinal":0,"t":0},{"record":7,"ordinal":1,"t":2,"pressure":{"x":[9]}}]"#;
    assert_eq!(records_in::<Named>(json), records);
}
