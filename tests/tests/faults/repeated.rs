//! The same batch again and again, as a page sends it whose answers are lost.

use anyhow::{Context as _, Result};
use reqwest::StatusCode;
use rum_tests::collector::{Place, Store};
use rum_tests::traffic::{Book, Visit};

#[tokio::test]
async fn a_batch_posted_three_times_with_restarts_between_counts_once() -> Result<()> {
    let place = Place::new()?;
    let visit = Visit::now();

    let collector = place.start(&Store::Embedded).await?;
    assert_eq!(visit.send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    collector.kill().await?;

    // Its frame may be in the log only, and is known from there.
    let collector = place.start(&Store::Embedded).await?;
    assert_eq!(visit.send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    collector.settled().await?;
    let first = arrival(&collector.sql(&statement(&visit)).await?)?;
    assert!(collector.terminate().await?.success());

    // It is in ClickHouse by now, and the log may have forgotten it.
    let collector = place.start(&Store::Embedded).await?;
    assert_eq!(visit.send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    collector.settled().await?;
    assert_eq!(
        arrival(&collector.sql(&statement(&visit)).await?)?,
        first,
        "a repetition is no new arrival"
    );

    let mut book = Book::default();
    book.acknowledge(&visit);
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    assert!(collector.terminate().await?.success());
    Ok(())
}

fn statement(visit: &Visit) -> String {
    format!(
        "SELECT toUnixTimestamp(recv_ts) AS arrival FROM rum.page_views WHERE view_id = '{}'",
        visit.view
    )
}

/// When the one row arrived, in seconds: among equal reports the earliest one wins, and that is how exactly `ver` knows.
fn arrival(rows: &[serde_json::Value]) -> Result<u64> {
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0]["arrival"].as_u64().context("no time of arrival")
}
