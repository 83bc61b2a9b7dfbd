//! kill -9 at random moments under load: of the collector, and of ClickHouse.

use std::env;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use rum_tests::waiting::until;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::stage::{SMALL_SEGMENTS, Stage, page, say};

/// Moments of a run that nobody asked for more.
const MOMENTS: usize = 20;
/// After how many kills the book is compared with the tables.
const COMPARED_EVERY: usize = 10;
const PAGES: usize = 4;
/// The longest life of a collector, in ms: long enough for inserts, marks, cursors and deleted segments.
const LONGEST_MS: u64 = 500;
/// The longest time between two kills of ClickHouse, in ms.
const LONGEST_PAUSE_MS: u64 = 800;

fn setting<T: std::str::FromStr>(name: &str, default: T) -> Result<T> {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .ok()
            .with_context(|| format!("{name} is no number: {text}")),
        Err(_) => Ok(default),
    }
}

/// How many moments, and which.
fn lot() -> Result<(usize, SmallRng)> {
    let seed = setting("RUM_DRILL_SEED", 1_u64)?;
    Ok((setting("RUM_DRILL_MOMENTS", MOMENTS)?, SmallRng::seed_from_u64(seed)))
}

#[tokio::test]
async fn a_collector_killed_at_random_moments_loses_nothing_and_doubles_nothing() -> Result<()> {
    let (moments, lot) = lot()?;
    collector_killed(SMALL_SEGMENTS, moments, lot).await
}

#[tokio::test]
async fn a_killed_collector_needs_no_sync_to_lose_nothing() -> Result<()> {
    for fsync in ["interval", "off"] {
        let (moments, lot) = lot()?;
        let more = format!("{SMALL_SEGMENTS}fsync = {fsync:?}\n");
        collector_killed(&more, moments.div_ceil(6), lot).await.context(fsync)?;
    }
    Ok(())
}

async fn collector_killed(more: &str, moments: usize, mut lot: SmallRng) -> Result<()> {
    let mut stage = Stage::set(more).await?;
    for moment in 1..=moments {
        let collector = stage.start().await?;
        let mut pages = JoinSet::new();
        for _ in 0..PAGES {
            pages.spawn(page(collector.sender(), 0));
        }
        let life = lot.random_range(0..LONGEST_MS);
        // The moment is what is tried here: nothing is waited for.
        sleep(Duration::from_millis(life)).await;
        collector.kill().await?;
        while let Some(page) = pages.join_next().await {
            stage.book.add(page??);
        }
        if moment % COMPARED_EVERY == 0 || moment == moments {
            let compared = stage.everything_counts_once().await;
            compared.with_context(|| format!("after {moment} kills, the last one {life} ms after the start"))?;
        }
    }
    ensure!(stage.book.acknowledged() > moments, "too few visits were at stake");
    say(&format!(
        "{moments} kills of the collector, {} visits acknowledged, {} not answered",
        stage.book.acknowledged(),
        stage.book.unanswered()
    ));
    stage.database.stop().await;
    Ok(())
}

#[tokio::test]
async fn clickhouse_killed_at_random_moments_loses_nothing_and_doubles_nothing() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    let (moments, mut lot) = lot()?;
    // Each of them costs a start of ClickHouse.
    let moments = moments.div_ceil(4);
    let collector = stage.start().await?;
    collector.ready("clickhouse").await?;
    let sending = tokio::spawn(page(collector.sender(), 0));
    for _ in 0..moments {
        let pause = lot.random_range(0..LONGEST_PAUSE_MS);
        sleep(Duration::from_millis(pause)).await;
        stage.database.kill().await?;
        // It is back, and rows get in again.
        until("ClickHouse answers", async || {
            Ok(stage.database.sql("SELECT 1 AS one").await.ok())
        })
        .await?;
    }
    // By itself, and while pages send.
    collector.ready("clickhouse").await?;
    collector.kill().await?;
    stage.book.add(sending.await??);
    stage.everything_counts_once().await?;
    say(&format!(
        "{moments} kills of ClickHouse, {} visits acknowledged",
        stage.book.acknowledged()
    ));
    stage.database.stop().await;
    Ok(())
}
