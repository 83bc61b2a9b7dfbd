//! Writes the TypeScript types and the documentation of the wire from the tables that make the Rust types.

#![expect(clippy::arithmetic_side_effects, reason = "`+` on strings is no arithmetic")]

use alloc::format;
use alloc::string::String;

use super::batch::Document;
use super::event::{LongFrameEvent, ViewEvent};
use super::record::{Attribute, Cause, DroppedCount, NavigationRecord, PaintResource, Receipt, Script, Surroundings};
use super::{Event, FieldInfo, Fields, KindInfo, Record, VERSION, record};

/// Structs that are fields of items: a name, what it is, its fields. A list is of one of them with `[]` behind its name.
pub const NESTED: &[(&str, &str, &[FieldInfo])] = &[
    ("Receipt", "What the numbers of a view miss.", Receipt::FIELDS),
    (
        "DroppedCount",
        "The entries of one type that were lost.",
        DroppedCount::FIELDS,
    ),
    ("Script", "A script of a long animation frame.", Script::FIELDS),
    ("Attribute", "One property.", Attribute::FIELDS),
    ("Cause", "An error behind an error.", Cause::FIELDS),
    (
        "NavigationRecord",
        "The navigation's timing, as its record has it.",
        NavigationRecord::FIELDS,
    ),
    (
        "Surroundings",
        "What is known about the document, as its record has it.",
        Surroundings::FIELDS,
    ),
    (
        "PaintResource",
        "What a largest paint waited for, as its record has it.",
        PaintResource::FIELDS,
    ),
    (
        "LongFrameEvent",
        "A long animation frame; before its fields comes its ordinal.",
        LongFrameEvent::FIELDS,
    ),
];

const DO_NOT_EDIT: &str = "Written by `cargo xtask codegen` from rum-core/src/wire. Do not edit.";

/// One positional array.
struct Tuple<'a> {
    name: &'a str,
    doc: &'a str,
    prefix: &'a [&'a str],
    fields: &'a [FieldInfo],
}

impl Tuple<'_> {
    /// Fields from here on may be left out: they and all behind them are nullable.
    fn optional_from(&self) -> usize {
        let required = self
            .fields
            .iter()
            .rposition(|field| !field.typescript.ends_with("| null"));
        required.map_or(0, |last| last.saturating_add(1))
    }

    fn typescript(&self) -> String {
        let mut text = format!("/** {} */\nexport type {} = [\n", self.doc.trim(), self.name);
        for prefix in self.prefix {
            text += &format!("  {prefix},\n");
        }
        for (at, field) in self.fields.iter().enumerate() {
            // A label of a tuple may not be a reserved word, though TypeScript itself would take it.
            let mark = match (field.name, at >= self.optional_from()) {
                ("class", _) => "_",
                (_, true) => "?",
                (_, false) => "",
            };
            text += &format!(
                "  /** {} */\n  {}{mark}: {},\n",
                field.doc.trim(),
                field.name,
                field.typescript
            );
        }
        text + "]\n\n"
    }

    fn markdown(&self) -> String {
        let mut text = format!(
            "### {}\n\n{}\n\n| position | field | type | meaning |\n| ---: | --- | --- | --- |\n",
            self.name,
            self.doc.trim()
        );
        for (at, field) in self.fields.iter().enumerate() {
            let position = at.saturating_add(self.prefix.len());
            let kind = field.typescript.replace('|', "or");
            text += &format!("| {position} | `{}` | {kind} | {} |\n", field.name, field.doc.trim());
        }
        text + "\n"
    }
}

fn record_tuple<'a>(kind: &'a KindInfo, prefix: &'a [&'a str], name: &'a str) -> Tuple<'a> {
    Tuple {
        name,
        doc: kind.doc,
        prefix,
        fields: kind.fields,
    }
}

/// `js-wrapper/src/generated/wire.ts`: what the capture script writes.
#[must_use]
pub fn typescript() -> String {
    let mut text =
        format!("// {DO_NOT_EDIT}\n\n/** The first number of every body. */\nexport const VERSION = {VERSION}\n\n");
    text += "/** 64 bits as 16 hexadecimal digits. */\nexport type Id = string\n\n";
    text += &format!(
        "/** Kinds from here on are sent once; the others are repeated in every raw batch. */\nexport const FIRST_ONCE = {}\n\n",
        record::FIRST_ONCE
    );
    text += &format!(
        "/** Where a view's event says how many records the core lost, behind the prefix. */\nexport const CORE_DROPPED = {}\n\n",
        ViewEvent::core_dropped
    );
    text += "/** The kinds of records. A const enum: it costs no bytes. */\nexport const enum Kind {\n";
    for kind in Record::KINDS {
        text += &format!("  /** {} */\n  {} = {},\n", kind.doc.trim(), kind.name, kind.kind);
    }
    text += "}\n\n";
    let mut names = String::new();
    for kind in Record::KINDS {
        let tag = format!("kind: Kind.{}", kind.name);
        let name = format!("{}Record", kind.name);
        text += &record_tuple(kind, &[&tag, "ordinal: number", "t: number"], &name).typescript();
        names += &format!("\n  | {name}");
    }
    text += &format!(
        "/** What the capture script saw. Times are integers in µs since the time origin. */\nexport type RawRecord ={names}\n\n"
    );
    let of_records = |name: &str| matches!(name, "Receipt" | "DroppedCount" | "Script" | "Attribute" | "Cause");
    for (name, doc, fields) in NESTED.iter().filter(|(name, ..)| of_records(name)) {
        text += &Tuple {
            name,
            doc,
            prefix: &[],
            fields,
        }
        .typescript();
    }
    text += &Tuple {
        name: "Document",
        doc: "What is the same for the whole document.",
        prefix: &[],
        fields: Document::FIELDS,
    }
    .typescript();
    String::from(text.trim_end()) + "\n"
}

