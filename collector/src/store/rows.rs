//! From an enriched batch to the rows of its frame. Pure: what the tables hold is decided here.

use std::collections::HashMap;

use rum_core::vitals::{Metric, Scope};
use rum_core::wire::event::{ActionEvent, ErrorEvent, RequestEvent, ViewEvent, VitalEvent};
use rum_core::wire::{Event, Item};
use rum_core::{Id, ViewKind};
use url::Url;

use super::clock::{ViewStart, correction_ms, judge};
use super::error_group::error_group;
use super::frame::Frame;
use super::row::{
    ActionFields, ActionRow, ClockBadRow, ErrorFields, ErrorRow, Place, RequestFields, RequestRow, Row, ViewFields,
    ViewRow, VitalFields, VitalRow,
};
use super::rowbinary::{Low, Millis, Seconds};
use crate::batch::{EnrichedBatch, Mode};

/// How long rows are kept, in days: the one retention class there is yet.
const RETENTION_DAYS: u16 = 30;

/// The weight of a session that was kept with probability 1: version 0 of the sampling rate, the only one there is yet.
const WEIGHT: f32 = 1.0;

/// What a kind is called whose number this collector does not know: a newer SDK's. The row is kept.
const OTHER: &str = "other";

/// The latest moment a row may carry, in ms since the epoch (2100): times beyond it are a sender's nonsense.
const LATEST_MS: i64 = 4_102_444_800_000;

/// The rows of a batch. Values of metrics or scopes that this collector does not know have no unit, and items without
/// their view no place: both are left out and counted in [`Frame::left_out`].
#[must_use]
pub fn rows(batch: &EnrichedBatch) -> Frame {
    let accepted = &batch.accepted;
    let mut maker = Maker {
        batch,
        correction_ms: correction_ms(accepted.sent_ms, accepted.received_ms),
        frame: Frame::new(accepted.app.clone(), accepted.id, accepted.received_ms),
    };
    let views: HashMap<i64, &ViewEvent> = accepted
        .items
        .iter()
        .filter_map(|item| match &item.event {
            Event::View(view) => Some((item.view, view)),
            _ => None,
        })
        .collect();
    for item in &accepted.items {
        match views.get(&item.view) {
            Some(view) => maker.push(view, item),
            None => maker.frame.left_out += 1,
        }
    }
    maker.frame
}

/// A view's id has whole seconds, and pages round their time origin: less than this says nothing.
const SHORTEST_SLEEP_MS: i64 = 2_000;

/// The version of a row: the newest report wins, among equals the earliest arrival, so that a retry changes nothing.
/// `seq` is in ms since the document's time origin.
fn version(seq: i64, received_ms: i64) -> u64 {
    let seq = clamp_u32(seq);
    let received = clamp_u32(received_ms.div_euclid(1_000));
    u64::from(seq) << 32 | u64::from(u32::MAX - received)
}

struct Maker<'a> {
    batch: &'a EnrichedBatch,
    correction_ms: i64,
    frame: Frame,
}

/// What an item's row is called within its view; with app and view id it names the row for ever.
struct Name<'a> {
    kind: &'a str,
    ordinal: u64,
}

impl<'a> Maker<'a> {
    fn push(&mut self, view: &'a ViewEvent, item: &'a Item) {
        match &item.event {
            Event::View(event) => self.view(item, event),
            Event::Vital(event) => self.vital(view, item, event),
            Event::Request(event) => self.request(view, item, event),
            Event::Error(event) => self.error(view, item, event),
            Event::Action(event) => self.action(view, item, event),
        }
    }

