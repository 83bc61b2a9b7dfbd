//! A body: `[version, content, batch id, sent at, document, [items]]`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::field::{next, wire_fields, wire_nested};
use super::{Expected, Fields, Item, Reader, Stamped, VERSION, WireError, Writer};
use crate::Id;

/// Items of one body that are read at most; a page sends some dozens.
pub const MAX_ITEMS: usize = 5_000;

wire_fields! {
    /// What is the same for the whole document.
    pub struct Document {
        /// `performance.timeOrigin` in ms since the epoch, rounded: every other time counts from it.
        time_origin_ms: i64,
        /// The page's origin; a path in a URL field and U+007F in a stack stand for it.
        origin: String,
        /// The version of the SDK.
        sdk: String,
        /// The release of the page, as `init` was told.
        release: Option<String>,
        /// The environment, as `init` was told.
        environment: Option<String>,
        /// The version of the sampling rate that the session froze; absent is version 0, everything is kept.
        rate_version: Option<i64>,
        /// `navigator.connection.effectiveType`.
        connection: Option<String>,
        /// Width of the viewport in CSS pixels.
        viewport_width: Option<i64>,
        /// Height of the viewport in CSS pixels.
        viewport_height: Option<i64>,
        /// Why the page runs without Wasm: absent while it does not, 1 not ready yet, 2 could not be loaded or compiled, 3 trapped, 4 the tab crashed.
        raw_reason: Option<i64>,
    }
}
wire_nested!(Document);

/// What a body holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Content 0: events, computed in the page.
    Events(Vec<Item>),
    /// Content 1: records, to be computed by the receiver with the same core.
    Records(Vec<Stamped>),
}

/// What a reader met that a newer writer had written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Items of kinds that this reader does not know.
    pub kinds: u32,
    /// Fields behind the last one that it knows.
    pub fields: u32,
}

/// One body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Identifies these bytes: a retry has the same.
    pub id: Id,
    /// The client's wall clock when the body was built, in ms since the epoch.
    pub sent_at_ms: i64,
    /// The document that it comes from.
    pub document: Document,
    /// Events or records.
    pub content: Content,
    /// What was not understood.
    pub skipped: Skipped,
}

impl Batch {
    /// Reads the compact form.
    pub fn read(text: &str) -> Result<Self, WireError> {
        let mut r = Reader::new(text);
        r.begin_array();
        let version: i64 = next(&mut r);
        let content: i64 = next(&mut r);
        if version != VERSION && !r.failed() {
            r.fail(Expected::Version);
        }
        let (id, sent_at_ms, document) = (next(&mut r), next(&mut r), next(&mut r));
        if !r.next_field() {
            r.fail(Expected::Required);
        }
        let content = match content {
            0 => Content::Events(read_list(&mut r, Item::read)),
            1 => Content::Records(read_list(&mut r, Stamped::read)),
            _ => {
                r.fail(Expected::Version);
                Content::Events(Vec::new())
            }
        };
        r.close();
        let skipped = r.skipped;
        r.result(Self {
            id,
            sent_at_ms,
            document,
            content,
            skipped,
        })
    }

    /// Writes the compact form.
    #[must_use]
    pub fn write(&self) -> String {
        let mut document = Writer::default();
        document.begin_array();
        self.document.write_fields(&mut document);
        document.end_array();
        let mut w = begin(
            &self.id.to_string(),
            self.sent_at_ms,
            &document.finish(),
            matches!(self.content, Content::Records(_)).into(),
        );
        match &self.content {
            Content::Events(items) => items.iter().for_each(|item| item.write(&mut w)),
            Content::Records(records) => records.iter().for_each(|record| record.write(&mut w)),
        }
        end(w)
    }
}

/// Writes everything before the items. `id` are 16 hexadecimal digits; `document` is JSON already, for the page builds it once.
pub(crate) fn begin(id: &str, sent_at_ms: i64, document: &str, content: i64) -> Writer {
    let mut w = Writer::default();
    w.begin_array();
    w.int(VERSION);
    w.int(content);
    w.quoted(id);
    w.int(sent_at_ms);
    w.json(document);
    w.begin_array();
    w
}

/// Closes what [`begin`] opened.
pub(crate) fn end(mut w: Writer) -> String {
    w.end_array();
    w.end_array();
    w.finish()
}

fn read_list<T>(r: &mut Reader<'_>, read: impl Fn(&mut Reader<'_>) -> Option<T>) -> Vec<T> {
    // A page sends some dozens: growing copies.
    let mut items = Vec::with_capacity(32);
    read_items(r, |r| items.extend(read(r)));
    items
}

/// Calls `read` at each item of an array.
pub(super) fn read_items<'a>(r: &mut Reader<'a>, mut read: impl FnMut(&mut Reader<'a>)) {
    r.begin_array();
    let mut items = 0_usize;
    while r.next_item() {
        items = items.saturating_add(1);
        if items > MAX_ITEMS {
            r.fail(Expected::FewerItems);
        }
        read(r);
        r.end_items();
    }
}
