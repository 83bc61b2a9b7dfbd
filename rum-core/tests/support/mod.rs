//! Builds records as a page would capture them, and reads back what the engine makes of them.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses a part of it"
)]

use rum_core::vitals::{Metric, Scope};
use rum_core::wire::event::VitalEvent;
use rum_core::wire::raw::read_raw;
use rum_core::wire::record::*;
use rum_core::wire::{Batch, Content, Event, Item, Record, Stamped, Writer};
use rum_core::{Id, Replay, ViewKind};

/// A document. Times are in ms, as people write them; the records have µs.
pub struct Page {
    replay: Replay,
    records: i64,
    pub interaction_count: Option<i64>,
}

pub const SESSION: Id = Id(0x6b00_f0a4_0000_00aa);

pub fn view_id(n: u64) -> Id {
    Id(0x6b00_f0a4_0000_0000 + n)
}

pub fn us(ms: f64) -> i64 {
    (ms * 1000.0).round() as i64
}

/// Gives a record to the engine as it comes from the capture script: as text.
pub fn push(replay: &mut Replay, ordinal: i64, t: i64, record: Record) {
    let mut w = Writer::default();
    w.begin_array();
    Stamped { ordinal, t, record }.write(&mut w);
    w.end_array();
    read_raw(&w.finish(), |record| replay.push(record)).unwrap();
}

/// What the engine hands out, as items.
pub fn take(replay: &mut Replay) -> Vec<Item> {
    let body = replay.take_body(BATCH, 1_795_226_217_000, DOCUMENT);
    body.map_or_else(Vec::new, |body| read(&body))
}

/// The items of a body of the engine.
pub fn read(body: &str) -> Vec<Item> {
    match Batch::read(body).unwrap().content {
        Content::Events(items) => items,
        Content::Records(_) => panic!("a body of the engine holds events"),
    }
}

pub const BATCH: &str = "0000000000000007";

impl Page {
    /// A page that was loaded as view 1.
    pub fn loaded() -> Self {
        Self::remembering(5_000)
    }

    pub fn remembering(views: usize) -> Self {
        let page = Self {
            replay: Replay::remembering(views),
            records: 0,
            interaction_count: None,
        };
        page.view(0.0, 1, ViewKind::Load, "/").shift_of(0.0, 0.0, 1, None)
    }

    /// A page in a browser that does not tell of layout shifts.
    pub fn without_shifts() -> Self {
        let page = Self {
            replay: Replay::default(),
            records: 0,
            interaction_count: None,
        };
        page.view(0.0, 1, ViewKind::Load, "/")
    }

    pub fn push(mut self, ms: f64, record: Record) -> Self {
        push(&mut self.replay, self.records, us(ms), record);
        self.records += 1;
        self
    }

    pub fn view(self, ms: f64, n: u64, kind: ViewKind, page: &str) -> Self {
        self.view_of(SESSION, ms, n, kind, page)
    }

    pub fn view_of(self, session_id: Id, ms: f64, n: u64, kind: ViewKind, page: &str) -> Self {
        let record = ViewRecord {
            view_id: view_id(n),
            session_id,
            kind: kind as i64,
            page: page.into(),
            referrer: None,
            parent_id: None,
            page_name: None,
        };
        self.push(ms, Record::View(record))
    }

    pub fn navigation(self, response_start: f64, activation: f64) -> Self {
        let mut n = empty_navigation();
        n.response_start = Some(us(response_start));
        n.activation = Some(us(activation)).filter(|t| *t > 0);
        self.push(response_start + 500.0, Record::Navigation(n))
    }

    pub fn hidden(self, ms: f64) -> Self {
        self.push(ms, Record::Visibility(VisibilityRecord { hidden: 1 }))
    }

    pub fn visible(self, ms: f64) -> Self {
        self.push(ms, Record::Visibility(VisibilityRecord { hidden: 0 }))
    }

    pub fn paint(self, ms: f64) -> Self {
        self.push(ms, Record::Paint(rum_core::wire::NoFields))
    }

    pub fn largest(self, ms: f64, target: &str) -> Self {
        let record = LargestPaintRecord {
            target: Some(target.into()),
            url: None,
        };
        self.push(ms, Record::LargestPaint(record))
    }

    pub fn input(self, ms: f64) -> Self {
        self.push(ms, Record::Input(rum_core::wire::NoFields))
    }

    pub fn shift(self, ms: f64, value: f64) -> Self {
        self.shift_of(ms, value, 0, None)
    }

    pub fn shift_of(self, ms: f64, value: f64, recent_input: i64, target: Option<&str>) -> Self {
        let value = (value * 1e6).round() as i64;
        self.push(
            ms,
            Record::Shift(ShiftRecord {
                value,
                recent_input,
                target: target.map(Into::into),
            }),
        )
    }

    pub fn interaction(self, ms: f64, id: i64, duration: f64) -> Self {
        self.event(ms, id, duration, (ms + 1.0, ms + 3.0), "pointerup")
    }

