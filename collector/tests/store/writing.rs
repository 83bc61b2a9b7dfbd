//! What is spooled arrives, and counts once: through repetitions, kills, bad rows, missing tables and restarts.

use std::cell::Cell;
use std::time::Duration;

use rum_collector::store::rows::rows;
use rum_collector::store::{Appended, SpoolOptions, Table, migrate};
use rum_core::Id;
use serde_json::{Value as Json, json};
use tokio::time::{interval, timeout};

use crate::fixture::{Store, Visit};
use crate::support::{Database, PATIENCE};

#[tokio::test]
async fn what_comes_twice_counts_once_and_the_newest_report_is_the_value() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    // Without merges what was inserted twice can be seen.
    database.run("SYSTEM STOP MERGES rum_data.vitals").await;
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
        ("web_vitals", 3),
        ("requests", 1),
        ("resources", 1),
        ("long_frames", 2),
        ("timings", 2),
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
    // Three rows each: the first report, it again, the later one and the older one.
    assert!(
        database.number("SELECT count() FROM rum_data.vitals").await >= 4 * 3,
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
    assert_eq!(
        database.number("SELECT count() FROM rum_data.clock_bad FINAL").await,
        13
    );
    assert_eq!(database.number("SELECT count() FROM rum.page_views").await, 1);
    assert_eq!(
        database
            .number("SELECT count() FROM rum.page_views WHERE abs(dateDiff('second', ts, recv_ts)) < 10")
            .await,
        1,
        "the skew is corrected",
    );
    // To a second, for a batch takes its time to arrive.
    for (rows, days) in [("rum.page_views", 1), ("rum.errors", 1), ("rum_data.clock_bad", -1)] {
        let skew = format!("SELECT min(intDiv(skew_ms + 500 * sign(skew_ms), 1000) = 86400 * {days}) FROM {rows}");
        assert_eq!(database.number(&skew).await, 1, "{rows}");
    }
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
    // Each of three starts has the patience that any wait has.
    let all = async { tokio::join!(traffic, kills) };
    let (visits, ()) = timeout(3 * PATIENCE, all).await.unwrap();
    store.drained().await;
    for (view, a_visit) in [
        ("page_views", 1),
        ("web_vitals", 3),
        ("requests", 1),
        ("resources", 1),
        ("long_frames", 2),
        ("timings", 2),
        ("errors", 1),
        ("actions", 1),
        ("logs", 1),
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
            stalled(Table::Requests) == Some(60)
                && health.tables.iter().filter(|table| table.drained).count() == Table::ALL.len() - 1
        })
        .await;
    assert!(store.spool.health().oldest_ms().is_some());
    assert_eq!(database.number("SELECT count() FROM rum.page_views").await, 1);
    // A column more than the spool's rows have does not matter.
    database
        .run("ALTER TABLE rum_data.requests_away ADD COLUMN of_the_future String DEFAULT 'none' FIRST")
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
