//! The store with a real ClickHouse: what is spooled arrives, counts once, and can be read.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

mod support;

use std::cell::Cell;
use std::time::Duration;

use rum_collector::batch::{AcceptedBatch, EnrichedBatch, Mode};
use rum_collector::store::query::{self, GroupBy, GroupStats, Measure, SqlFormat, WindowQuery};
use rum_collector::store::rows::rows;
use rum_collector::store::writer::{self, WriterOptions};
use rum_collector::store::{Appended, Spool, SpoolHealth, SpoolOptions, Table, migrate};
use rum_core::Id;
use rum_core::vitals::Metric;
use rum_core::wire::documented::DocumentedBatch;
use rum_core::wire::{Batch, Content};
use serde_json::{Value as Json, json};
use support::{Database, PATIENCE};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;

/// How a visit differs from the others.
#[derive(Clone, Copy)]
struct Visit {
    number: u32,
    /// The time of the report, in ms.
    seq: i64,
    /// In µs.
    lcp: i64,
    /// How far the sender's clock is ahead, in seconds.
    ahead: i64,
}

impl Visit {
    const fn new(number: u32) -> Self {
        Self {
            number,
            seq: 5_000,
            lcp: 1_200_000,
            ahead: 0,
        }
    }

    /// One view with a vital, a request, an error that occurred twice, and a click; arrives now.
    fn batch(self) -> EnrichedBatch {
        let Self {
            number,
            seq,
            lcp,
            ahead,
        } = self;
        let received_ms = jiff::Timestamp::now().as_millisecond();
        let origin_ms = received_ms - 6_000 + ahead * 1_000;
        let seconds = u32::try_from(origin_ms / 1_000).unwrap();
        let vital =
            |metric: Metric, value: i64| json!({ "seq": seq, "metric": metric as i64, "scope": 0, "value": value });
        let body = json!({
            "version": 1,
            "batch_id": Id(u64::from(number) << 32 | u64::try_from(seq).unwrap()),
            "sent_at_ms": received_ms + ahead * 1_000,
            "document": { "time_origin_ms": origin_ms, "origin": "https://shop.example", "sdk": "test" },
            "views": [{
                "seq": seq, "view_id": Id::starting_at(seconds, number), "session_id": Id::starting_at(seconds, 7),
                "kind": 0, "start": 0, "page": "/cart", "end": seq * 1_000,
            }],
            "vitals": [vital(Metric::Lcp, lcp), vital(Metric::Cls, 50_000)],
            "requests": [{
                "seq": 900, "ordinal": 3, "initiator": 0, "method": "GET", "url": "https://api.example/cart",
                "status": 200, "start": 700_000, "duration": 150_250, "outcome": 0,
            }],
            "errors": [{
                "seq": seq, "ordinal": 4, "source": 0, "class": "TypeError", "message": "x is null", "handled": 0,
                "count": 2, "first": 1_000_000, "stack": "pay@https://shop.example/cart.js:1:2",
            }],
            "actions": [{ "seq": 800, "ordinal": 2, "kind": 0, "name": "Pay", "target": "button#pay" }],
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
            browser: "Chrome",
            device: "desktop",
        }
    }
}

/// A collector without its front: spool and writer.
struct Store {
    spool: Spool,
    writer: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Store {
    fn start(database: &Database) -> Self {
        Self::with(database, SpoolOptions::new(database.folder().join("spool")))
    }

    fn with(database: &Database, options: SpoolOptions) -> Self {
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

    async fn append(&self, visit: Visit) -> Appended {
        self.spool.append(rows(&visit.batch())).await.unwrap()
    }

    /// Waits until the spool is as it should be.
    async fn until(&self, condition: impl Fn(&SpoolHealth) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut tick = interval(Duration::from_millis(10));
        while !condition(&self.spool.health()) {
            assert!(Instant::now() < deadline, "{:#?}", self.spool.health());
            tick.tick().await;
        }
    }

    async fn drained(&self) {
        self.until(|health| health.tables.iter().all(|table| table.drained))
            .await;
    }

    /// Ends as the collector does: what is in the spool is written first.
    async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.writer).await.unwrap().unwrap();
    }
}

const VIEWS: [&str; 7] = [
    "page_views",
    "web_vitals",
    "web_vitals_all",
    "requests",
    "errors",
    "actions",
    "sessions",
];

#[tokio::test]
async fn tables_have_the_columns_that_are_written() {
    let database = Database::start().await;
    let first = migrate(&database.clickhouse).await.unwrap();
    assert!(
        first.applied.starts_with(&[1, 2]) && first.unknown.is_empty(),
        "{first:?}"
    );
    assert_eq!(migrate(&database.clickhouse).await.unwrap().applied, [] as [u32; 0]);
    for table in Table::ALL {
        let found: Vec<(String, String)> = database
            .client
            .query_raw("SELECT name, type FROM system.columns WHERE database = 'rum_data' AND table = {table:String} ORDER BY position")
            .param("table", table.name())
            .fetch_all()
            .await
            .unwrap();
        let written: Vec<_> = table
            .columns()
            .into_iter()
            .map(|column| (column.name, column.sql_type))
            .collect();
        assert_eq!(found, written, "{table:?}");
    }

    database
        .run("INSERT INTO rum_data.migrations SELECT 999, 'later', '', now()")
        .await;
    assert_eq!(migrate(&database.clickhouse).await.unwrap().unknown, [999]);
    database
        .run("INSERT INTO rum_data.migrations SELECT 1, 'tables', 'other', now()")
        .await;
    let error = migrate(&database.clickhouse).await.unwrap_err().to_string();
    assert!(error.contains("migration 1 (tables)"), "{error}");
    database.stop().await;
}

#[tokio::test]
async fn every_view_answers() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    let visit = Visit::new(1);
    assert_eq!(store.append(visit).await, Appended::Stored);
    store.drained().await;
    for view in VIEWS {
        let answer = query::sql(
            &database.clickhouse,
            &format!("SELECT * FROM rum.{view}"),
            SqlFormat::Json,
        )
        .await
        .unwrap();
        let answer: Json = serde_json::from_str(&answer).unwrap();
        let rows = if view.starts_with("web_vitals") { 2 } else { 1 };
        assert_eq!(answer["rows"], json!(rows), "{view}");
        let mut row = answer["data"][0].clone();
        // What depends on the moment of the test, or on its random ids.
        for name in [
            "hour",
            "ts",
            "last_ts",
            "recv_ts",
            "start",
            "end",
            "session_id",
            "view_id",
            "document_id",
        ] {
            if let Some(value) = row.get_mut(name) {
                let form: String = value
                    .as_str()
                    .unwrap()
                    .chars()
                    .map(|c| if c.is_ascii_hexdigit() { '#' } else { c })
                    .collect();
                *value = form.into();
            }
        }
        insta::assert_json_snapshot!(view, row);
    }
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn what_comes_twice_counts_once_and_the_newest_report_is_the_value() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    let first = Visit::new(1).batch();
    assert_eq!(store.spool.append(rows(&first)).await.unwrap(), Appended::Stored);
    assert_eq!(store.spool.append(rows(&first)).await.unwrap(), Appended::Duplicate);
    store.drained().await;
    store.stop().await;

