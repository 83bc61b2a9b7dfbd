//! The compact binary form: LEB128 integers, texts and items with their length before them, ids as eight bytes.
//!
//! An absent value is the byte 0, a present one is written plus one; absent values at the end of an item are left out.
//! The lengths of items are what lets a reader pass over newer kinds and fields.

use rum_core::wire::batch::Document;
use rum_core::wire::{Batch, Content, Item, Skipped, Stamped, VERSION};
use rum_core::{Engine, Id};

use crate::table::{Sink, Source, Table, get_event, get_record, put_event, put_record};
use crate::{Form, Head, Positional};

/// The compact binary form.
#[derive(Clone, Copy, Debug)]
pub struct Binary;

impl Form for Binary {
    fn read_records(bytes: &[u8], mut each: impl FnMut(Stamped)) -> bool {
        let mut reader = Reader::new(bytes);
        while reader.at < reader.end {
            let record = reader.nested(|r| {
                let (kind, ordinal, t) = (r.number(), r.number(), r.number());
                get_record(kind, r).map(|record| Stamped { ordinal, t, record })
            });
            match record {
                Some(record) if !reader.failed => each(record),
                _ if reader.failed => return false,
                _ => {}
            }
        }
        true
    }

    fn take_body(engine: &mut Engine, head: &Head<'_>) -> Option<Vec<u8>> {
        let items = engine.take();
        if items.is_empty() {
            return None;
        }
        let mut writer = Writer::default();
        writer.number(VERSION);
        writer.id("", head.batch_id);
        writer.number(head.sent_at_ms);
        writer.bytes.extend_from_slice(head.document);
        for item in &items {
            writer.nested(|w| {
                w.number(item.event.kind());
                w.number(item.view);
                w.number(item.seq);
                put_event(&item.event, w);
            });
        }
        Some(writer.bytes)
    }
}

/// Records in positional JSON, which capture writes for nothing, and events in the binary form.
#[derive(Clone, Copy, Debug)]
pub struct Mixed;

impl Form for Mixed {
    fn read_records(bytes: &[u8], each: impl FnMut(Stamped)) -> bool {
        Positional::read_records(bytes, each)
    }

    fn take_body(engine: &mut Engine, head: &Head<'_>) -> Option<Vec<u8>> {
        Binary::take_body(engine, head)
    }
}

/// The document as it stands in a body.
#[must_use]
pub fn document(document: &Document) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.nested(|w| document.put(w));
    writer.bytes
}

/// A list of records, as a page would hand it over.
#[must_use]
pub fn records(records: &[Stamped]) -> Vec<u8> {
    let mut writer = Writer::default();
    for Stamped { ordinal, t, record } in records {
        writer.nested(|w| {
            w.number(record.kind());
            w.number(*ordinal);
            w.number(*t);
            put_record(record, w);
        });
    }
    writer.bytes
}

/// Reads a body, as a collector would; `None` if it is none.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Batch> {
    let mut reader = Reader::new(bytes);
    let (version, id, sent_at_ms) = (reader.number(), reader.id(""), reader.number());
    let document = reader.nested(Document::get);
    let mut items = Vec::new();
    let mut skipped = Skipped::default();
    while reader.at < reader.end {
        let item = reader.nested(|r| {
            let (kind, view, seq) = (r.number(), r.number(), r.number());
            get_event(kind, r).map(|event| Item { view, seq, event })
        });
        match item {
            Some(item) => items.push(item),
            None => skipped.kinds += 1,
        }
    }
    let batch = Batch {
        id,
        sent_at_ms,
        document,
        content: Content::Events(items),
        skipped,
    };
    (version == VERSION && !reader.failed).then_some(batch)
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    /// Absent values that are written only if a value follows in the same item.
    absent: usize,
}

impl Writer {
    fn value(&mut self) {
        let written = self.bytes.len() + core::mem::take(&mut self.absent);
        self.bytes.resize(written, 0);
    }

