//! Visits that nobody made: batches with a row of every kind, and the book of what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::StatusCode;
use rum_core::wire::event::{
    ActionEvent, ElementTimingEvent, ErrorEvent, LongFrameEvent, RequestEvent, ResourceEvent, UserTimingEvent,
    ViewEvent, VitalEvent,
};
use rum_core::wire::record::{
    Action, ElementTiming, ErrorReport, LongFrame, Request, Resource, Script, Scripts, UserTiming,
};
use rum_core::wire::{Batch, Content, Document, Event, Item, Skipped};
use rum_core::{Id, ViewKind, vitals::Metric};
use serde_json::Value;
use tokio::time::{interval, timeout};

use crate::collector::Sender;
use crate::waiting::LIMIT;

/// The pause before a visit is sent again.
const AGAIN: Duration = Duration::from_millis(50);

/// What each view of a batch is in people's views: the table, its rows, and the expression that counts them.
const ROWS: [(&str, u64, &str); 9] = [
    ("page_views", 1, "count()"),
    ("web_vitals", 2, "count()"),
    ("requests", 3, "count()"),
    // Occurrences: a row that came twice would show twice as many.
    ("errors", 4, "sum(count)"),
    ("actions", 1, "count()"),
    ("resources", 1, "count()"),
    ("long_frames", 1, "count()"),
    ("long_frame_scripts", 2, "count()"),
    ("timings", 2, "count()"),
];

/// A page view as its page sends it when it is left, with a row of every kind.
pub struct Visit {
    /// The view, which no other visit has.
    pub view: Id,
    /// The page's clock when it sends, in ms since the epoch.
    pub sent_ms: i64,
    body: String,
}

impl Visit {
    /// By a page whose clock is right.
    #[must_use]
    pub fn now() -> Self {
        Self::at(now_ms())
    }

    /// By a page whose clock says `sent_ms`.
    #[must_use]
    pub fn at(sent_ms: i64) -> Self {
        let start_ms = sent_ms - 5_000;
        let start_seconds = u32::try_from(start_ms / 1_000).unwrap_or_default();
        let view = Id::starting_at(start_seconds, rand::random());
        let session = Id::starting_at(start_seconds, rand::random());
        let batch = Batch {
            id: Id(rand::random()),
            sent_at_ms: sent_ms,
            document: document(start_ms),
            content: Content::Events(events(view, session)),
            skipped: Skipped::default(),
        };
        Self {
            view,
            sent_ms,
            body: batch.write(),
        }
    }

    /// Sends it.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, sender: &Sender) -> reqwest::Result<StatusCode> {
        self.send_at(sender, self.sent_ms).await
    }

    /// Sends it when the page's clock says `sent_ms`: again, and later.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send_at(&self, sender: &Sender, sent_ms: i64) -> reqwest::Result<StatusCode> {
        sender.post(&self.body, sent_ms).await
    }
}

/// The time now, in ms since the epoch.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The head of a batch: of a page that began then, in ms since the epoch.
#[must_use]
pub fn document(time_origin_ms: i64) -> Document {
    Document {
        time_origin_ms,
        origin: "https://shop.example".to_owned(),
        sdk: "0.1.0".to_owned(),
        release: None,
        environment: None,
        rate_version: None,
        connection: None,
        viewport_width: Some(1_280),
        viewport_height: Some(900),
        raw_reason: None,
    }
}

/// A view that was left after five seconds.
#[must_use]
pub fn page_view(view: Id, session: Id) -> Event {
    Event::View(Box::new(ViewEvent {
        view_id: view,
        session_id: session,
        kind: ViewKind::Load as i64,
        start: 0,
        page: "/products/porcini".to_owned(),
        referrer: None,
        parent_id: None,
        document_id: None,
        page_name: None,
        end: Some(5_000_000),
        navigation: None,
        receipt: None,
        core_dropped: None,
        surroundings: None,
        user: None,
        attributes: None,
        scroll: None,
        engaged: None,
    }))
}

