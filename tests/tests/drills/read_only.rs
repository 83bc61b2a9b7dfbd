//! The data folder is read-only for a while, as a file system that met an error makes itself: while the collector runs, and at its start.
//! Where this process may not mount, the system's refusal is played alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use rum_collector::fault::Step;
use rum_tests::traffic::Visit;

use crate::stage::{SMALL_SEGMENTS, Stage, say};

/// More than a segment has room for.
const VISITS: usize = 60;
const REFUSED: &str = "Read-only file system";

/// A folder seen through a mount that takes no writes; what was open before goes on. Taken away at the end.
struct ReadOnly(PathBuf);

impl ReadOnly {
    /// `None` where this process may not mount.
    fn mount(folder: &Path) -> Result<Option<Self>> {
        let mount = |arguments: &[&str]| Command::new("mount").args(arguments).arg(folder).output();
        let from = folder.to_str().context("the folder's name is no text")?;
        if !mount(&["--bind", from]).is_ok_and(|output| output.status.success()) {
            return Ok(None);
        }
        let mounted = Self(folder.to_owned());
        let output = mount(&["-o", "remount,ro,bind"])?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(Some(mounted))
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // Lazily: a collector may just be looking into it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_folder_that_becomes_read_only_is_told_and_it_goes_on_by_itself_when_it_is_writable() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    let collector = stage.start().await?;
    collector.ready("clickhouse").await?;
    stage.book.send(&collector.sender()).await?;
    let Some(read_only) = ReadOnly::mount(&stage.place.spool())? else {
        say("this process may not mount a folder read-only: the system's refusal is played, and nothing else");
        return Ok(());
    };
    // The file that is open is written to its end; the next one cannot be made.
    let refused = loop {
        let visit = Visit::now();
        match visit.send(&collector.sender()).await? {
            StatusCode::NO_CONTENT => stage.book.acknowledge(&visit),
            StatusCode::SERVICE_UNAVAILABLE => break visit,
            status => anyhow::bail!("a good batch is answered {status}"),
        }
        ensure!(stage.book.acknowledged() < 1_000, "a segment has an end");
    };
    let part = collector.part("spool").await?;
    let why = part["refusal"]["message"].as_str().unwrap_or_default();
    ensure!(
        part["ready"] == false && why.starts_with("beginning a segment") && why.contains(REFUSED),
        "{part}"
    );
    drop(read_only);
    collector.ready("spool").await?;
    stage.book.send_visit(&collector.sender(), &refused).await?;
    stage.counts_once(&collector).await?;
    collector.kill().await?;
    stage.everything_counts_once().await?;
    stage.database.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_start_on_a_read_only_folder_says_how_to_mend_it_and_loses_nothing() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    stage.proxy.close();
    let collector = stage.start().await?;
    for _ in 0..3 {
        stage.book.send(&collector.sender()).await?;
    }
    collector.kill().await?;
    for (folder, name) in [(stage.place.data(), "./data"), (stage.place.spool(), "./data/spool")] {
        let Some(read_only) = ReadOnly::mount(&folder)? else {
            say("this process may not mount a folder read-only: how a start ends on one is not tried");
            return Ok(());
        };
        let output = stage.place.command(&["serve"]).await?;
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        let expected = format!("{name} cannot be written to: {REFUSED}");
        ensure!(
            output.status.code() == Some(1) && last.contains(&expected) && last.contains("RUM_DATA"),
            "{} and {said}",
            output.status
        );
        drop(read_only);
    }
    stage.proxy.open();
    stage.everything_counts_once().await?;
    stage.database.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_step_that_a_read_only_file_system_refuses_is_answered_503_or_put_off() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    for (step, arrival, told) in [
        (Step::SegmentCreate, 2, true),
        (Step::AppendWrite, 5, true),
        (Step::CursorWrite, 3, false),
        (Step::CursorRename, 3, false),
        (Step::SegmentDelete, 1, false),
    ] {
        let fault = format!("{}:before=erofs#{arrival}", step.name());
        let collector = stage.place.start_armed(&stage.store, &fault).await?;
        let mut refusals = 0;
        for _ in 0..VISITS {
            refusals += stage.book.send_until_kept(&collector.sender()).await?;
        }
        ensure!((refusals > 0) == told, "{fault}: {refusals} refusals");
        collector.ready("spool").await?;
        stage.counts_once(&collector).await?;
        collector.kill().await?;
        stage.everything_counts_once().await.context(fault)?;
    }
    stage.database.stop().await;
    Ok(())
}
