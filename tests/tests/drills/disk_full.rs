//! The disk is full: a small file system of its own under the spool, filled by somebody else while a batch is written, while the next
//! segment is begun, and while a segment is deleted. Where this process may not mount one, the system's refusal is played alone.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use rum_collector::fault::Step;
use rum_tests::collector::Collector;
use rum_tests::processes::{resume, stopped};
use rum_tests::traffic::{Book, Visit};
use rum_tests::waiting::until;

use crate::stage::{SMALL_SEGMENTS, Stage, say, segments};

/// The least that a segment and a half need.
const SIZE: &str = "size=512k";
const PAGE: usize = 4_096;
/// More than a segment has room for.
const VISITS: usize = 60;

/// A file system in memory, taken away at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount.
    fn mount(folder: &Path) -> Result<Option<Self>> {
        fs::create_dir_all(folder)?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "rum-drill"])
            .arg(folder)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Some(Self(folder.to_owned()))),
            _ => Ok(None),
        }
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("of-somebody-else")
    }

    /// Leaves at most `left` pages of room.
    fn fill(&self, left: usize) -> Result<()> {
        let mut file = File::create(self.ballast())?;
        while file.write_all(&[1; PAGE]).is_ok() {}
        let length = file.metadata()?.len();
        file.set_len(length.saturating_sub((left * PAGE) as u64))?;
        Ok(())
    }

    fn free(&self) -> Result<()> {
        Ok(fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a collector may just be ending.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_disk_that_is_full_refuses_and_goes_on_by_itself_when_there_is_room() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    let Some(disk) = SmallDisk::mount(&stage.place.spool())? else {
        say("this process may not mount a small disk: the system's refusal is played, and nothing else");
        return Ok(());
    };
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
    let oldest = segments(&stage.place.spool())?
        .into_iter()
        .next()
        .context("no segment")?;
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
        for _ in 0..VISITS {
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