fn events(view: Id, session: Id) -> Vec<Item> {
    let mut events = vec![page_view(view, session)];
    events.extend(
        [(Metric::Lcp, 1_200_000), (Metric::Cls, 50_000)]
            .map(|(metric, value)| Event::Vital(Box::new(vital(metric, value)))),
    );
    events.extend((1..=3).map(|ordinal| Event::Request(Box::new(request(ordinal)))));
    events.push(Event::Error(Box::new(ErrorEvent {
        ordinal: 4,
        what: error(),
    })));
    let action = Action {
        at: 3_000_000,
        kind: 0,
        name: Some("Add to cart".to_owned()),
        target: Some("#add-to-cart".to_owned()),
        duration: None,
        frustration: None,
        attributes: None,
        value: None,
    };
    events.push(Event::Action(Box::new(ActionEvent {
        ordinal: 5,
        what: action,
    })));
    events.push(Event::Resource(Box::new(ResourceEvent {
        ordinal: 6,
        what: resource(),
    })));
    events.push(Event::LongFrame(Box::new(LongFrameEvent {
        ordinal: 7,
        what: long_frame(),
    })));
    events.push(Event::UserTiming(Box::new(UserTimingEvent {
        ordinal: 8,
        what: UserTiming {
            start: 500_000,
            name: "hydrate".to_owned(),
            duration: Some(120_000),
            weight: None,
        },
    })));
    events.push(Event::ElementTiming(Box::new(ElementTimingEvent {
        ordinal: 9,
        what: ElementTiming {
            painted: 700_000,
            name: "price".to_owned(),
            target: Some("#price".to_owned()),
            url: None,
            weight: None,
        },
    })));
    events
        .into_iter()
        .map(|event| Item {
            view: 0,
            seq: 5_000,
            event,
        })
        .collect()
}

fn vital(metric: Metric, value: i64) -> VitalEvent {
    VitalEvent {
        metric: metric as i64,
        scope: 0,
        value,
        target: Some("main>img".to_owned()),
        detail: None,
        at: None,
        input_delay: None,
        processing: None,
        presentation: None,
        resource: None,
        frames: None,
    }
}

fn request(ordinal: i64) -> RequestEvent {
    let what = Request {
        initiator: 0,
        method: "GET".to_owned(),
        url: format!("/api/products/{ordinal}"),
        status: Some(200),
        start: 1_000_000,
        duration: 80_000,
        outcome: 0,
        request: None,
        response: None,
        transfer_bytes: None,
        encoded_bytes: None,
        decoded_bytes: None,
        protocol: None,
        redirect: None,
        dns: None,
        connect: None,
        tls: None,
        action: None,
        operation: None,
        trace_id: None,
        span_id: None,
    };
    RequestEvent { ordinal, what }
}

fn resource() -> Resource {
    Resource {
        start: 200_000,
        duration: 90_000,
        url: "/assets/shop.css".to_owned(),
        initiator: "link".to_owned(),
        status: Some(200),
        transfer_bytes: Some(4_300),
        encoded_bytes: Some(4_000),
        decoded_bytes: Some(16_000),
        protocol: Some("h2".to_owned()),
        render_blocking: Some(1),
        delivery: None,
        redirect: None,
        dns: None,
        connect: None,
        tls: None,
        request: Some(60_000),
        response: Some(30_000),
        weight: None,
    }
}

fn long_frame() -> LongFrame {
    let script = |start, function: &str| Script {
        start,
        duration: 40_000,
        forced_style: 0,
        pause: 0,
        invoker_type: "event-listener".to_owned(),
        invoker: "BUTTON#add-to-cart.onclick".to_owned(),
        url: "/assets/shop.js".to_owned(),
        function: function.to_owned(),
        position: 42,
    };
    LongFrame {
        start: 3_000_000,
        duration: 120_000,
        kind: 0,
        blocking: Some(70_000),
        render_start: Some(3_100_000),
        style_start: Some(3_110_000),
        first_input: None,
        weight: None,
        scripts: Some(Scripts(vec![
            script(3_005_000, "addToCart"),
            script(3_050_000, "recommend"),
        ])),
    }
}

fn error() -> ErrorReport {
    ErrorReport {
        source: 0,
        class: Some("TypeError".to_owned()),
        message: "offer.discount is undefined".to_owned(),
        stack: Some("    at discountShare (\u{7f}/assets/shop.js:50:16)".to_owned()),
        handled: 0,
        count: 4,
        first: 2_000_000,
        cut: None,
        causes: None,
        attributes: None,
        target: None,
        url: None,
        line: None,
        column: None,
        debug_ids: None,
    }
}

