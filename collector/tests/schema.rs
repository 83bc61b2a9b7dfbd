//! `/v1/schema.json` and the reader of documented batches say the same: what the schema allows is taken, and what it
//! refuses is refused.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use std::fs;

use jsonschema::Validator;
use rum_core::replay::replay;
use rum_core::wire::Batch;
use rum_core::wire::documented::DocumentedBatch;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../schema/batch.json");
const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/recordings");

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn is_read(body: &Value) -> bool {
    serde_json::from_value::<DocumentedBatch>(body.clone()).is_ok_and(|named| Batch::try_from(named).is_ok())
}

/// What is wrong with `body` by the schema; whether the reader agrees is checked.
#[track_caller]
fn agree(validator: &Validator, body: &Value) -> bool {
    let problem = validator.iter_errors(body).next().map(|error| error.to_string());
    assert_eq!(is_read(body), problem.is_none(), "{problem:?}: {body}");
    problem.is_none()
}

/// The bodies of recorded pages, in the documented form.
fn recorded() -> Vec<Value> {
    let mut bodies = Vec::new();
    for entry in fs::read_dir(RECORDINGS).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let recording: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let parts = recording["parts"].as_array().unwrap();
        let records: Vec<_> = parts.iter().flat_map(|part| part.as_array().unwrap()).collect();
        let raw = json!([
            1,
            1,
            "00000000000000ff",
            1_795_226_217_000_i64,
            recording["document"],
            records
        ]);
        let events = replay(&raw.to_string()).unwrap();
        bodies.push(serde_json::to_value(DocumentedBatch::of(events).unwrap()).unwrap());
    }
    assert!(bodies.len() > 3, "{} bodies", bodies.len());
    bodies
}

/// Every place in `value`, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut go = |key: String, value: &Value| {
        let place = format!("{at}/{key}");
        places(value, &place, found);
        found.push(place);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| go(key.clone(), value)),
        Value::Array(items) => (0..)
            .zip(items)
            .for_each(|(key, value): (usize, _)| go(key.to_string(), value)),
        _ => {}
    }
}

#[test]
fn what_pages_send_is_allowed() {
    let validator = validator();
    for body in recorded() {
        assert!(agree(&validator, &body));
    }
}

#[test]
fn what_is_allowed_is_read_and_what_is_not_is_refused() {
    let validator = validator();
    let (mut allowed, mut refused) = (0, 0);
    for body in recorded() {
        let mut all = Vec::new();
        places(&body, "", &mut all);
        for place in all {
            // Absent, null, another type: each alone.
            let changes = [
                json!(null),
                json!("a text"),
                json!(0.5),
                json!([]),
                json!({}),
                json!(true),
                json!(7),
            ];
            let changed = changes.into_iter().map(|value| {
                let mut body = body.clone();
                *body.pointer_mut(&place).unwrap() = value;
                body
            });
            for body in changed.chain([without(&body, &place)]) {
                if agree(&validator, &body) {
                    allowed += 1;
                } else {
                    refused += 1;
                }
            }
        }
    }
    assert!(allowed > 100 && refused > 100, "{allowed} allowed, {refused} refused");
}

fn without(body: &Value, place: &str) -> Value {
    let mut body = body.clone();
    let (parent, key) = place.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(key)),
        Value::Array(items) => drop(items.remove(key.parse().unwrap())),
        _ => {}
    }
    body
}