    fn view(&mut self, item: &Item, view: &'a ViewEvent) {
        let EnrichedBatch {
            accepted,
            browser,
            device,
        } = self.batch;
        let document = &accepted.document;
        let phases = view.navigation.as_ref();
        let of_phases = |field: fn(&rum_core::wire::event::NavigationPhases) -> Option<i64>| phases.and_then(field);
        let receipt = view.receipt.as_ref();
        let row = ViewRow {
            place: self.place(view, item, view.start),
            what: ViewFields {
                document_id: view.document_id.unwrap_or(view.view_id),
                parent_id: view.parent_id,
                kind: Low(ViewKind::from_wire(view.kind).map_or(OTHER, ViewKind::name)),
                page_name: text(&view.page_name),
                referrer: view.referrer.as_deref().unwrap_or_default(),
                origin: Low(&document.origin),
                release: text(&document.release),
                environment: text(&document.environment),
                browser: Low(browser),
                device: Low(device),
                connection: text(&document.connection),
                viewport_width: document.viewport_width.map(clamp_u32),
                viewport_height: document.viewport_height.map(clamp_u32),
                duration_ms: view.end.map(|end| ms(end.saturating_sub(view.start)).max(0.0)),
                navigation_kind: Low(phases.map_or("", |phases| navigation_kind(phases.kind))),
                redirect_ms: of_phases(|phases| phases.redirect).map(ms32),
                worker_ms: of_phases(|phases| phases.worker).map(ms32),
                dns_ms: of_phases(|phases| phases.dns).map(ms32),
                connect_ms: of_phases(|phases| phases.connect).map(ms32),
                tls_ms: of_phases(|phases| phases.tls).map(ms32),
                request_ms: of_phases(|phases| phases.request).map(ms32),
                response_ms: of_phases(|phases| phases.response).map(ms32),
                dom_interactive_ms: of_phases(|phases| phases.dom_interactive).map(ms32),
                dom_content_loaded_ms: of_phases(|phases| phases.dom_content_loaded).map(ms32),
                dom_complete_ms: of_phases(|phases| phases.dom_complete).map(ms32),
                load_ms: of_phases(|phases| phases.load).map(ms32),
                transfer_bytes: of_phases(|phases| phases.transfer_bytes).map(clamp_u64),
                encoded_bytes: of_phases(|phases| phases.encoded_bytes).map(clamp_u64),
                decoded_bytes: of_phases(|phases| phases.decoded_bytes).map(clamp_u64),
                status: of_phases(|phases| phases.status).and_then(status),
                protocol: Low(phases.and_then(|phases| phases.protocol.as_deref()).unwrap_or_default()),
                mode: Low(mode(accepted.mode)),
                raw_reason: Low(document.raw_reason.map_or("", raw_reason)),
                attached_ms: receipt.map(|receipt| ms(receipt.attached)),
                // With a receipt, a counter that is absent was 0; without one, nobody knows.
                queue_dropped: receipt.map(|receipt| clamp_u32(receipt.queue_dropped.unwrap_or(0))),
                observer_dropped: receipt.map(|receipt| clamp_u32(receipt.observer_dropped.unwrap_or(0))),
                core_dropped: receipt.map(|receipt| clamp_u32(receipt.core_dropped.unwrap_or(0))),
                sdk: Low(&document.sdk),
                weight: WEIGHT,
            },
        };
        self.keep(
            view.view_id,
            Name {
                kind: "view",
                ordinal: 0,
            },
            &row,
            row.place.ver,
        );
    }

