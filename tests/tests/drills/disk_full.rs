//! The disk is full: a small file system of its own under the spool, filled by somebody else while a batch is written, while the next
//! segment is begun, and while a segment is deleted. Where this process may not mount one the system's refusal is played.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use rum_tests::collector::Collector;
use rum_tests::processes::{resume, stopped};
use rum_tests::traffic::{Book, Visit};

use crate::stage::{SMALL_SEGMENTS, Stage, say};

/// The least that a segment and a half need.
const SIZE: &str = "size=512k";
const PAGE: usize = 4_096;

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
        say("this process may not mount: the system's refusal is played");
        return played(&mut stage).await;
    };
    // While a batch is written, and while the next segment is begun, which needs 32 KiB at once.
    for left in [0, 6] {
        let collector = stage.start().await?;
        collector.ready("clickhouse").await?;
        stage.book.send(&collector.sender()).await?;
        disk.fill(left)?;
        let refused = fill_up(&mut stage.book, &collector).await?;
        let part = collector.part("spool").await?;
        let why = part["refusal"]["message"].as_str().unwrap_or_default();
        ensure!(
            part["ready"] == false && why.contains("No space left on device"),
            "{left} pages left: {part}"
        );
        disk.free()?;
        collector.ready("spool").await?;
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
    let collector = stage
        .place
        .start_armed(&stage.store, "segment.delete:before=stop")
        .await?;
    let pid = collector.pid()?;
    let (sender, mut sent) = (collector.sender(), Book::default());
    let sending = tokio::spawn(async move {
        while sent.acknowledged() < 100 {
            sent.send_until_kept(&sender).await?;
        }
        anyhow::Ok(sent)
    });
    stopped(pid).await.context("no segment is deleted")?;
    disk.fill(0)?;
    resume(pid)?;
    // The segment that is deleted makes room by itself, or somebody does.
    disk.free()?;
    stage.book.add(sending.await??);
    collector.ready("spool").await?;
    stage.counts_once(&collector).await?;
    collector.kill().await?;
    stage.everything_counts_once().await
}

async fn played(stage: &mut Stage) -> Result<()> {
    for boundary in ["append.write:before=enospc#5", "header.write:before=enospc#2"] {
        let collector = stage.place.start_armed(&stage.store, boundary).await?;
        let mut refusals = 0;
        for _ in 0..60 {
            refusals += stage.book.send_until_kept(&collector.sender()).await?;
        }
        ensure!(refusals > 0, "{boundary}: nobody was told");
        stage.counts_once(&collector).await?;
        collector.kill().await?;
        stage.everything_counts_once().await?;
    }
    let collector = stage
        .place
        .start_armed(&stage.store, "cursor.write:before=enospc#3")
        .await?;
    for _ in 0..60 {
        stage.book.send(&collector.sender()).await?;
    }
    stage.counts_once(&collector).await?;
    collector.kill().await?;
    stage.everything_counts_once().await
}
