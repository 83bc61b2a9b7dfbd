//! Visits to put into the store, and a store to put them into.

use std::sync::Arc;
use std::time::Duration;

use rum_collector::batch::{AcceptedBatch, Agent, EnrichedBatch, Mode, Visitor, Weights};
use rum_collector::store::rows::rows;
use rum_collector::store::writer::{self, WriterOptions};
use rum_collector::store::{Appended, Spool, SpoolHealth, SpoolOptions};
use rum_core::Id;
use rum_core::vitals::Metric;
use rum_core::wire::documented::DocumentedBatch;
use rum_core::wire::{Batch, Content};
use serde_json::{Value as Json, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::support::{Database, PATIENCE};

/// How a visit differs from the others.
#[derive(Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) number: u32,
    /// The time of the report, in ms.
    pub(crate) seq: i64,
    /// In µs.
    pub(crate) lcp: i64,
    /// How far the sender's clock is ahead, in seconds.
    pub(crate) ahead: i64,
    /// How long the batch waited before it was sent, in seconds.
    pub(crate) late: i64,
    /// Nobody sees it.
    pub(crate) bot: bool,
}

impl Visit {
    pub(crate) const fn new(number: u32) -> Self {
        Self {
            number,
            seq: 5_000,
            lcp: 1_200_000,
            ahead: 0,
            late: 0,
            bot: false,
        }
    }

    /// One view with a row of every kind: an error that occurred twice, an interaction with its frame; arrives now. Of a
    /// session that was kept as one of ten, by a page that sends all errors.
    pub(crate) fn batch(self) -> EnrichedBatch {
        let Self {
            number,
            seq,
            lcp,
            ahead,
            late,
            bot,
        } = self;
        let received_ms = jiff::Timestamp::now().as_millisecond();
        let origin_ms = received_ms - 6_000 + (ahead - late) * 1_000;
        let seconds = u32::try_from(origin_ms / 1_000).unwrap();
        let vital =
            |metric: Metric, value: i64| json!({ "seq": seq, "metric": metric as i64, "scope": 0, "value": value });
        let inp = json!({
            "seq": seq, "metric": Metric::Inp as i64, "scope": 0, "value": 240_000, "target": "button#pay",
            "detail": "click", "at": 800_000, "input_delay": 20_000, "processing": 180_000, "presentation": 40_000,
            "frames": [long_frame()],
        });
        let body = json!({
            "version": 1,
            "batch_id": Id(u64::from(number) << 32 | u64::try_from(seq).unwrap()),
            "sent_at_ms": received_ms + ahead * 1_000,
            "document": { "time_origin_ms": origin_ms, "origin": "https://shop.example", "sdk": "test" },
            "views": [{
                "seq": seq, "view_id": Id::starting_at(seconds, number), "session_id": Id::starting_at(seconds, 7),
                "kind": 0, "start": 0, "page": "/cart", "end": seq * 1_000,
                "navigation": navigation(),
                "receipt": {
                    "attached": 40_000, "queue_dropped": null,
                    "observer_dropped": [{ "entry_type": "event", "count": 3 }],
                },
                "surroundings": {
                    "server_timing": "db;dur=12.5", "not_restored": "unload-listener", "downlink": 9_500, "rtt": 50,
                    "save_data": 0, "device_memory": 8_192, "cores": 8, "pixel_ratio": 2_000, "delivery": null,
                    "trace_id": "0af7651916cd43dd8448eb211c80319c",
                },
                "user": "u-42", "attributes": [{ "name": "user.plan", "value": "gold" }],
                "scroll": 640, "engaged": 3_200_000,
            }],
            "vitals": [vital(Metric::Lcp, lcp), vital(Metric::Cls, 50_000), inp],
            "requests": [{
                "seq": 900, "ordinal": 3, "initiator": 0, "method": "GET", "url": "https://api.example/cart",
                "status": 200, "start": 700_000, "duration": 150_250, "outcome": 0, "request": 90_000, "response": 50_000,
                "transfer_bytes": 1_500, "encoded_bytes": 1_200, "protocol": "h2", "dns": 1_000, "connect": 9_000,
                "tls": 5_000, "action": 2, "operation": "query Cart", "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "span_id": "b7ad6b7169203331",
            }],
            "errors": [{
                "seq": seq, "ordinal": 4, "source": 0, "class": "TypeError", "message": "x is null", "handled": 0,
                "count": 2, "first": 1_000_000, "stack": "pay@https://shop.example/cart.js:1:2",
                "causes": [{ "class": "RangeError", "message": "no such item" }],
                "attributes": [{ "name": "cart.items", "value": "3" }],
                "debug_ids": [{
                    "name": "https://shop.example/cart.js", "value": "85314830-023f-4cf1-a267-535f4e37bb17",
                }],
            }],
            "actions": [{
                "seq": 800, "ordinal": 2, "at": 800_000, "kind": 0, "name": "Pay", "target": "button#pay",
                "duration": 48_500, "frustration": 5, "attributes": [{ "name": "sku", "value": "porcini" }],
                "value": 12_500,
            }],
            "logs": [{
                "seq": 850, "ordinal": 10, "at": 850_000, "level": 3, "message": "stock is low", "source": 0,
                "attributes": [{ "name": "sku", "value": "porcini" }], "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "weight": 4_000,
            }],
            "long_frames": [{
                "seq": 3_000, "ordinal": 6, "start": 2_900_000, "duration": 70_000, "kind": 1, "weight": 4_000,
            }],
            "resources": [{
                "seq": 400, "ordinal": 7, "start": 120_000, "duration": 60_000, "url": "https://cdn.example/app.css",
                "initiator": "link", "status": 200, "transfer_bytes": 0, "encoded_bytes": 4_000,
                "decoded_bytes": 16_000, "protocol": "h3", "render_blocking": 1, "request": 40_000, "response": 20_000,
                "weight": 10_000,
            }],
            "user_timings": [{ "seq": 500, "ordinal": 8, "start": 300_000, "name": "hydrate", "duration": 150_500 }],
            "element_timings": [{
                "seq": 700, "ordinal": 9, "painted": 600_000, "name": "price", "target": "#price",
            }],
        });
        let batch = Batch::try_from(serde_json::from_value::<DocumentedBatch>(body).unwrap()).unwrap();
        let Content::Events(items) = batch.content else {
            panic!("these are events")
        };
        EnrichedBatch {
            accepted: AcceptedBatch {
                app: "shop".into(),
                id: batch.id,
                sent_ms: batch.sent_at_ms,
                received_ms,
                mode: Mode::Documented,
                document: batch.document,
                items,
            },
            visitor: visitor(if bot { "Googlebot" } else { "" }),
            weights: Weights::new(0.1, false),
        }
    }
}

