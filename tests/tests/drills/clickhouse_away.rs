//! ClickHouse is away until the spool is full, and beyond.

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use rum_tests::traffic::Visit;

use crate::stage::Stage;

/// The smallest spool that the configuration allows.
const SMALL_SPOOL: &str = "[spool]\nmax_bytes = \"1 MiB\"\nsegment_bytes = \"64 KiB\"\n";
/// Visits that are refused.
const BEYOND: usize = 50;

#[tokio::test]
async fn a_spool_that_is_full_refuses_and_takes_batches_again_when_clickhouse_is_back() -> Result<()> {
    let mut stage = Stage::set(SMALL_SPOOL).await?;
    let collector = stage.start().await?;
    collector.ready("clickhouse").await?;
    stage.proxy.close();
    let sender = collector.sender();
    let mut refused = Vec::new();
    while refused.len() < BEYOND {
        let visit = Visit::now();
        match visit.send(&sender).await? {
            StatusCode::NO_CONTENT => stage.book.acknowledge(&visit),
            StatusCode::SERVICE_UNAVAILABLE => refused.push(visit),
            status => anyhow::bail!("a good batch is answered {status}"),
        }
        ensure!(stage.book.acknowledged() < 10_000, "the spool has a limit");
    }
    let part = collector.part("spool").await?;
    ensure!(part["ready"] == false && part["state"] == "unhealthy", "{part}");
    ensure!(part["problem"] == "it is full: batches are answered 503", "{part}");

    stage.proxy.open();
    collector.ready("spool").await?;
    // The pages come again.
    for visit in &refused {
        stage.book.send_visit(&sender, visit).await?;
    }
    stage.counts_once(&collector).await?;
    collector.kill().await?;
    stage.everything_counts_once().await?;
    stage.database.stop().await;
    Ok(())
}