/// `js-wrapper/src/generated/names.ts`: events and their fields by name, for who wants to see them before they are sent.
#[must_use]
pub fn names() -> String {
    let mut names = String::new();
    for kind in Event::KINDS {
        let ordinal = if kind.kind >= record::FIRST_ONCE {
            " ordinal"
        } else {
            ""
        };
        names += &format!("  {}: '{}{ordinal}", kind.kind, snake(kind.name));
        for field in kind.fields {
            names.push(' ');
            names += shown(field);
        }
        names += "',\n";
    }
    format!(
        "// {DO_NOT_EDIT}\n\n/** The name of each kind of events, and those of its fields, in the order of the wire. */\n\
        export const NAMES: Record<number, string> = {{\n{names}}}\n"
    )
}

/// `js-wrapper/src/generated/events.ts`: their types.
#[must_use]
pub fn events() -> String {
    let mut text = format!("// {DO_NOT_EDIT}\n\n/** 64 bits as 16 hexadecimal digits. */\nexport type Id = string\n\n");
    for (name, doc, fields) in NESTED {
        let prefix: &[&str] = if *name == "LongFrameEvent" {
            &["ordinal: number"]
        } else {
            &[]
        };
        text += &Tuple {
            name,
            doc,
            prefix,
            fields,
        }
        .typescript();
    }
    let mut names = String::new();
    for kind in Event::KINDS {
        text += &format!(
            "/** {} */\nexport type Rum{} = {{\n  kind: '{}'\n",
            kind.doc.trim(),
            kind.name,
            snake(kind.name)
        );
        if kind.kind >= record::FIRST_ONCE {
            text += "  /** Its number in the document. */\n  ordinal: number\n";
        }
        for field in kind.fields {
            text += &format!(
                "  /** {} */\n  {}: {}\n",
                field.doc.trim(),
                shown(field),
                field.typescript
            );
        }
        text += "}\n\n";
        names += &format!("\n  | Rum{}", kind.name);
    }
    text + &format!(
        "/** What `beforeSend` is given, told apart by `kind`. What is absent is null. */\nexport type RumEvent ={names}\n"
    )
}

/// A field's name beside the event's own, which is called `kind`.
fn shown(field: &FieldInfo) -> &str {
    if field.name == "kind" { "type" } else { field.name }
}

/// `LongFrame` as `long_frame`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// `docs/wire.md`: the numbered fields, for whoever writes another sender.
#[must_use]
pub fn markdown() -> String {
    let mut text = format!(
        "<!-- {DO_NOT_EDIT} -->\n# The wire\n\n\
        A page sends `POST /v1/batches?k=APPKEY` with a `text/plain` body. A body that starts with `[` has the compact form of this\n\
        page; one that starts with `{{` has the documented form, the same fields by name:\n\
        `GET /v1/schema.json` is its JSON Schema.\n\n\
        `[version, content, batch id, sent at (ms since the epoch), document, [items]]`: version is {VERSION}; content is 0 for\n\
        events computed in the page and 1 for records. Numbers are integers. Times are µs since the time origin unless a field says\n\
        otherwise, layout shifts are in millionths. `null` and a missing field mean absent, which is not zero. An id is a string of\n\
        16 hexadecimal digits; of a session or view its upper half is the start in unix seconds.\n\n\
        A position is never reused and a kind's number neither. Fields behind the last known one, and items of unknown kinds, are\n\
        skipped and counted.\n\n## Document\n\n"
    );
    text += &Tuple {
        name: "document",
        doc: "What is the same for the whole document.",
        prefix: &[],
        fields: Document::FIELDS,
    }
    .markdown();
    text += "## Events\n\nAn event is `[kind, view, seq, …fields]`. `view` is the number of its view event in the batch, `seq` the time of the report\n\
        in ms since the time origin: of several reports of one row the highest `seq` is the value.\n\n";
    for kind in Event::KINDS {
        let ordinal = kind.kind >= record::FIRST_ONCE;
        let prefix: &[&str] = if ordinal {
            &["kind", "view", "seq", "ordinal"]
        } else {
            &["kind", "view", "seq"]
        };
        text += &record_tuple(
            kind,
            prefix,
            &format!(
                "{} (kind {}{})",
                kind.name,
                kind.kind,
                if ordinal { "; position 3 is its ordinal" } else { "" }
            ),
        )
        .markdown();
    }
    text += "## Arrays inside of fields\n\n";
    for (name, doc, fields) in NESTED {
        let prefix: &[&str] = if *name == "LongFrameEvent" { &["ordinal"] } else { &[] };
        text += &Tuple {
            name,
            doc,
            prefix,
            fields,
        }
        .markdown();
    }
    text += "## Records\n\nA record is `[kind, ordinal, t, …fields]`; `ordinal` comes from one counter a document. Kinds below 64 are repeated in every raw\n\
        batch of the document, the others are sent once.\n\n";
    for kind in Record::KINDS {
        text += &record_tuple(
            kind,
            &["kind", "ordinal", "t"],
            &format!("{} (record kind {})", kind.name, kind.kind),
        )
        .markdown();
    }
    String::from(text.trim_end()) + "\n"
}
