//! The same batch again and again, as a page sends it whose answers are lost.

use anyhow::Result;
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
    collector.drained().await?;
    let first = arrival(&collector.sql(&statement(&visit)).await?);
    assert!(collector.terminate().await?.success());

    // It is in ClickHouse by now, and the log may have forgotten it.
    let collector = place.start(&Store::Embedded).await?;
    assert_eq!(visit.send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    collector.drained().await?;
    assert_eq!(
        arrival(&collector.sql(&statement(&visit)).await?),
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
    format!("SELECT recv_ts FROM rum.page_views WHERE view_id = '{}'", visit.view)
}

fn arrival(rows: &[serde_json::Value]) -> String {
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0]["recv_ts"].as_str().unwrap_or_default().to_owned()
}
