//! kill -9 of ClickHouse while the collector stands at a boundary: before and after an insert, a mark, a cursor that moves, and a
//! segment that is deleted.

use anyhow::{Context as _, Result, ensure};
use rum_collector::fault::{Side, Step};
use rum_tests::collector::Place;
use rum_tests::processes::{resume, stopped};
use rum_tests::traffic::Book;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::stage::{PACE, SMALL_SEGMENTS, Stage, arrivals};

/// Where ClickHouse has rows or is about to get them, until they are given up.
const STEPS: [Step; 5] = [
    Step::Insert,
    Step::Mark,
    Step::CursorWrite,
    Step::CursorRename,
    Step::SegmentDelete,
];
/// Each boundary is struck at another of its first arrivals.
const ARRIVALS: u32 = 3;

#[tokio::test]
async fn clickhouse_killed_at_every_boundary_that_it_knows_of_loses_nothing_and_doubles_nothing() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    stage.everything_counts_once().await?;
    let boundaries = STEPS.into_iter().flat_map(|step| Side::ALL.map(|side| (step, side)));
    for (number, (step, side)) in (0..).zip(boundaries) {
        for further in 0..arrivals()? {
            let arrival = 1 + (number + further) % ARRIVALS.max(arrivals()?);
            let fault = format!("{}:{}=stop#{arrival}", step.name(), side.name());
            let drill = drill(&mut stage, &fault);
            drill.await.with_context(|| format!("ClickHouse killed at {fault}"))?;
        }
    }
    stage.database.stop().await;
    Ok(())
}

async fn drill(stage: &mut Stage, fault: &str) -> Result<()> {
    // With a spool of its own: on another one's it may come to the boundary before it listens.
    let place = Place::with(SMALL_SEGMENTS)?;
    let collector = place.start_armed(&stage.store, fault).await?;
    let sender = collector.sender();
    let pid = collector.pid()?;
    let enough = CancellationToken::new();
    let sending = tokio::spawn({
        let enough = enough.clone();
        async move {
            let mut book = Book::default();
            let mut ticks = interval(PACE);
            while enough.run_until_cancelled(ticks.tick()).await.is_some() {
                book.send(&sender).await?;
            }
            anyhow::Ok(book)
        }
    });
    stopped(pid).await?;
    stage.database.kill().await?;
    enough.cancel();
    resume(pid)?;
    stage.book.add(sending.await??);
    stage.counts_once(&collector).await?;
    ensure!(collector.terminate().await?.success(), "it does not end in order");
    Ok(())
}