    pub fn event(self, ms: f64, id: i64, duration: f64, processing: (f64, f64), name: &str) -> Self {
        let record = InteractionRecord {
            duration: us(duration),
            processing_start: us(processing.0),
            processing_end: us(processing.1),
            interaction_id: id,
            name: name.into(),
            target: Some("button".into()),
        };
        self.push(ms, Record::Interaction(record))
    }

    /// An event of no interaction, such as `pointerover`.
    pub fn bystander(self, ms: f64, duration: f64, processing: (f64, f64)) -> Self {
        self.event(ms, 0, duration, processing, "pointerover")
    }

    /// A long animation frame that met an interaction.
    pub fn frame(self, ms: f64, duration: f64) -> Self {
        let record = LongFrame {
            start: us(ms),
            duration: us(duration),
            kind: 0,
            blocking: None,
            render_start: None,
            style_start: None,
            first_input: None,
            weight: None,
            scripts: None,
        };
        self.push(ms, Record::InteractionFrame(record))
    }

    /// The browser's soft navigation: the latest view is it.
    pub fn softened(self, ms: f64, interaction_id: i64, painted: f64) -> Self {
        let record = SoftNavigationRecord {
            interaction_id,
            painted: Some(us(painted)),
        };
        self.push(ms, Record::SoftNavigation(record))
    }

    pub fn soft_paint(self, ms: f64, interaction_id: i64, target: &str) -> Self {
        let record = SoftPaintRecord {
            interaction_id: Some(interaction_id),
            target: Some(target.into()),
            url: None,
        };
        self.push(ms, Record::SoftPaint(record))
    }

    pub fn restored(self, ms: f64, n: u64, painted: f64) -> Self {
        self.view(ms, n, ViewKind::BackForwardCache, "/")
            .push(ms, Record::Restore(RestoreRecord { painted: us(painted) }))
    }

    pub fn counted(mut self, interactions: i64) -> Self {
        self.interaction_count = Some(interactions);
        self
    }

    pub fn cut(self, ms: f64) -> Self {
        let interaction_count = self.interaction_count;
        let record = CutRecord {
            reason: 0,
            interaction_count,
            receipt: Receipt {
                attached: 0,
                queue_dropped: None,
                observer_dropped: None,
            },
            scroll: None,
            engaged: None,
        };
        self.push(ms, Record::Cut(record))
    }

    pub fn take(&mut self) -> Rows {
        Rows(take(&mut self.replay))
    }

    pub fn body(&mut self) -> Option<String> {
        self.replay.take_body(BATCH, 1_795_226_217_000, DOCUMENT)
    }

    /// Hides the page at `ms` and takes what it reports.
    pub fn leave(self, ms: f64) -> Rows {
        self.hidden(ms).cut(ms).take()
    }
}

pub const DOCUMENT: &str = r#"[1795226212000,"https://shop.example","0.1.0"]"#;

pub fn empty_navigation() -> NavigationRecord {
    NavigationRecord {
        kind: 0,
        activation: None,
        redirect_start: None,
        redirect_end: None,
        worker_start: None,
        fetch_start: None,
        dns_start: None,
        dns_end: None,
        connect_start: None,
        tls_start: None,
        connect_end: None,
        request_start: None,
        response_start: None,
        response_end: None,
        dom_interactive: None,
        dom_content_loaded_start: None,
        dom_content_loaded: None,
        dom_complete: None,
        load: None,
        transfer_bytes: None,
        encoded_bytes: None,
        decoded_bytes: None,
        status: None,
        protocol: None,
    }
}

/// What the engine handed out.
pub struct Rows(pub Vec<Item>);

impl Rows {
    pub fn vital(&self, n: u64, metric: Metric, scope: Scope) -> Option<&VitalEvent> {
        let number = self.0.iter().find_map(|item| match &item.event {
            Event::View(view) if view.view_id == view_id(n) => Some(item.view),
            _ => None,
        })?;
        let mut found = self.0.iter().filter_map(|item| match &item.event {
            Event::Vital(vital)
                if item.view == number && vital.metric == metric as i64 && vital.scope == scope as i64 =>
            {
                Some(vital)
            }
            _ => None,
        });
        let first = found.next();
        assert!(found.next().is_none(), "{metric:?} of view {n} is there twice");
        first.map(|vital| &**vital)
    }

    /// The value of the document's metric, in ms (CLS: its own unit), where view `n` began the document.
    pub fn of(&self, n: u64, metric: Metric) -> Option<f64> {
        let unit = if metric == Metric::Cls { 1e6 } else { 1e3 };
        self.vital(n, metric, Scope::Document)
            .map(|vital| vital.value as f64 / unit)
    }

    pub fn of_view(&self, n: u64, metric: Metric) -> Option<f64> {
        let unit = if metric == Metric::Cls { 1e6 } else { 1e3 };
        self.vital(n, metric, Scope::View)
            .map(|vital| vital.value as f64 / unit)
    }

    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.of(1, metric)
    }
}
