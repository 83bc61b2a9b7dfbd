//! kill -9 at random moments under load: of the collector, and of ClickHouse.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use rum_collector::fault::{Boundary, Side, Step};
use rum_tests::waiting::until;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::stage::{SMALL_SEGMENTS, Stage, page, page_at, say, setting};

/// Moments of a run that nobody asked for more.
const MOMENTS: usize = 20;
/// The share of them that ClickHouse has in such a run: each costs a start of it, and what the writer waits until it tries again.
const OF_CLICKHOUSE: usize = 4;
/// After how many kills the book is compared with the tables.
const COMPARED_EVERY: usize = 10;
const PAGES: usize = 4;
/// The longest time until a kill of the collector, in ms.
const LONGEST_MS: u64 = 500;
/// The longest time until a kill of ClickHouse, in ms.
const LONGEST_PAUSE_MS: u64 = 800;
/// A page view every so often while ClickHouse is killed: there are minutes of them.
const PACE: Duration = Duration::from_millis(15);

/// What a life has come to when the time until its end begins, in turn: half of them end anywhere, also before they have done
/// anything, and the others do not depend on how fast the machine is.
const COME_TO: [Option<Step>; 4] = [None, Some(Step::Insert), None, Some(Step::SegmentDelete)];

/// What some life has to have done, or the kills were all too early.
const DONE: [Step; 6] = [
    Step::AppendWrite,
    Step::Insert,
    Step::Mark,
    Step::CursorRename,
    Step::SegmentCreate,
    Step::SegmentDelete,
];

fn lot() -> Result<SmallRng> {
    Ok(SmallRng::seed_from_u64(setting("RUM_DRILL_SEED", 1_u64)?))
}

fn moments() -> Result<usize> {
    setting("RUM_DRILL_MOMENTS", MOMENTS)
}

/// Steps that lives have come to before they were killed, and how many lives.
#[derive(Default)]
struct Lives {
    /// They had done it.
    done: BTreeMap<&'static str, usize>,
    /// They were at it.
    at: BTreeMap<&'static str, usize>,
}

impl Lives {
    /// Adds the life that has ended, and forgets what it has written down.
    fn add(&mut self, file: &Path) -> Result<()> {
        let boundaries = boundaries(file)?;
        for step in Step::ALL {
            let came = |side| {
                let boundary = Boundary { step, side };
                boundaries.iter().filter(|one| **one == boundary).count()
            };
            let (before, after) = (came(Side::Before), came(Side::After));
            if after > 0 {
                *self.done.entry(step.name()).or_default() += 1;
            }
            if before > after {
                *self.at.entry(step.name()).or_default() += 1;
            }
        }
        if !boundaries.is_empty() {
            fs::remove_file(file)?;
        }
        Ok(())
    }
}

/// The boundaries that a collector has come to.
fn boundaries(file: &Path) -> Result<Vec<Boundary>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Boundary::read(&bytes).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

#[tokio::test]
async fn a_collector_killed_at_random_moments_loses_nothing_and_doubles_nothing() -> Result<()> {
    collector_killed(SMALL_SEGMENTS, moments()?).await
}

#[tokio::test]
async fn a_killed_collector_needs_no_sync_to_lose_nothing() -> Result<()> {
    for fsync in ["interval", "off"] {
        let more = format!("{SMALL_SEGMENTS}fsync = {fsync:?}\n");
        collector_killed(&more, moments()?.div_ceil(5)).await.context(fsync)?;
    }
    Ok(())
}

async fn collector_killed(more: &str, moments: usize) -> Result<()> {
    let mut stage = Stage::set(more).await?;
    let mut lot = lot()?;
    let mut lives = Lives::default();
    let file = stage.place.boundaries();
    let told = [("RUM_FAULT_BOUNDARIES", file.to_str().context("no path")?)];
    for (moment, come_to) in (1..=moments).zip(COME_TO.into_iter().cycle()) {
        let collector = stage.place.start_with(&stage.store, &told).await?;
        let mut pages = JoinSet::new();
        for _ in 0..PAGES {
            pages.spawn(page(collector.sender(), 0));
        }
        if let Some(step) = come_to {
            let boundary = Boundary {
                step,
                side: Side::After,
            };
            let what = format!("{} is done", step.name());
            until(&what, async || Ok(boundaries(&file)?.contains(&boundary).then_some(()))).await?;
        }
        let more = lot.random_range(0..LONGEST_MS);
        // The moment is what is tried here: nothing is waited for.
        sleep(Duration::from_millis(more)).await;
        collector.kill().await?;
        while let Some(page) = pages.join_next().await {
            stage.book.add(page??);
        }
        lives.add(&file)?;
        if moment % COMPARED_EVERY == 0 || moment == moments {
            let compared = stage.everything_counts_once().await;
            compared.with_context(|| format!("after {moment} kills, the last one {more} ms after {come_to:?}"))?;
        }
    }
    say(&format!(
        "{moments} kills of the collector, {} visits acknowledged, {} not answered; lives that had done a step: {:?}, that were at one: {:?}",
        stage.book.acknowledged(),
        stage.book.unanswered(),
        lives.done,
        lives.at
    ));
    ensure!(stage.book.acknowledged() > moments, "too few visits were at stake");
    for step in DONE {
        ensure!(
            lives.done.contains_key(step.name()),
            "no life came as far as {}",
            step.name()
        );
    }
    stage.database.stop().await;
    Ok(())
}

#[tokio::test]
async fn clickhouse_killed_at_random_moments_loses_nothing_and_doubles_nothing() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    let moments = setting("RUM_DRILL_CLICKHOUSE_MOMENTS", MOMENTS.div_ceil(OF_CLICKHOUSE))?;
    let mut lot = lot()?;
    let collector = stage.start().await?;
    collector.ready("clickhouse").await?;
    let sending = tokio::spawn(page_at(PACE, collector.sender(), 0));
    let mut rows = grows(&stage, 0).await?;
    for _ in 0..moments {
        let pause = lot.random_range(0..LONGEST_PAUSE_MS);
        sleep(Duration::from_millis(pause)).await;
        stage.database.kill().await?;
        // It is back, and rows get in again: until then there would be nothing to kill it in.
        rows = grows(&stage, rows).await?;
    }
    // By itself, and while pages send.
    collector.ready("clickhouse").await?;
    collector.kill().await?;
    stage.book.add(sending.await??);
    stage.everything_counts_once().await?;
    say(&format!(
        "{moments} kills of ClickHouse, {} visits acknowledged, {rows} of them stored between kills",
        stage.book.acknowledged()
    ));
    stage.database.stop().await;
    Ok(())
}

/// Waits until more than `rows` page views are in the table. Gives how many there are.
async fn grows(stage: &Stage, rows: u64) -> Result<u64> {
    until("page views arrive", async || {
        // While ClickHouse is down there is no answer.
        let answer = stage.database.sql("SELECT count() AS rows FROM rum.page_views").await;
        let found = answer.ok().and_then(|rows| rows.first()?["rows"].as_u64());
        Ok(found.filter(|found| *found > rows))
    })
    .await
}
