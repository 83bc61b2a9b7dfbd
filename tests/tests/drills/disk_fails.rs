//! A disk that fails once: a write, a sync, the beginning of a segment; and one that says that it is full.

use anyhow::{Context as _, Result, ensure};
use rum_collector::fault::Step;

use crate::stage::{SMALL_SEGMENTS, Stage};

const VISITS: usize = 40;
/// More than a segment has room for.
const MANY_VISITS: usize = 60;

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

#[tokio::test]
async fn a_step_that_the_system_refuses_for_want_of_room_is_answered_503_or_put_off() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    for (step, arrival, told) in [
        (Step::AppendWrite, 5, Told::Pages),
        (Step::HeaderWrite, 2, Told::Pages),
        (Step::CursorWrite, 3, Told::Nobody),
        (Step::SegmentDelete, 1, Told::Nobody),
    ] {
        let fault = format!("{}:before=enospc#{arrival}", step.name());
        let collector = stage.place.start_armed(&stage.store, &fault).await?;
        let mut refusals = 0;
        for _ in 0..MANY_VISITS {
            refusals += stage.book.send_until_kept(&collector.sender()).await?;
        }
        ensure!((refusals > 0) == (told == Told::Pages), "{fault}: {refusals} refusals");
        stage.counts_once(&collector).await?;
        collector.kill().await?;
        stage.everything_counts_once().await.context(fault)?;
    }
    stage.database.stop().await;
    Ok(())
}

/// Who learns that a step failed.
#[derive(PartialEq)]
enum Told {
    Pages,
    Nobody,
}