/// Somebody with Chrome on a Mac in Berlin, or a bot that runs the same.
fn visitor(bot: &'static str) -> Visitor {
    Visitor {
        agent: Arc::new(Agent {
            browser: "Chrome",
            browser_version: Some(156),
            engine: "Blink",
            os: "macOS",
            os_version: "26.1".into(),
            device: if bot.is_empty() { "desktop" } else { "bot" },
            bot,
        }),
        country: "DE".into(),
        region: "DE-BE".into(),
        client: "203.0.113.0/24".into(),
    }
}

/// The page was loaded over a fresh connection.
fn navigation() -> Json {
    json!({
        "kind": 0, "fetch_start": 2_000, "dns_start": 3_000, "dns_end": 10_000, "connect_start": 10_000,
        "tls_start": 15_000, "connect_end": 30_000, "request_start": 30_000, "response_start": 90_000,
        "response_end": 95_000, "dom_interactive": 200_000, "dom_content_loaded_start": 205_000,
        "dom_content_loaded": 210_000, "dom_complete": 700_000, "load": 705_000, "transfer_bytes": 5_300,
        "encoded_bytes": 5_000, "decoded_bytes": 20_000, "status": 200, "protocol": "h2",
    })
}

/// The frame that the click on the button met.
fn long_frame() -> Json {
    json!({
        "ordinal": 5, "start": 790_000, "duration": 230_000, "kind": 0, "blocking": 180_000, "render_start": 1_000_000,
        "style_start": 1_005_000, "first_input": 800_000,
        "scripts": [
            {
                "start": 830_000, "duration": 150_000, "forced_style": 30_000, "pause": 0,
                "invoker_type": "event-listener", "invoker": "BUTTON#pay.onclick",
                "url": "https://shop.example/cart.js", "function": "pay", "position": 912,
            },
            {
                "start": 990_000, "duration": 10_000, "forced_style": 0, "pause": 0, "invoker_type": "user-callback",
                "invoker": "FrameRequestCallback", "url": "https://cdn.example/chart.js", "function": "", "position": -1,
            },
        ],
    })
}

/// A collector without its front: spool and writer.
pub(crate) struct Store {
    pub(crate) spool: Spool,
    writer: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Store {
    pub(crate) fn start(database: &Database) -> Self {
        Self::with(database, SpoolOptions::new(database.folder().join("spool")))
    }

    pub(crate) fn with(database: &Database, options: SpoolOptions) -> Self {
        let spool = Spool::open(options).unwrap();
        let shutdown = CancellationToken::new();
        let every = Duration::from_millis(20);
        let options = WriterOptions {
            every,
            mending_pause: Duration::from_millis(100),
            ..WriterOptions::default()
        };
        let writer = tokio::spawn(writer::run(
            spool.clone(),
            database.clickhouse.clone(),
            options,
            shutdown.clone(),
        ));
        Self {
            spool,
            writer,
            shutdown,
        }
    }

    pub(crate) async fn append(&self, visit: Visit) -> Appended {
        self.spool.append(rows(&visit.batch())).await.unwrap()
    }

    /// Waits until the spool is as it should be.
    pub(crate) async fn until(&self, condition: impl Fn(&SpoolHealth) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut tick = interval(Duration::from_millis(10));
        while !condition(&self.spool.health()) {
            assert!(Instant::now() < deadline, "{:#?}", self.spool.health());
            tick.tick().await;
        }
    }

    pub(crate) async fn drained(&self) {
        self.until(|health| health.tables.iter().all(|table| table.drained))
            .await;
    }

    /// Ends as the collector does: what is in the spool is written first.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.writer).await.unwrap().unwrap();
    }
}