    fn vital(&mut self, view: &'a ViewEvent, item: &Item, vital: &'a VitalEvent) {
        let scope = [Scope::Document, Scope::View]
            .into_iter()
            .find(|scope| *scope as i64 == vital.scope);
        let (Some(metric), Some(scope)) = (Metric::from_wire(vital.metric), scope) else {
            self.frame.left_out += 1;
            return;
        };
        let EnrichedBatch {
            accepted,
            browser,
            device,
        } = self.batch;
        let row = VitalRow {
            // The view's time, not the report's: every report of a value stands at the same place on a chart.
            place: self.place(view, item, view.start),
            what: VitalFields {
                metric: Low(metric.name()),
                scope,
                value: value(metric, vital.value),
                rating: metric.rate(vital.value),
                target: vital.target.as_deref().unwrap_or_default(),
                detail: vital.detail.as_deref().unwrap_or_default(),
                at_ms: vital.at.map(ms),
                input_delay_ms: vital.input_delay.map(ms32),
                processing_ms: vital.processing.map(ms32),
                presentation_ms: vital.presentation.map(ms32),
                device: Low(device),
                browser: Low(browser),
                release: text(&accepted.document.release),
                connection: text(&accepted.document.connection),
                weight: WEIGHT,
            },
        };
        let name = Name {
            kind: metric.name(),
            ordinal: scope as u64,
        };
        self.keep(view.view_id, name, &row, row.place.ver);
    }

    fn request(&mut self, view: &'a ViewEvent, item: &Item, event: &'a RequestEvent) {
        let request = &event.what;
        let url = Url::parse(&request.url).ok();
        let row = RequestRow {
            place: self.place(view, item, request.start),
            what: RequestFields {
                kind: Low(initiator(request.initiator)),
                ordinal: clamp_u64(event.ordinal),
                method: Low(&request.method),
                url: &request.url,
                host: Low(url.as_ref().and_then(Url::host_str).unwrap_or_default()),
                path: url.as_ref().map_or(request.url.as_str(), Url::path),
                status: request.status.and_then(status),
                start_ms: ms(request.start),
                duration_ms: ms32(request.duration),
                outcome: Low(outcome(request.outcome)),
                release: text(&self.batch.accepted.document.release),
            },
        };
        self.keep(
            view.view_id,
            Name {
                kind: "request",
                ordinal: row.what.ordinal,
            },
            &row,
            row.place.ver,
        );
    }

    fn error(&mut self, view: &'a ViewEvent, item: &Item, event: &'a ErrorEvent) {
        let error = &event.what;
        let class = error.class.as_deref().unwrap_or_default();
        let stack = error.stack.as_deref().unwrap_or_default();
        let row = ErrorRow {
            place: self.place(view, item, error.first),
            what: ErrorFields {
                ordinal: clamp_u64(event.ordinal),
                last_ts: self.moment(view, item.seq.saturating_mul(1_000)),
                group_id: error_group(class, &error.message, stack),
                class: Low(class),
                message: &error.message,
                stack,
                source: Low(source(error.source)),
                handled: error.handled != 0,
                count: clamp_u32(error.count),
                cut: clamp_u32(error.cut.unwrap_or(0)),
                release: text(&self.batch.accepted.document.release),
            },
        };
        self.keep(
            view.view_id,
            Name {
                kind: "error",
                ordinal: row.what.ordinal,
            },
            &row,
            row.place.ver,
        );
    }

    fn action(&mut self, view: &'a ViewEvent, item: &Item, event: &'a ActionEvent) {
        let action = &event.what;
        let row = ActionRow {
            place: self.place(view, item, item.seq.saturating_mul(1_000)),
            what: ActionFields {
                kind: Low(action_kind(action.kind)),
                ordinal: clamp_u64(event.ordinal),
                name: action.name.as_deref().unwrap_or_default(),
                target: action.target.as_deref().unwrap_or_default(),
            },
        };
        self.keep(
            view.view_id,
            Name {
                kind: "action",
                ordinal: row.what.ordinal,
            },
            &row,
            row.place.ver,
        );
    }

