//! A page that was not told sends its batch again: to another collector, with a spool of its own, on the same ClickHouse; and a day
//! later, when no collector remembers it.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use rum_tests::collector::{Collector, Place};
use rum_tests::traffic::Visit;

use crate::stage::{SMALL_SEGMENTS, Stage};

const DAY_MS: i64 = 24 * 3_600_000;
const VISITS: usize = 40;

/// Posts it, by a clock that is `later_ms` behind the moment of the visit.
async fn keep(visit: &Visit, collector: &Collector, later_ms: i64) -> Result<()> {
    let status = visit.send_at(&collector.sender(), visit.sent_ms + later_ms).await?;
    ensure!(status == StatusCode::NO_CONTENT, "a good batch is answered {status}");
    Ok(())
}

#[tokio::test]
async fn what_two_collectors_were_sent_counts_once() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    let elsewhere = Place::with(SMALL_SEGMENTS)?;
    let one = stage.start().await?;
    one.ready("clickhouse").await?;
    let other = elsewhere.start(&stage.store).await?;
    other.ready("clickhouse").await?;
    let visits: Vec<_> = (0..VISITS).map(|_| Visit::now()).collect();
    // A third of them to both at once, so that their inserts meet; the others to one first. Then the first collector dies, perhaps
    // with rows that were never inserted, and all of its pages go to the other.
    for (number, visit) in visits.iter().enumerate() {
        match number % 3 {
            0 => {
                let (first, second) = tokio::join!(keep(visit, &one, 0), keep(visit, &other, 0));
                first.and(second)?;
            }
            1 => keep(visit, &one, 0).await?,
            _ => keep(visit, &other, 0).await?,
        }
        stage.book.acknowledge(visit);
    }
    one.kill().await?;
    for visit in &visits {
        keep(visit, &other, 0).await?;
    }
    stage.counts_once(&other).await?;
    // What the dead one had in its spool is stored at last.
    stage.everything_counts_once().await?;
    ensure!(other.terminate().await?.success());
    stage.database.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_is_sent_again_a_day_later_counts_once() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    let elsewhere = Place::with(SMALL_SEGMENTS)?;
    let clock = stage.place.clock();
    let armed = [("RUM_FAULT_CLOCK", clock.to_str().context("no path")?)];
    fs::write(&clock, "0")?;
    let visits: Vec<_> = (0..VISITS).map(|_| Visit::now()).collect();
    let collector = stage.place.start_with(&stage.store, &armed).await?;
    for visit in &visits {
        keep(visit, &collector, 0).await?;
        stage.book.acknowledge(visit);
    }
    stage.counts_once(&collector).await?;
    collector.kill().await?;
    // The day after: a page retries for 24 hours at most. By its own collector, whose log may have forgotten the batch; by another one,
    // which never knew it; and by the clock of the request, or by that of the first attempt.
    fs::write(&clock, DAY_MS.to_string())?;
    let mut stored = String::new();
    for place in [&stage.place, &elsewhere] {
        let collector = place.start_with(&stage.store, &armed).await?;
        for (number, visit) in visits.iter().enumerate() {
            let later_ms = if number % 2 == 0 { DAY_MS } else { 0 };
            keep(visit, &collector, later_ms).await?;
        }
        stage.counts_once(&collector).await?;
        stored = collector.metrics().await?;
        collector.kill().await?;
    }
    // The other collector took them for new ones.
    let new = format!("rum_batches_total{{outcome=\"batch_stored\"}} {VISITS}");
    ensure!(stored.lines().any(|line| line == new), "{stored}");
    // It was inserted again, into the same hour, and is no new arrival.
    let late = "SELECT countIf(recv_ts > now() + INTERVAL 12 HOUR) AS late, count() AS all FROM rum.page_views";
    let late = stage.database.sql(late).await?;
    ensure!(late[0]["late"] == 0 && late[0]["all"] == VISITS, "{late:?}");
    let bad = stage
        .database
        .sql("SELECT count() AS rows FROM rum_data.clock_bad")
        .await?;
    ensure!(bad[0]["rows"] == 0, "{bad:?}");
    stage.database.stop().await;
    Ok(())
}