    /// A negative number is its two's complement: ten bytes, and there should be none.
    #[inline(never)]
    fn number(&mut self, value: i64) {
        self.value();
        let mut rest = value as u64;
        while rest >= 0x80 {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    fn length(&mut self, length: usize) {
        self.number(i64::try_from(length).unwrap_or(i64::MAX));
    }

    /// What `write` writes, with its length plus one before it.
    fn nested(&mut self, write: impl FnOnce(&mut Self)) {
        self.value();
        let outer = core::mem::take(&mut self.bytes);
        write(self);
        self.absent = 0;
        let inner = core::mem::replace(&mut self.bytes, outer);
        self.length(inner.len() + 1);
        self.bytes.extend_from_slice(&inner);
    }
}

impl Sink for Writer {
    fn int(&mut self, _: &'static str, value: i64) {
        self.number(value);
    }
    #[inline(never)]
    fn text(&mut self, _: &'static str, value: &str) {
        self.length(value.len() + 1);
        self.bytes.extend_from_slice(value.as_bytes());
    }
    fn id(&mut self, _: &'static str, value: Id) {
        self.value();
        self.bytes.extend_from_slice(&value.0.to_be_bytes());
    }
    fn maybe_int(&mut self, _: &'static str, value: Option<i64>) {
        match value {
            Some(value) => self.number(value.wrapping_add(1)),
            None => self.absent += 1,
        }
    }
    fn maybe_text(&mut self, name: &'static str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.absent += 1,
        }
    }
    fn maybe_id(&mut self, name: &'static str, value: Option<Id>) {
        match value {
            Some(value) => {
                self.number(1);
                self.id(name, value);
            }
            None => self.absent += 1,
        }
    }
    fn maybe_nested<T: Table>(&mut self, _: &'static str, value: Option<&T>) {
        match value {
            Some(value) => self.nested(|w| value.put(w)),
            None => self.absent += 1,
        }
    }
}

/// A cursor that reads zeros behind the end of an item: they are what an absent value is.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The end of the item being read.
    end: usize,
    failed: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            end: bytes.len(),
            failed: false,
        }
    }

    fn byte(&mut self) -> u8 {
        let byte = if self.at < self.end {
            self.bytes.get(self.at)
        } else {
            None
        };
        self.at += usize::from(byte.is_some());
        byte.copied().unwrap_or(0)
    }

    #[inline(never)]
    fn number(&mut self) -> i64 {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value as i64;
            }
        }
        self.failed = true;
        0
    }

    /// The length that was written plus one; `None` for an absent value.
    #[inline(never)]
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.number()).ok()?.checked_sub(1)?;
        self.failed |= length > self.end - self.at;
        Some(length.min(self.end - self.at))
    }

    /// What `read` reads of the item here; the rest of it was a newer writer's.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.length();
        self.failed |= length.is_none();
        let behind = self.at + length.unwrap_or(0);
        let outer = core::mem::replace(&mut self.end, behind);
        let value = read(self);
        (self.at, self.end) = (behind, outer);
        if self.failed {
            self.at = self.end;
        }
        value
    }
}

impl Source for Reader<'_> {
    fn int(&mut self, _: &'static str) -> i64 {
        self.failed |= self.at >= self.end;
        self.number()
    }
    fn text(&mut self, name: &'static str) -> String {
        let text = self.maybe_text(name);
        self.failed |= text.is_none();
        text.unwrap_or_default()
    }
    fn id(&mut self, _: &'static str) -> Id {
        let mut id = 0;
        self.failed |= self.end - self.at < 8;
        for _ in 0..8 {
            id = id << 8 | u64::from(self.byte());
        }
        Id(id)
    }
    fn maybe_int(&mut self, _: &'static str) -> Option<i64> {
        match self.number() {
            0 => None,
            value => Some(value.wrapping_sub(1)),
        }
    }
    #[inline(never)]
    fn maybe_text(&mut self, _: &'static str) -> Option<String> {
        let length = self.length()?;
        let text = self
            .bytes
            .get(self.at..self.at + length)
            .and_then(|bytes| core::str::from_utf8(bytes).ok());
        self.at += length;
        self.failed |= text.is_none();
        Some(text.unwrap_or_default().to_owned())
    }
    fn maybe_id(&mut self, name: &'static str) -> Option<Id> {
        (self.number() != 0).then(|| self.id(name))
    }
    fn maybe_nested<T: Table>(&mut self, _: &'static str) -> Option<T> {
        let before = self.at;
        if self.number() == 0 {
            return None;
        }
        self.at = before;
        Some(self.nested(T::get))
    }
}
