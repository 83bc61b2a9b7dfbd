//! The disk is full: a small file system of its own under the spool, filled by somebody else while a batch is written, while the next
//! segment is begun, and while a segment is deleted.

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use rum_tests::collector::Collector;
use rum_tests::processes::{resume, stopped};
use rum_tests::traffic::{Book, Visit};
use rum_tests::waiting::until;

use crate::small_disk::SmallDisk;
use crate::stage::{SMALL_SEGMENTS, Stage, segments};

#[tokio::test]
async fn a_disk_that_is_full_refuses_and_goes_on_by_itself_when_there_is_room() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    let disk = SmallDisk::mount(&stage.place.spool()).await?;
    stage.place.start_by(disk.enter(stage.place.folder())?);
    // While a batch is written; and while the next segment is begun, whose header needs eight pages at once.
    for (left, doing) in [(0, "writing a segment"), (10, "beginning a segment")] {
        let collector = stage.start().await?;
        collector.ready("clickhouse").await?;
        stage.book.send(&collector.sender()).await?;
        // What is drained makes room by itself.
        stage.proxy.close();
        disk.fill(left)?;
        let refused = fill_up(&mut stage.book, &collector).await?;
        let part = collector.part("spool").await?;
        let why = part["refusal"]["message"].as_str().unwrap_or_default();
        ensure!(
            part["ready"] == false && why.starts_with(doing) && why.contains("No space left on device"),
            "{left} pages left: {part}"
        );
        disk.free()?;
        collector.ready("spool").await?;
        stage.proxy.open();
        stage.book.send_visit(&collector.sender(), &refused).await?;
        stage.counts_once(&collector).await?;
        collector.kill().await?;
        stage.everything_counts_once().await?;
    }
    deleted_while_full(&mut stage, &disk).await?;
    stage.database.stop().await;
    Ok(())
}

/// Sends until a visit is refused.
async fn fill_up(book: &mut Book, collector: &Collector) -> Result<Visit> {
    loop {
        let visit = Visit::now();
        match visit.send(&collector.sender()).await? {
            StatusCode::NO_CONTENT => book.acknowledge(&visit),
            StatusCode::SERVICE_UNAVAILABLE => return Ok(visit),
            status => anyhow::bail!("a good batch is answered {status}"),
        }
        ensure!(
            book.acknowledged() < 2_000,
            "the disk has room for more than it is large"
        );
    }
}

/// A segment is deleted, and cursors are written, while there is no room at all.
async fn deleted_while_full(stage: &mut Stage, disk: &SmallDisk) -> Result<()> {
    let stop = "segment.delete:before=stop";
    let collector = stage.place.start_armed(&stage.store, stop).await?;
    let pid = collector.pid()?;
    let (sender, mut sent) = (collector.sender(), Book::default());
    let sending = tokio::spawn(async move {
        while sent.acknowledged() < 100 {
            sent.send_until_kept(&sender).await?;
        }
        anyhow::Ok(sent)
    });
    stopped(pid).await.context("no segment is deleted")?;
    let oldest = segments(&disk.seen()?)?.into_iter().next().context("no segment")?;
    disk.fill(0)?;
    resume(pid)?;
    until("the segment is deleted", async || Ok((!oldest.exists()).then_some(()))).await?;
    disk.free()?;
    stage.book.add(sending.await??);
    collector.ready("spool").await?;
    stage.counts_once(&collector).await?;
    collector.kill().await?;
    stage.everything_counts_once().await
}