/// What became of visits, as their pages know it.
#[derive(Default)]
pub struct Book {
    /// Answered with 204: each counts once, whatever happens.
    acknowledged: BTreeSet<Id>,
    /// Never answered: each counts once or not at all, but never in part.
    unanswered: BTreeSet<Id>,
}

impl Book {
    /// Sends a new visit, and writes down what came of it.
    ///
    /// # Errors
    /// When it is answered otherwise than with 204.
    pub async fn send(&mut self, sender: &Sender) -> Result<()> {
        self.send_visit(sender, &Visit::now()).await
    }

    /// Sends this visit, and writes down what came of it.
    ///
    /// # Errors
    /// When it is answered otherwise than with 204.
    pub async fn send_visit(&mut self, sender: &Sender, visit: &Visit) -> Result<()> {
        match visit.send(sender).await {
            Ok(StatusCode::NO_CONTENT) => self.acknowledge(visit),
            Ok(status) => bail!("a good batch is answered {status}"),
            Err(_) => {
                self.unanswered.insert(visit.view);
            }
        }
        Ok(())
    }

    /// Writes down that a visit was answered with 204.
    pub fn acknowledge(&mut self, visit: &Visit) {
        self.acknowledged.insert(visit.view);
    }

    /// Sends a new visit as a page does: again and again while it is told to come again. How often it was told so.
    ///
    /// # Errors
    /// When it is answered otherwise, or not at all, or told so for too long.
    pub async fn send_until_kept(&mut self, sender: &Sender) -> Result<usize> {
        let visit = Visit::now();
        let mut refusals = 0;
        let mut tries = interval(AGAIN);
        let sending = async {
            loop {
                tries.tick().await;
                match visit.send(sender).await? {
                    StatusCode::NO_CONTENT => return Ok(()),
                    StatusCode::SERVICE_UNAVAILABLE => refusals += 1,
                    status => bail!("a good batch is answered {status}"),
                }
            }
        };
        timeout(LIMIT, sending)
            .await
            .context("a visit is refused again and again")??;
        self.acknowledge(&visit);
        Ok(refusals)
    }

    /// How many visits were answered with 204.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// How many were not answered.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.unanswered.len()
    }

    /// Writes down what somebody else has sent.
    pub fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unanswered.extend(other.unanswered);
    }

    /// Compares this book with what people's views say, asked by `sql`: nothing lost, nothing twice, nothing in part.
    ///
    /// # Errors
    /// With the first table that says otherwise.
    pub async fn agrees(&self, sql: impl AsyncFn(String) -> Result<Vec<Value>>) -> Result<()> {
        let mut stored: Option<BTreeSet<Id>> = None;
        for (table, expected, count) in ROWS {
            let rows = sql(format!(
                "SELECT view_id, {count} AS rows FROM rum.{table} GROUP BY view_id"
            ))
            .await?;
            let found = rows.iter().map(read_count).collect::<Result<BTreeMap<Id, u64>>>()?;
            let mut lost = self.acknowledged.iter().filter(|view| !found.contains_key(view));
            if let Some(view) = lost.next() {
                bail!(
                    "{view:?} and {} more of {} views are not in {table}",
                    lost.count(),
                    self.acknowledged.len()
                );
            }
            for (view, count) in &found {
                ensure!(
                    *count == expected,
                    "{table} has {count} of {view:?}, it should have {expected}"
                );
                let known = self.acknowledged.contains(view) || self.unanswered.contains(view);
                ensure!(known, "nobody sent {view:?}, which is in {table}");
            }
            let found: BTreeSet<Id> = found.into_keys().collect();
            let same = stored.get_or_insert_with(|| found.clone());
            ensure!(*same == found, "{table} has other views than the tables before it");
        }
        Ok(())
    }
}

fn read_count(row: &Value) -> Result<(Id, u64)> {
    let view = row["view_id"]
        .as_str()
        .and_then(Id::from_hex)
        .with_context(|| format!("no view in {row}"))?;
    Ok((
        view,
        row["rows"].as_u64().with_context(|| format!("no count in {row}"))?,
    ))
}
