//! The collector's clock jumps while it runs: an hour ahead, three days back, a week ahead. Rows of views that cannot have started
//! then are in `clock_bad`, and every row is somewhere, once.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use rum_tests::traffic::Visit;
use serde_json::Value;

use crate::stage::{SMALL_SEGMENTS, Stage};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// By how much the clock is wrong, one after the other.
const JUMPS_MS: [i64; 6] = [0, HOUR_MS, -3 * DAY_MS, 7 * DAY_MS, -HOUR_MS, 0];
const VISITS: usize = 15;

/// Rows that a visit has in each table.
const ROWS: [(&str, u64); 7] = [
    ("views", 1),
    ("vitals", 2),
    ("requests", 4),
    ("errors", 1),
    ("actions", 1),
    ("long_frames", 1),
    ("timings", 2),
];

#[tokio::test]
async fn whatever_the_clock_says_every_row_is_somewhere_and_once() -> Result<()> {
    let stage = Stage::set(SMALL_SEGMENTS).await?;
    let file = stage.place.clock();
    let armed = [("RUM_FAULT_CLOCK", file.to_str().context("no path")?)];
    let mut visits = Vec::new();
    for jumps in JUMPS_MS.windows(2) {
        let [before, after] = jumps else { continue };
        fs::write(&file, before.to_string())?;
        let collector = stage.place.start_with(&stage.store, &armed).await?;
        for visit in 0..VISITS {
            if visit == VISITS / 2 {
                fs::write(&file, after.to_string())?;
            }
            let visit = Visit::now();
            // Twice: a repetition is known whatever the time is.
            for _ in 0..2 {
                let status = visit.send(&collector.sender()).await?;
                ensure!(status == StatusCode::NO_CONTENT, "{status}");
            }
            visits.push(visit.view.to_string());
        }
        // Whatever is in the spool is inserted again by the next one, whose clock says something else.
        collector.kill().await?;
    }
    fs::write(&file, "0")?;
    let collector = stage.place.start_with(&stage.store, &armed).await?;
    collector.settled().await?;
    for (table, expected) in ROWS {
        let rows = format!(
            "SELECT lower(leftPad(hex(view_id), 16, '0')) AS view, count() AS rows FROM \
             (SELECT view_id FROM rum_data.{table} FINAL UNION ALL SELECT view_id FROM rum_data.clock_bad FINAL WHERE table = '{table}') \
             GROUP BY view"
        );
        let found = stage.database.sql(&rows).await?;
        let found: BTreeMap<&str, u64> = found.iter().filter_map(count).collect();
        for view in &visits {
            let rows = found.get(view.as_str()).copied().unwrap_or(0);
            ensure!(
                rows == expected,
                "{view} has {rows} rows in {table}, it should have {expected}"
            );
        }
        ensure!(found.len() == visits.len(), "nobody sent some of {table}");
    }
    for (place, table) in [("in the tables", "views"), ("in clock_bad", "clock_bad")] {
        let rows = stage
            .database
            .sql(&format!("SELECT count() AS rows FROM rum_data.{table}"))
            .await?;
        ensure!(
            rows[0]["rows"].as_u64() > Some(0),
            "no clock was such that rows are {place}"
        );
    }
    collector.kill().await?;
    stage.database.stop().await;
    Ok(())
}

fn count(row: &Value) -> Option<(&str, u64)> {
    Some((row["view"].as_str()?, row["rows"].as_u64()?))
}
