//! Pages whose clocks are wrong.

use anyhow::Result;
use reqwest::StatusCode;
use rum_tests::collector::{Place, Store};
use rum_tests::traffic::{Book, Visit, now_ms};
use serde_json::json;

const DAY_MS: i64 = 24 * 3_600_000;

#[tokio::test]
async fn a_clock_a_day_ahead_goes_to_clock_bad_and_a_day_behind_is_stored_as_usual() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::Embedded).await?;
    let (ahead, behind) = (Visit::at(now_ms() + DAY_MS), Visit::at(now_ms() - DAY_MS));
    for visit in [&ahead, &behind] {
        assert_eq!(visit.send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    }
    collector.settled().await?;

    // Every row of the one that is ahead is kept, where no percentile sees it.
    let bad = collector
        .sql("SELECT lower(leftPad(hex(view_id), 16, '0')) AS view, table, count() AS rows FROM rum_data.clock_bad FINAL GROUP BY ALL ORDER BY table")
        .await?;
    let of = |table, rows| json!({ "view": ahead.view.to_string(), "table": table, "rows": rows });
    assert_eq!(
        bad,
        [
            of("actions", 1),
            of("errors", 1),
            of("long_frames", 1),
            // Resources among them.
            of("requests", 4),
            of("timings", 2),
            of("views", 1),
            of("vitals", 2)
        ]
    );

    // The other one is in the tables, under the hour of its own clock, at the time when it really was.
    let mut book = Book::default();
    book.acknowledge(&behind);
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    let late = collector
        .sql("SELECT dateDiff('second', ts, recv_ts) AS since, dateDiff('hour', hour, recv_ts) AS hours FROM rum.page_views")
        .await?;
    let since = late[0]["since"].as_i64().unwrap_or(i64::MAX);
    assert!(
        (0..60).contains(&since),
        "its view began {since} s before its arrival, by our clock"
    );
    let hours = late[0]["hours"].as_i64().unwrap_or_default();
    assert!(
        (24..=25).contains(&hours),
        "its hour is {hours} h before its arrival, as its id says"
    );
    assert!(collector.terminate().await?.success());
    Ok(())
}
