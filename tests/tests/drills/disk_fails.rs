//! A disk that fails once: a write, a sync, the beginning of a segment.

use anyhow::{Context as _, Result, ensure};
use rum_collector::fault::Step;

use crate::stage::{SMALL_SEGMENTS, Stage};

const VISITS: usize = 40;

#[tokio::test]
async fn a_step_that_fails_once_is_answered_503_and_costs_nothing_that_was_answered_204() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    for (step, arrival) in [
        (Step::AppendSync, 3),
        (Step::AppendWrite, 3),
        (Step::SegmentCreate, 2),
        (Step::HeaderWrite, 2),
        (Step::HeaderSync, 1),
        (Step::FolderSync, 2),
    ] {
        let fault = format!("{}:before=eio#{arrival}", step.name());
        let drill = drill(&mut stage, &fault);
        drill.await.with_context(|| format!("with {fault}"))?;
    }
    stage.database.stop().await;
    Ok(())
}

async fn drill(stage: &mut Stage, fault: &str) -> Result<()> {
    let collector = stage.place.start_armed(&stage.store, fault).await?;
    let mut refusals = 0;
    for _ in 0..VISITS {
        refusals += stage.book.send_until_kept(&collector.sender()).await?;
    }
    ensure!(refusals > 0, "nobody was told");
    let part = collector.part("spool").await?;
    ensure!(
        part["ready"] == true && part["refusal"].is_null(),
        "it goes on by itself: {part}"
    );
    stage.counts_once(&collector).await?;
    // What a restart finds is the same.
    collector.kill().await?;
    stage.everything_counts_once().await
}
