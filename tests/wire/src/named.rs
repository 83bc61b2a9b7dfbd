//! JSON with names: the documented form, without the names of absent values. Written and read by hand, for serde would
//! cost the page more than names do.

use core::str;

use rum_core::wire::{Event, Item, Record, Stamped, VERSION};
use rum_core::{Engine, Id};

use crate::table::{Sink, Source, Table, get_record, put_event, put_record};
use crate::{Form, Head};

/// JSON with names.
#[derive(Clone, Copy, Debug)]
pub struct Named;

/// The lists of a body, and the kinds in them.
const LISTS: [(&str, i64); 5] = [
    ("views", 1),
    ("vitals", 2),
    ("requests", 64),
    ("errors", 65),
    ("actions", 66),
];

impl Form for Named {
    fn read_records(bytes: &[u8], mut each: impl FnMut(Stamped)) -> bool {
        let Ok(text) = str::from_utf8(bytes) else { return false };
        let mut parser = Parser { rest: text };
        let read = parser.list(b'[', b']', |parser| {
            let mut members = parser.object()?;
            let (kind, ordinal, t) = (members.int("record"), members.int("ordinal"), members.int("t"));
            let record = get_record(kind, &mut members);
            if members.failed {
                return None;
            }
            if let Some(record) = record {
                each(Stamped { ordinal, t, record });
            }
            Some(())
        });
        read.is_some() && parser.rest.is_empty()
    }

    fn take_body(engine: &mut Engine, head: &Head<'_>) -> Option<Vec<u8>> {
        let items = engine.take();
        if items.is_empty() {
            return None;
        }
        let mut writer = Writer::default();
        writer.open('{');
        writer.int("version", VERSION);
        writer.id("batch_id", head.batch_id);
        writer.int("sent_at_ms", head.sent_at_ms);
        writer.json("document", str::from_utf8(head.document).ok()?);
        for (name, kind) in LISTS {
            let mut of_kind = items.iter().filter(|item| item.event.kind() == kind).peekable();
            if of_kind.peek().is_some() {
                writer.name(name);
                writer.open('[');
                of_kind.for_each(|item| writer.event(item, &items));
                writer.text.push(']');
            }
        }
        writer.text.push('}');
        Some(writer.text.into_bytes())
    }
}

/// A list of records, as a page would hand it over.
#[must_use]
pub fn records(records: &[Stamped]) -> String {
    let mut writer = Writer::default();
    writer.open('[');
    for Stamped { ordinal, t, record } in records {
        writer.record(*ordinal, *t, record);
    }
    writer.text.push(']');
    writer.text
}

/// The document as it stands in a body.
#[must_use]
pub fn document(document: &rum_core::wire::Document) -> String {
    let mut writer = Writer::default();
    writer.open('{');
    document.put(&mut writer);
    writer.text.push('}');
    writer.text
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'[' | b'{' | b':')) {
            self.text.push(',');
        }
    }

    fn open(&mut self, bracket: char) {
        self.separate();
        self.text.push(bracket);
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        self.separate();
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    fn json(&mut self, name: &'static str, value: &str) {
        self.name(name);
        self.text.push_str(value);
    }

    /// A value as `rum-core` writes it.
    #[inline(never)]
    fn value(&mut self, name: &'static str, write: impl FnOnce(&mut rum_core::wire::Writer)) {
        let mut value = rum_core::wire::Writer::default();
        write(&mut value);
        self.json(name, &value.finish());
    }

    fn event(&mut self, item: &Item, items: &[Item]) {
        self.open('{');
        if !matches!(item.event, Event::View(_)) {
            let mut views = items.iter().filter(|item| matches!(item.event, Event::View(_)));
            let place = views.position(|view| view.view == item.view).unwrap_or(0);
            if place > 0 {
                self.int("view", i64::try_from(place).unwrap_or(0));
            }
        }
        self.int("seq", item.seq);
        put_event(&item.event, self);
        self.text.push('}');
    }

    fn record(&mut self, ordinal: i64, t: i64, record: &Record) {
        self.open('{');
        self.int("record", record.kind());
        self.int("ordinal", ordinal);
        self.int("t", t);
        put_record(record, self);
        self.text.push('}');
    }
}

