//! kill -9 of ClickHouse while the collector stands at a boundary: before and after an insert, and a mark.

use anyhow::{Context as _, Result};
use rum_collector::fault::{Side, Step};
use rum_tests::processes::{resume, stopped};
use rum_tests::traffic::Book;

use crate::stage::{SMALL_SEGMENTS, Stage};

const VISITS: usize = 10;

#[tokio::test]
async fn clickhouse_killed_around_inserts_and_marks_loses_nothing_and_doubles_nothing() -> Result<()> {
    let mut stage = Stage::set(SMALL_SEGMENTS).await?;
    stage.everything_counts_once().await?;
    for step in [Step::Insert, Step::Mark] {
        for side in Side::ALL {
            let boundary = format!("{}:{}", step.name(), side.name());
            let drill = drill(&mut stage, &boundary);
            drill
                .await
                .with_context(|| format!("ClickHouse killed at {boundary}"))?;
        }
    }
    stage.database.stop().await;
    Ok(())
}

async fn drill(stage: &mut Stage, boundary: &str) -> Result<()> {
    let collector = stage
        .place
        .start_armed(&stage.store, &format!("{boundary}=stop#2"))
        .await?;
    let sender = collector.sender();
    let pid = collector.pid()?;
    let sending = tokio::spawn(async move {
        let mut book = Book::default();
        for _ in 0..VISITS {
            book.send(&sender).await?;
        }
        anyhow::Ok(book)
    });
    stopped(pid).await?;
    stage.database.kill().await?;
    resume(pid)?;
    stage.book.add(sending.await??);
    stage.counts_once(&collector).await?;
    collector.kill().await
}
