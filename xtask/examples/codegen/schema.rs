//! The JSON Schema (<https://json-schema.org/draft/2020-12>) of the documented form, which the collector serves.

use rum_core::wire::codegen::NESTED;
use rum_core::wire::record::FIRST_ONCE;
use rum_core::wire::{Document, Event, FieldInfo, Fields as _, KindInfo, VERSION};
use serde_json::{Map, Value, json};

/// The lists of a batch, and the kinds that they hold.
const LISTS: [(&str, &str); 10] = [
    ("views", "View"),
    ("vitals", "Vital"),
    ("requests", "Request"),
    ("errors", "Error"),
    ("actions", "Action"),
    ("long_frames", "LongFrame"),
    ("resources", "Resource"),
    ("user_timings", "UserTiming"),
    ("element_timings", "ElementTiming"),
    ("logs", "Log"),
];

pub(crate) fn of_the_documented_form() -> Value {
    let mut definitions = Map::new();
    definitions.insert(
        "Id".into(),
        json!({
            "description": "64 bits; of a session or view the upper half is the start in unix seconds.",
            "type": "string",
            "pattern": "^[0-9a-fA-F]{16}$",
        }),
    );
    definitions.insert(
        "Document".into(),
        object("What is the same for the whole document.", &[], Document::FIELDS),
    );
    for (name, doc, fields) in NESTED {
        let ordinal: &[FieldInfo] = if *name == "LongFrameEvent" { &[ORDINAL] } else { &[] };
        definitions.insert((*name).into(), object(doc, ordinal, fields));
    }
    let mut properties = json!({
        "version": { "const": VERSION },
        "batch_id": { "$ref": "#/$defs/Id", "description": "Identifies this body: a retry has the same." },
        "sent_at_ms": { "type": "integer", "description": "The sender's clock in ms since the epoch." },
        "document": { "$ref": "#/$defs/Document" },
    });
    for (list, kind) in LISTS {
        let known = Event::KINDS.iter().find(|known| known.name == kind);
        definitions.insert(kind.into(), known.map_or(Value::Null, event));
        properties[list] = json!({ "type": "array", "items": reference(kind) });
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A batch of wasm-rum in the documented form",
        "description": "Numbers are integers: times in µs since the document's time origin unless a field says otherwise, layout shifts in millionths. null and a missing field mean absent, which is not zero. Unknown fields are skipped.",
        "type": "object",
        "required": ["version", "batch_id", "sent_at_ms", "document", "views"],
        "properties": properties,
        "$defs": definitions,
    })
}

const VIEW: FieldInfo = FieldInfo {
    name: "view",
    typescript: "number | null",
    doc: "The position of its view in `views`; 0 if absent.",
};
const SEQ: FieldInfo = FieldInfo {
    name: "seq",
    typescript: "number",
    doc: "The time of the report in ms since the time origin: of several reports of one row the highest is the value.",
};
const ORDINAL: FieldInfo = FieldInfo {
    name: "ordinal",
    typescript: "number",
    doc: "Its number in the document: with the view and the kind, the row's name for ever.",
};

fn event(kind: &KindInfo) -> Value {
    let prefix: &[FieldInfo] = if kind.kind >= FIRST_ONCE {
        &[VIEW, SEQ, ORDINAL]
    } else {
        &[VIEW, SEQ]
    };
    let mut event = object(kind.doc, prefix, kind.fields);
    // The one field that is left out, but never null.
    event["properties"]["view"] = json!({ "type": "integer", "description": VIEW.doc });
    event
}

fn object(doc: &str, prefix: &[FieldInfo], fields: &[FieldInfo]) -> Value {
    let all = || prefix.iter().chain(fields);
    let properties: Map<_, _> = all().map(|field| (field.name.to_owned(), property(field))).collect();
    let required: Vec<_> = all()
        .filter(|field| !field.typescript.ends_with("| null"))
        .map(|field| field.name)
        .collect();
    json!({ "description": doc.trim(), "type": "object", "required": required, "properties": properties })
}

fn property(field: &FieldInfo) -> Value {
    let (name, nullable) = match field.typescript.strip_suffix(" | null") {
        Some(name) => (name, true),
        None => (field.typescript, false),
    };
    let mut schema = match name.strip_suffix("[]") {
        Some(of) => json!({ "type": "array", "items": reference(of) }),
        None => reference(name),
    };
    if nullable {
        schema = json!({ "anyOf": [schema, { "type": "null" }] });
    }
    schema["description"] = json!(field.doc.trim());
    schema
}

fn reference(typescript: &str) -> Value {
    match typescript {
        "number" => json!({ "type": "integer" }),
        "string" => json!({ "type": "string" }),
        name => json!({ "$ref": format!("#/$defs/{name}") }),
    }
}
