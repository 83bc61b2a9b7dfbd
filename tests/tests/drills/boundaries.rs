//! kill -9 of the collector before and after each step on a batch's way.

use std::fs;

use anyhow::{Context as _, Result};
use rum_collector::fault::{Side, Step};

use crate::stage::{SMALL_SEGMENTS, Stage, arrivals, killed, segments};

/// Where the first frame of a segment begins: the format in `collector/src/store/segment.rs`.
const FIRST_FRAME: usize = 32_768;
const HOUR_MS: i64 = 3_600_000;
/// A segment's number that no collector reaches here.
const FAR: u64 = 900_000;

/// Older views are in `clock_bad`.
const OLDEST_MS: i64 = 40 * HOUR_MS;

/// How a collector comes to a step.
#[derive(Clone, Copy)]
enum Way {
    /// Pages send, and it comes to it for this time.
    Traffic(u32),
    /// ClickHouse will not take rows of the actions, so that they go to the dead letters.
    Refused,
    /// The newest segment ends with half a frame.
    TornTail,
    /// There is a segment of so many bytes, which are zeros.
    Blank(usize),
}

impl Way {
    /// The same, so many times further; `None` if there is nothing further.
    fn further(self, times: u32) -> Option<Self> {
        match self {
            Self::Traffic(arrival) => Some(Self::Traffic(arrival + times)),
            Self::Refused | Self::TornTail | Self::Blank(_) => (times == 0).then_some(self),
        }
    }
}

/// `None` if it is no collector's step.
fn way(step: Step) -> Option<Way> {
    Some(match step {
        Step::SegmentCreate | Step::HeaderWrite | Step::HeaderSync | Step::FolderSync => Way::Traffic(2),
        Step::AppendWrite | Step::AppendSync => Way::Traffic(7),
        Step::Insert | Step::CursorWrite | Step::CursorRename => Way::Traffic(4),
        Step::Mark => Way::Traffic(2),
        Step::SegmentDelete => Way::Traffic(1),
        Step::SegmentSync | Step::TailCut => Way::TornTail,
        Step::EmptyDelete => Way::Blank(FIRST_FRAME),
        Step::SegmentAside => Way::Blank(FIRST_FRAME + 1),
        Step::LetterWrite | Step::LetterSync => Way::Refused,
        // `faults/dead_letters.rs` kills it there.
        Step::LettersInsert
        | Step::LettersMark
        | Step::LettersDraft
        | Step::LettersSync
        | Step::LettersRename
        | Step::LettersRemove => return None,
    })
}

#[tokio::test]
async fn killed_at_every_boundary_it_loses_nothing_and_doubles_nothing() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    stage.everything_counts_once().await?;
    let mut age_ms = 0;
    for further in 0..arrivals()? {
        for (step, way) in Step::ALL.into_iter().filter_map(|step| Some((step, way(step)?))) {
            let Some(way) = way.further(further) else { continue };
            for side in Side::ALL {
                let boundary = format!("{}:{}", step.name(), side.name());
                // Views of an hour of their own, so that its marks are this life's and the next one's.
                age_ms = (age_ms + HOUR_MS) % OLDEST_MS;
                let drill = drill(&mut stage, (step, way), &boundary, age_ms);
                drill.await.with_context(|| format!("killed at {boundary}"))?;
            }
        }
    }
    stage.database.stop().await;
    Ok(())
}

async fn drill(stage: &mut Stage, (step, way): (Step, Way), boundary: &str, age_ms: i64) -> Result<()> {
    let before = stage.book.acknowledged();
    let armed = |arrival: u32| format!("{boundary}=kill#{arrival}");
    match way {
        Way::Traffic(arrival) => {
            let collector = stage.place.start_armed(&stage.store, &armed(arrival)).await?;
            stage.until_dead(collector, age_ms).await?;
        }
        Way::Refused => {
            let constraint = "ALTER TABLE rum_data.actions ADD CONSTRAINT none CHECK view_id = 0";
            stage.database.execute(constraint).await?;
            let collector = stage.place.start_armed(&stage.store, &armed(2)).await?;
            stage.until_dead(collector, age_ms).await?;
            stage
                .database
                .execute("ALTER TABLE rum_data.actions DROP CONSTRAINT none")
                .await?;
            let output = stage.place.command(&["deadletter", "retry"]).await?;
            let said = String::from_utf8_lossy(&output.stderr);
            anyhow::ensure!(output.status.success(), "{said}");
        }
        Way::TornTail => {
            let collector = stage.start().await?;
            stage.book.send(&collector.sender()).await?;
            collector.kill().await?;
            let newest = segments(&stage.place.spool())?.pop().context("there is no segment")?;
            let mut bytes = fs::read(&newest)?;
            bytes.extend([7; 100]);
            fs::write(&newest, bytes)?;
            killed(stage.place.start_and_end(&stage.store, &armed(1)).await?)?;
        }
        Way::Blank(bytes) => {
            fs::write(stage.place.spool().join(format!("{:012}.segment", FAR)), vec![0; bytes])?;
            killed(stage.place.start_and_end(&stage.store, &armed(1)).await?)?;
        }
    }
    stage.everything_counts_once().await?;
    let sends = !matches!(way, Way::TornTail | Way::Blank(_));
    // What is killed before its first append has answered nobody.
    let answers = sends && matches!(step, Step::AppendWrite | Step::AppendSync | Step::SegmentDelete);
    anyhow::ensure!(!answers || stage.book.acknowledged() > before, "nothing was at stake");
    for segment in fs::read_dir(stage.place.spool())? {
        let path = segment?.path();
        if path.extension().is_some_and(|extension| extension == "damaged") {
            // It was made up: there is nothing in it.
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