    // The cursors are lost, as if the collector had died between the insert and the cursor: all is inserted again.
    let spool = database.folder().join("spool");
    for table in Table::ALL {
        std::fs::remove_file(spool.join(format!("{}.cursor", table.name()))).unwrap();
    }
    let store = Store::start(&database);
    store.drained().await;
    // A later report of the same rows under another batch id; then an older one, late.
    let report = |seq: i64, lcp: i64| {
        let mut batch = Visit {
            seq,
            lcp,
            ..Visit::new(1)
        }
        .batch();
        for (item, original) in batch.accepted.items.iter_mut().zip(&first.accepted.items) {
            // Same view, and so the same names.
            if let (rum_core::wire::Event::View(view), rum_core::wire::Event::View(first)) =
                (&mut item.event, &original.event)
            {
                (view.view_id, view.session_id) = (first.view_id, first.session_id);
            }
        }
        rows(&batch)
    };
    assert_eq!(
        store.spool.append(report(9_000, 2_600_000)).await.unwrap(),
        Appended::Stored
    );
    store.drained().await;
    assert_eq!(
        store.spool.append(report(4_000, 700_000)).await.unwrap(),
        Appended::Stored
    );
    store.drained().await;

    for (view, expected) in [
        ("page_views", 1),
        ("web_vitals", 2),
        ("requests", 1),
        ("errors", 1),
        ("actions", 1),
        ("sessions", 1),
    ] {
        assert_eq!(
            database.number(&format!("SELECT count() FROM rum.{view}")).await,
            expected,
            "{view}"
        );
    }
    assert_eq!(
        database
            .number("SELECT value FROM rum.web_vitals WHERE metric = 'LCP'")
            .await,
        2_600
    );
    assert_eq!(database.number("SELECT duration_ms FROM rum.page_views").await, 9_000);
    assert!(
        database.number("SELECT count() FROM rum_data.vitals").await > 2,
        "it was inserted more than once"
    );
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn a_clock_a_day_ahead_is_set_aside_and_a_day_behind_is_not() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    let ahead = Visit {
        ahead: 86_400,
        ..Visit::new(1)
    }
    .batch();
    store.spool.append(rows(&ahead)).await.unwrap();
    // Inserted again under another batch id, it counts once there too.
    let mut again = ahead;
    again.accepted.id = Id(99);
    store.spool.append(rows(&again)).await.unwrap();
    store
        .append(Visit {
            ahead: -86_400,
            ..Visit::new(2)
        })
        .await;
    store.drained().await;
    assert_eq!(database.number("SELECT count() FROM rum_data.clock_bad FINAL").await, 6);
    assert_eq!(database.number("SELECT count() FROM rum.page_views").await, 1);
    assert_eq!(
        database
            .number("SELECT count() FROM rum.page_views WHERE abs(dateDiff('second', ts, recv_ts)) < 10")
            .await,
        1,
        "the skew is corrected",
    );
    let value = "SELECT JSONExtractFloat(row, 'value') FROM rum_data.clock_bad FINAL WHERE kind = 'LCP'";
    assert_eq!(database.number(value).await, 1_200);
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn killing_clickhouse_under_traffic_loses_and_doubles_nothing() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let mut options = SpoolOptions::new(database.folder().join("spool"));
    // Small, so that segments are deleted on the way.
    options.segment_bytes = 64 << 10;
    let store = Store::with(&database, options);
    let killed = Cell::new(false);
    let traffic = async {
        let mut visits = 0;
        while !killed.get() {
            assert_eq!(store.append(Visit::new(visits)).await, Appended::Stored);
            visits += 1;
        }
        visits
    };
    let kills = async {
        for _ in 0..3 {
            database.kill().await;
            // Something has arrived since, so inserts were under way at the next kill too.
            let known = database.number("SELECT count() FROM rum.page_views").await;
            let mut tick = interval(Duration::from_millis(10));
            while database.number("SELECT count() FROM rum.page_views").await <= known {
                tick.tick().await;
            }
        }
        killed.set(true);
    };
    let (visits, ()) = timeout(PATIENCE, async { tokio::join!(traffic, kills) }).await.unwrap();
    store.drained().await;
    for (view, a_visit) in [
        ("page_views", 1),
        ("web_vitals", 2),
        ("requests", 1),
        ("errors", 1),
        ("actions", 1),
    ] {
        let found = database.number(&format!("SELECT count() FROM rum.{view}")).await;
        assert_eq!(found, u64::from(visits) * a_visit, "{view}");
    }
    let health = store.spool.health();
    assert!(health.segments <= 1 && health.stall().is_none(), "{health:#?}");
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn a_row_that_clickhouse_will_never_take_goes_to_the_dead_letters_alone() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let bad = Id::starting_at(0, 13).0;
    database
        .run(&format!(
            "ALTER TABLE rum_data.actions ADD CONSTRAINT lucky CHECK bitAnd(view_id, 4294967295) != {bad}"
        ))
        .await;
    let store = Store::start(&database);
    for number in 1..=20 {
        store.append(Visit::new(number)).await;
    }
    store.drained().await;
    assert_eq!(database.number("SELECT count() FROM rum.actions").await, 19);
    assert_eq!(database.number("SELECT count() FROM rum.page_views").await, 20);
    let letters = std::fs::read_to_string(database.folder().join("spool/dead-letters.jsonl")).unwrap();
    let letters: Vec<Json> = letters
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (&letters[0]["table"], &letters[0]["code"], &letters[0]["rows"]),
        (&json!("actions"), &json!(469), &json!(1))
    );
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn a_table_that_is_missing_stalls_itself_alone_and_recovers() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    database
        .run("RENAME TABLE rum_data.requests TO rum_data.requests_away")
        .await;
    let store = Store::start(&database);
    store.append(Visit::new(1)).await;
    store
        .until(|health| {
            let stalled = |table: Table| {
                health.tables[table as usize - 1]
                    .stall
                    .as_ref()
                    .and_then(|stall| stall.code)
            };
            stalled(Table::Requests) == Some(60) && health.tables.iter().filter(|table| table.drained).count() == 5
        })
        .await;
    assert!(store.spool.health().oldest_ms().is_some());
    assert_eq!(database.number("SELECT count() FROM rum.page_views").await, 1);
    // A column more than the spool's rows have does not matter.
    database
        .run("ALTER TABLE rum_data.requests_away ADD COLUMN trace_id String DEFAULT 'none' FIRST")
        .await;
    database
        .run("RENAME TABLE rum_data.requests_away TO rum_data.requests")
        .await;
    store.drained().await;
    assert_eq!(database.number("SELECT count() FROM rum.requests").await, 1);
    assert_eq!(store.spool.health().stall(), None);
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn a_shutdown_writes_what_is_there_and_keeps_what_cannot_be_written() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    for number in 0..50 {
        store.append(Visit::new(number)).await;
    }
    store.stop().await;
    assert_eq!(database.number("SELECT count() FROM rum.page_views").await, 50);

    // The second time ClickHouse has lost a table: the writer ends, and the rows stay.
    database.run("RENAME TABLE rum_data.views TO rum_data.views_away").await;
    let store = Store::start(&database);
    store.append(Visit::new(51)).await;
    store.stop().await;
    database.run("RENAME TABLE rum_data.views_away TO rum_data.views").await;
    let store = Store::start(&database);
    store.drained().await;
    assert_eq!(database.number("SELECT count() FROM rum.page_views").await, 51);
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn windows_of_arrival_are_measured() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    let before = jiff::Timestamp::now().as_millisecond();
    for (number, lcp) in (1..).zip([1_000_000, 2_000_000, 3_000_000, 4_000_000]) {
        store
            .append(Visit {
                lcp,
                ..Visit::new(number)
            })
            .await;
    }
    store.drained().await;
    let after = jiff::Timestamp::now().as_millisecond() + 1;
    let p75 = WindowQuery {
        app: Some("shop".into()),
        measure: Measure::Quantile {
            metric: Metric::Lcp,
            q: 0.75,
        },
        group_by: GroupBy::Page,
        page: None,
        from_ms: before,
        to_ms: after,
    };
    let stats = |group: &[&str], value: f64, samples: u64| GroupStats {
        group: group.iter().map(ToString::to_string).collect(),
        value,
        samples,
        late: 0,
    };
    let ask = async |query: &WindowQuery| query::window(&database.clickhouse, query).await.unwrap();
    assert_eq!(ask(&p75).await, [stats(&["/cart"], 3_000.0, 4)]);
    let errors = WindowQuery {
        measure: Measure::ErrorCount,
        group_by: GroupBy::Nothing,
        ..p75.clone()
    };
    assert_eq!(ask(&errors).await, [stats(&[], 4.0, 4)]);
    assert_eq!(
        ask(&WindowQuery {
            page: Some("/cart".into()),
            app: None,
            ..errors.clone()
        })
        .await
        .len(),
        1
    );
    for empty in [
        WindowQuery {
            app: Some("blog".into()),
            ..errors.clone()
        },
        WindowQuery {
            page: Some("/".into()),
            ..errors.clone()
        },
        WindowQuery {
            to_ms: before,
            ..errors.clone()
        },
        WindowQuery {
            from_ms: after,
            to_ms: after + 1_000,
            ..errors
        },
    ] {
        assert_eq!(ask(&empty).await, [], "{empty:?}");
    }
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn people_ask_in_sql_and_only_read() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let ask = async |statement: &str, format| query::sql(&database.clickhouse, statement, format).await;
    let statement = "SELECT char(97 + number) AS name, toUInt64(pow(2, 60)) + number AS big FROM numbers(2)";
    insta::assert_snapshot!("table", ask(statement, SqlFormat::Table).await.unwrap());
    insta::assert_snapshot!("csv", ask(statement, SqlFormat::Csv).await.unwrap());
    let json: Json = serde_json::from_str(&ask(statement, SqlFormat::Json).await.unwrap()).unwrap();
    assert_eq!(
        json["data"],
        json!([{ "name": "a", "big": 1_u64 << 60 }, { "name": "b", "big": (1_u64 << 60) + 1 }])
    );
    for (statement, code) in [
        ("SELEKT 1", "Code: 62"),
        ("SELECT * FROM rum.nothing", "Code: 60"),
        ("DROP TABLE rum_data.views", "Code: 164"),
    ] {
        let error = ask(statement, SqlFormat::Table).await.unwrap_err().to_string();
        assert!(error.contains(code), "{statement}: {error}");
    }
    database.stop().await;
}
