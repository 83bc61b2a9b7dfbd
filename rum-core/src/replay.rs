//! What the collector does with the records of a page without Wasm: the same engine, natively. What surrounds it in the page
//! is js-wrapper's `late/outbox.ts`.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::engine::Engine;
use crate::host::{Host, Text};
use crate::wire::batch::{self, MAX_ITEMS};
use crate::wire::event::{ViewEvent, kind};
use crate::wire::raw::read_raw;
use crate::wire::{Batch, Content, Fields, Raw, Reader, WireError, Writer};

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
    let mut replay = Replay::default();
    read_raw(records, |record| replay.push(record))?;
    let content = match replay.take_body(&raw.id.to_string(), raw.sent_at_ms, document) {
        Some(computed) => Batch::read(&computed)?.content,
        None => Content::Events(Vec::new()),
    };
    Ok(Batch { content, ..raw })
}

/// One document: its engine, and the rows that wait to be taken.
#[derive(Debug)]
pub struct Replay {
    engine: Engine,
    rows: Rows,
}

impl Default for Replay {
    fn default() -> Self {
        Self::remembering(MAX_ITEMS)
    }
}

impl Replay {
    /// A new document whose engine remembers so many views.
    #[must_use]
    pub fn remembering(views: usize) -> Self {
        Self {
            engine: Engine::remembering(views),
            rows: Rows::default(),
        }
    }

    /// Takes the next record. Without kind, ordinal and time it has no effect.
    pub fn push(&mut self, record: &Raw<'_>) {
        let Some([number, ordinal, t]) = record.prefix() else {
            return;
        };
        self.engine.push(
            number,
            double(t),
            &mut AtHand {
                number,
                ordinal,
                record,
                rows: &mut self.rows,
            },
        );
    }

    /// Takes what waits as a body; `None` if nothing does. `batch_id` are 16 hexadecimal digits, `document` is the JSON of a
    /// [`Document`](crate::wire::Document).
    #[must_use]
    pub fn take_body(&mut self, batch_id: &str, sent_at_ms: i64, document: &str) -> Option<String> {
        let mut w = batch::begin(batch_id, sent_at_ms, document, 0);
        let empty = w.len();
        let waiting = core::mem::take(&mut self.rows.waiting);
        self.rows.named.clear();
        let needed: BTreeSet<u32> = waiting.iter().map(|(view, _)| *view).collect();
        for (number, view) in &mut self.rows.views {
            if core::mem::take(&mut view.unsent) || needed.contains(number) {
                view.write(*number, &mut w);
            }
        }
        if w.len() == empty {
            return None;
        }
        waiting.iter().for_each(|(_, text)| w.json(text));
        Some(batch::end(w))
    }
}

/// The row of a view.
#[derive(Debug, Default)]
struct ViewRow {
    seq: i64,
    /// Its fields, each the JSON that it is.
    fields: Vec<Option<String>>,
    unsent: bool,
}

impl ViewRow {
    fn write(&self, number: u32, w: &mut Writer) {
        w.begin_array();
        for prefix in [kind::View, number.into(), self.seq] {
            w.int(prefix);
        }
        for field in &self.fields {
            w.json_or_null(field.as_deref());
        }
        w.end_array();
    }
}

/// What names an event: its view, then its kind, and its ordinal, or its metric and scope.
type Name = (u32, [i64; 3]);

#[derive(Debug, Default)]
struct Rows {
    texts: Vec<String>,
    views: BTreeMap<u32, ViewRow>,
    /// Events, with the numbers of their views.
    waiting: Vec<(u32, String)>,
    /// Where they are.
    named: BTreeMap<Name, usize>,
    lost: i64,
    /// The report that is being written.
    report: Report,
}

#[derive(Debug, Default)]
struct Report {
    view: u32,
    numbers: Vec<i64>,
    w: Writer,
    items: Vec<Text>,
}

impl Rows {
    fn keep(&mut self, text: String) -> Option<Text> {
        self.texts.push(text);
        let number = u32::try_from(self.texts.len()).ok()?;
        NonZeroU32::new(number).map(Text)
    }

    fn text(&self, text: Text) -> Option<&str> {
        let at = (text.0.get() as usize).checked_sub(1)?;
        self.texts.get(at).map(String::as_str)
    }

    /// A newer report of an event takes the place of the older one.
    fn wait(&mut self, view: u32, name: [i64; 3], text: String) {
        let name = (view, name);
        let at = *self.named.entry(name).or_insert(self.waiting.len());
        match self.waiting.get_mut(at) {
            Some((_, known)) => *known = text,
            None => self.waiting.push((view, text)),
        }
    }