impl Sink for Writer {
    fn int(&mut self, name: &'static str, value: i64) {
        self.value(name, |w| w.int(value));
    }
    fn text(&mut self, name: &'static str, value: &str) {
        self.value(name, |w| w.text(value));
    }
    fn id(&mut self, name: &'static str, value: Id) {
        self.value(name, |w| w.id(value));
    }
    fn maybe_int(&mut self, name: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            self.int(name, value);
        }
    }
    fn maybe_text(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }
    fn maybe_id(&mut self, name: &'static str, value: Option<Id>) {
        if let Some(value) = value {
            self.id(name, value);
        }
    }
    fn maybe_nested<T: Table>(&mut self, name: &'static str, value: Option<&T>) {
        if let Some(value) = value {
            self.name(name);
            self.open('{');
            value.put(self);
            self.text.push('}');
        }
    }
}

/// Splits JSON into members; their values are read when they are asked for.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn eat(&mut self, byte: u8) -> Option<()> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.as_bytes().first() != Some(&byte) {
            return None;
        }
        self.rest = self.rest.get(1..)?;
        Some(())
    }

    /// Calls `item` at each item of a list or object.
    fn list(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(open)?;
        if self.eat(close).is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            if self.eat(b',').is_none() {
                return self.eat(close);
            }
        }
    }

    /// An object's members.
    #[inline(never)]
    fn object(&mut self) -> Option<Members<'a>> {
        let mut members = Members {
            members: Vec::new(),
            failed: false,
        };
        self.list(b'{', b'}', |parser| {
            let name = parser.value()?.trim_matches('"');
            parser.eat(b':')?;
            members.members.push((name, parser.value()?));
            Some(())
        })?;
        Some(members)
    }

    /// Passes over one value and gives its text.
    fn value(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_ascii_start();
        let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
        for (at, byte) in self.rest.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth > 0 => depth -= 1,
                b']' | b'}' | b',' | b':' if depth == 0 => {
                    let (value, rest) = self.rest.split_at(at);
                    self.rest = rest;
                    return Some(value.trim_ascii_end());
                }
                _ => {}
            }
        }
        None
    }
}

struct Members<'a> {
    members: Vec<(&'a str, &'a str)>,
    failed: bool,
}

impl<'a> Members<'a> {
    /// Takes the member's text; null is as good as absent.
    #[inline(never)]
    fn member(&mut self, name: &str) -> Option<&'a str> {
        let at = self.members.iter().position(|member| member.0 == name)?;
        let (_, value) = self.members.remove(at);
        (value != "null").then_some(value)
    }

    #[inline(never)]
    fn required<T: Default>(&mut self, value: Option<T>) -> T {
        self.failed |= value.is_none();
        value.unwrap_or_default()
    }

    /// A value as `rum-core` reads it.
    fn read<T>(&mut self, name: &str, read: impl FnOnce(&mut rum_core::wire::Reader<'_>) -> T) -> Option<T> {
        let mut reader = rum_core::wire::Reader::new(self.member(name)?);
        let value = read(&mut reader);
        let read = reader.result(value);
        self.failed |= read.is_err();
        read.ok()
    }
}

impl Source for Members<'_> {
    fn int(&mut self, name: &'static str) -> i64 {
        let value = self.maybe_int(name);
        self.required(value)
    }
    fn text(&mut self, name: &'static str) -> String {
        let value = self.maybe_text(name);
        self.required(value)
    }
    fn id(&mut self, name: &'static str) -> Id {
        let value = self.maybe_id(name);
        self.required(value)
    }
    fn maybe_int(&mut self, name: &'static str) -> Option<i64> {
        self.read(name, |r| r.int())
    }
    fn maybe_text(&mut self, name: &'static str) -> Option<String> {
        self.read(name, |r| r.text())
    }
    fn maybe_id(&mut self, name: &'static str) -> Option<Id> {
        let text = self.maybe_text(name)?;
        let id = Id::from_hex(&text);
        self.failed |= id.is_none();
        id
    }
    fn maybe_nested<T: Table>(&mut self, name: &'static str) -> Option<T> {
        let mut members = Parser {
            rest: self.member(name)?,
        }
        .object()?;
        let value = T::get(&mut members);
        self.failed |= members.failed;
        Some(value)
    }
}