    /// The place of a row of `view` at `t` (µs since the time origin).
    fn place(&self, view: &'a ViewEvent, item: &Item, t: i64) -> Place<'a> {
        let accepted = &self.batch.accepted;
        let start = view.view_id.start_seconds();
        Place {
            retention: RETENTION_DAYS,
            hour: Seconds(start - start % 3_600),
            app: Low(&accepted.app),
            ver: version(item.seq, accepted.received_ms),
            ts: self.moment(view, t),
            recv_ts: Millis(accepted.received_ms),
            session_id: view.session_id,
            view_id: view.view_id,
            page: Low(&view.page),
        }
    }

    /// The wall clock at `t` (µs since the time origin). Monotonic time stands still while a machine sleeps; the view's id
    /// has the wall clock of its start, so what is missing by then is added.
    fn moment(&self, view: &ViewEvent, t: i64) -> Millis {
        let wall = |t: i64| {
            self.batch
                .accepted
                .document
                .time_origin_ms
                .saturating_add(t.div_euclid(1_000))
        };
        let slept = (i64::from(view.view_id.start_seconds()) * 1_000).saturating_sub(wall(view.start));
        let slept = if slept > SHORTEST_SLEEP_MS { slept } else { 0 };
        let moment = wall(t).saturating_add(slept).saturating_add(self.correction_ms);
        Millis(moment.clamp(0, LATEST_MS))
    }

    /// Puts the row into its table, or into `clock_bad` if its view's start cannot be true.
    fn keep<R: Row>(&mut self, view_id: Id, name: Name<'_>, row: &R, ver: u64) {
        let accepted = &self.batch.accepted;
        match judge(view_id, accepted.received_ms) {
            ViewStart::Plausible => self.frame.push(row),
            ViewStart::Implausible => {
                let json = serde_json::Value::Object(row.json()).to_string();
                self.frame.push(&ClockBadRow {
                    app: Low(&accepted.app),
                    ver,
                    recv_ts: Millis(accepted.received_ms),
                    view_id,
                    table: Low(R::TABLE.name()),
                    kind: Low(name.kind),
                    ordinal: name.ordinal,
                    row: &json,
                });
            }
        }
    }
}

fn text(text: &Option<String>) -> Low<'_> {
    Low(text.as_deref().unwrap_or_default())
}

/// µs to ms.
fn ms(us: i64) -> f64 {
    us as f64 / 1_000.0
}

/// µs to ms, for what lasts minutes at most: 24 bits resolve 10 minutes to 0.06 ms.
fn ms32(us: i64) -> f32 {
    ms(us) as f32
}

/// A metric's value in the tables' unit: CLS as it is, the others in ms.
fn value(metric: Metric, wire: i64) -> f32 {
    match metric {
        Metric::Cls => (wire as f64 / 1_000_000.0) as f32,
        Metric::Lcp | Metric::Inp | Metric::Fcp | Metric::Ttfb => ms32(wire),
    }
}

fn clamp_u32(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

fn clamp_u64(number: i64) -> u64 {
    number.max(0).unsigned_abs()
}

/// An HTTP status; what cannot be one is absent.
fn status(number: i64) -> Option<u16> {
    u16::try_from(number)
        .ok()
        .filter(|status| (100..1_000).contains(status))
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Wasm => "wasm",
        Mode::Raw => "raw",
        Mode::Documented => "json",
    }
}

const fn navigation_kind(number: i64) -> &'static str {
    match number {
        0 => "navigate",
        1 => "reload",
        2 => "back_forward",
        3 => "prerender",
        4 => "restore",
        _ => OTHER,
    }
}

const fn raw_reason(number: i64) -> &'static str {
    match number {
        1 => "not-ready",
        2 => "unavailable",
        3 => "trapped",
        _ => OTHER,
    }
}

const fn initiator(number: i64) -> &'static str {
    match number {
        0 => "fetch",
        1 => "xhr",
        _ => OTHER,
    }
}

const fn outcome(number: i64) -> &'static str {
    match number {
        0 => "ok",
        1 => "failed",
        2 => "aborted",
        3 => "timeout",
        _ => OTHER,
    }
}

const fn source(number: i64) -> &'static str {
    match number {
        0 => "error",
        1 => "unhandledrejection",
        2 => "reported",
        _ => OTHER,
    }
}

const fn action_kind(number: i64) -> &'static str {
    match number {
        0 => "click",
        1 => "submit",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests;