    fn field(&mut self, view: u32, field: usize) -> Option<&mut Option<String>> {
        self.views.get_mut(&view)?.fields.get_mut(field)
    }

    fn set(&mut self, view: u32, field: usize, json: Option<String>) {
        if let Some(place) = self.field(view, field) {
            *place = json;
        }
    }
}

/// The record at hand, and the rows.
struct AtHand<'a> {
    number: i64,
    ordinal: i64,
    record: &'a Raw<'a>,
    rows: &'a mut Rows,
}

#[expect(clippy::cast_precision_loss, reason = "the wire has integers below 2^53")]
fn double(value: i64) -> f64 {
    value as f64
}

fn integer(value: i64) -> Option<String> {
    let mut w = Writer::default();
    w.int(value);
    Some(w.finish())
}

impl Host for AtHand<'_> {
    fn int(&mut self, field: usize) -> f64 {
        self.record.int(field).map_or(f64::NAN, double)
    }

    fn keep(&mut self, field: usize) -> Option<Text> {
        self.rows.keep(self.record.text(field)?)
    }

    fn keep_all(&mut self, numbered: bool) -> Option<Text> {
        let mut w = Writer::default();
        w.begin_array();
        if numbered {
            w.int(self.ordinal);
        }
        self.record.write(&mut w);
        w.end_array();
        self.rows.keep(w.finish())
    }

    fn carry(&mut self, view: u32, seq: f64) {
        let mut w = Writer::default();
        w.begin_array();
        for prefix in [self.number, view.into(), seq as i64, self.ordinal] {
            w.int(prefix);
        }
        self.record.write(&mut w);
        w.end_array();
        self.rows.wait(view, [self.number, self.ordinal, 0], w.finish());
    }

    fn lose(&mut self) {
        self.rows.lost = self.rows.lost.saturating_add(1);
    }

    fn touch(&mut self, view: u32, seq: f64) {
        let row = self.rows.views.entry(view).or_default();
        row.fields.resize(<ViewEvent as Fields>::FIELDS.len(), None);
        row.seq = seq as i64;
        row.unsent = true;
    }

    fn set(&mut self, view: u32, field: usize, value: f64) {
        self.rows.set(view, field, integer(value as i64));
    }

    fn take(&mut self, view: u32, field: usize, from: usize) {
        self.rows.set(view, field, self.record.text(from));
    }

    fn take_all(&mut self, view: u32, field: usize) {
        self.rows.set(view, field, Some(self.record.array()));
    }

    fn tell_lost(&mut self, view: u32) {
        let lost = Some(self.rows.lost).filter(|lost| *lost > 0);
        self.rows.set(view, ViewEvent::core_dropped, lost.and_then(integer));
    }

    fn copy(&mut self, view: u32, field: usize, other: u32, from: usize) {
        let json = self.rows.field(other, from).cloned().flatten();
        self.rows.set(view, field, json);
    }

    fn is_same(&mut self, view: u32, other: u32, field: usize) -> bool {
        self.rows.field(view, field).cloned() == self.rows.field(other, field).cloned()
    }

    /// A raw batch is replayed once, and all of it is taken: no row goes before that.
    fn forget(&mut self, _view: u32) {}

    fn begin(&mut self, view: u32, seq: f64) {
        let mut w = Writer::default();
        w.begin_array();
        for prefix in [kind::Vital, view.into(), seq as i64] {
            w.int(prefix);
        }
        self.rows.report = Report {
            view,
            w,
            ..Report::default()
        };
    }

    fn put(&mut self, value: f64) {
        let value = (!value.is_nan()).then_some(value as i64);
        self.rows.report.numbers.extend(value);
        self.rows.report.w.int_or_null(value);
    }

    fn put_text(&mut self, text: Option<Text>) {
        let json = text.and_then(|text| self.rows.text(text)).map(String::from);
        self.rows.report.w.json_or_null(json.as_deref());
    }

    fn put_item(&mut self, text: Text) {
        self.rows.report.items.push(text);
    }

    fn end(&mut self) {
        let Report {
            view,
            numbers,
            mut w,
            items,
        } = core::mem::take(&mut self.rows.report);
        if !items.is_empty() {
            w.begin_array();
            for item in items.into_iter().filter_map(|item| self.rows.text(item)) {
                w.json(item);
            }
            w.end_array();
        }
        w.end_array();
        let [metric, scope, ..] = numbers.as_slice() else {
            return;
        };
        self.rows.wait(view, [kind::Vital, *metric, *scope], w.finish());
    }
}
