//! From an enriched batch to the rows of its frame. Pure: what the tables hold is decided here.

use std::collections::BTreeMap;

use rum_core::wire::event::ViewEvent;
use rum_core::wire::record::Attributes;
use rum_core::wire::{Event, Item};

use super::clock::{ViewStart, judge, skew_ms};
use super::frame::Frame;
use super::row::{ClockBadRow, Place, Repeated, Report, Row, Sender};
use super::rowbinary::{Low, Map, Millis, Seconds, Value};
use crate::batch::{Agent, EnrichedBatch, Mode, Visitor};

mod address;
mod incident;
mod log;
mod name;
mod page_view;
mod timing;
mod vital;

/// How long rows are kept, in days: the one retention class there is yet.
const RETENTION_DAYS: u16 = 30;

/// The latest moment a row may carry, in ms since the epoch (2100): times beyond it are a sender's nonsense.
const LATEST_MS: i64 = 4_102_444_800_000;

/// The rows of a batch. Values of metrics or scopes that this collector does not know have no unit, and items without
/// their view no place: both are left out and counted in [`Frame::left_out`].
#[must_use]
pub fn rows(batch: &EnrichedBatch) -> Frame {
    let accepted = &batch.accepted;
    let sender = sender(batch).into();
    let mut maker = Maker {
        batch,
        // What a tab had entrusted to the browser that has crashed since may be as old as the tab: no clock is wrong.
        skew_ms: if accepted.document.raw_reason == Some(name::CRASHED) {
            0
        } else {
            skew_ms(accepted.sent_ms, accepted.received_ms)
        },
        sender: &sender,
        frame: Frame::new(accepted.app.clone(), accepted.id, accepted.received_ms),
    };
    // Of a few keys, mostly of one: no hash is worth it.
    let views: BTreeMap<i64, View<'_>> = accepted
        .items
        .iter()
        .filter_map(|item| match &item.event {
            Event::View(view) => Some((item.view, maker.placed(view))),
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

/// What is known of who sent a batch.
fn sender(batch: &EnrichedBatch) -> Sender<'_> {
    let Visitor {
        agent,
        country,
        region,
        client: _,
    } = &batch.visitor;
    let Agent {
        browser,
        browser_version,
        engine,
        os,
        os_version,
        device,
        bot: _,
    } = &**agent;
    Sender {
        device: Low(device),
        browser: Low(browser),
        browser_version: *browser_version,
        engine: Low(engine),
        os: Low(os),
        os_version: Low(os_version),
        connection: text(&batch.accepted.document.connection),
        country: Low(country),
        region: Low(region),
    }
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
    /// How far the sender's clock is behind ours.
    skew_ms: i64,
    sender: &'a Repeated<Sender<'a>>,
    frame: Frame,
}

/// A view, and what its rows have alike.
struct View<'a> {
    event: &'a ViewEvent,
    place: Repeated<Place<'a>>,
    /// What a row stands for that has no sampling of its own.
    weight: f32,
    start: ViewStart,
}

/// What an item's row is called within its view; with app and view id it names the row for ever.
struct Name<'a> {
    kind: &'a str,
    ordinal: u64,
}

impl<'a> Maker<'a> {
    fn push(&mut self, view: &View<'_>, item: &'a Item) {
        match &item.event {
            // It is the place of what a browser reported, and nobody's page view.
            Event::View(_) if self.batch.accepted.mode == Mode::Report => {}
            // Of several reports of a view each has its own.
            Event::View(event) => self.view(&self.placed(event), item),
            Event::Vital(event) => self.vital(view, item, event),
            Event::Request(event) => self.request(view, item, event),
            Event::Error(event) => self.error(view, item, event),
            Event::Action(event) => self.action(view, item, event),
            Event::LongFrame(event) => self.long_frame(view, item, event),
            Event::Resource(event) => self.resource(view, item, event),
            Event::UserTiming(event) => self.user_timing(view, item, event),
            Event::ElementTiming(event) => self.element_timing(view, item, event),
            Event::Log(event) => self.log(view, item, event),
        }
    }

    /// A view, with what its rows have alike.
    fn placed(&self, view: &'a ViewEvent) -> View<'a> {
        let EnrichedBatch {
            accepted,
            visitor,
            weights,
        } = self.batch;
        let start = view.view_id.start_seconds();
        let place = Place {
            retention: RETENTION_DAYS,
            hour: Seconds(start - start % 3_600),
            app: Low(&accepted.app),
            recv_ts: Millis(accepted.received_ms),
            skew_ms: self.skew_ms,
            session_id: view.session_id,
            view_id: view.view_id,
            page: Low(&view.page),
            release: text(&accepted.document.release),
            bot: Low(visitor.agent.bot),
        };
        View {
            event: view,
            place: place.into(),
            weight: weights.others(view.session_id),
            start: judge(view.view_id, accepted.received_ms),
        }
    }

    /// The report of a row of `view` at `t` (µs since the time origin).
    fn report(&self, view: &View<'_>, item: &Item, t: i64) -> Report {
        Report {
            ver: version(item.seq, self.batch.accepted.received_ms),
            ts: self.moment(view.event, t),
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
        let moment = wall(t).saturating_add(slept).saturating_add(self.skew_ms);
        Millis(moment.clamp(0, LATEST_MS))
    }

    /// Puts the row into its table, or into `clock_bad` if its view's start cannot be true.
    fn keep<R: Row>(&mut self, view: &View<'_>, name: Name<'_>, row: &R, ver: u64) {
        let accepted = &self.batch.accepted;
        match view.start {
            ViewStart::Plausible => self.frame.push(row),
            ViewStart::Implausible => {
                let json = serde_json::Value::Object(row.json()).to_string();
                self.frame.push(&ClockBadRow {
                    app: Low(&accepted.app),
                    ver,
                    recv_ts: Millis(accepted.received_ms),
                    skew_ms: self.skew_ms,
                    view_id: view.event.view_id,
                    table: Low(R::TABLE.name()),
                    kind: Low(name.kind),
                    ordinal: name.ordinal,
                    row: &json,
                });
            }
        }
    }
}

/// What a row stands for: its session's weight, times the thousandths of its own sampling.
fn sampled(weight: f32, thousandths: Option<i64>) -> f32 {
    weight * thousandths.map_or(1.0, |thousandths| (thousandths as f64 / 1_000.0) as f32)
}

fn text(text: &Option<String>) -> Low<'_> {
    Low(text.as_deref().unwrap_or_default())
}

/// One column of a list, such as a frame's scripts.
fn each<'a, T, V: Value>(items: &'a [T], column: impl Fn(&'a T) -> V) -> Vec<V> {
    items.iter().map(column).collect()
}

/// µs to ms.
fn ms(us: i64) -> f64 {
    us as f64 / 1_000.0
}

/// µs to ms, for what lasts minutes at most: 24 bits resolve 10 minutes to 0.06 ms.
fn ms32(us: i64) -> f32 {
    ms(us) as f32
}

/// What a page says about something, by name.
fn attributes(attributes: &Option<Attributes>) -> Map<Low<'_>, &str> {
    let all = attributes.iter().flat_map(|attributes| &attributes.0);
    Map(all
        .map(|attribute| (Low(attribute.name.as_str()), attribute.value.as_str()))
        .collect())
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

#[cfg(test)]
mod tests;
