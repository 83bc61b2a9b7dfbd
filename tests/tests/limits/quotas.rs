//! Quotas of a day, across the ends of a collector.

use std::fs;

use anyhow::{Context as _, Result};
use reqwest::StatusCode;
use rum_tests::collector::{Collector, Place, Store};
use rum_tests::traffic::Visit;
use rum_tests::waiting::until;
use serde_json::Value;

/// Events of a visit.
const EVENTS: u64 = 12;

/// What the app has used of its events, as the collector tells.
async fn used(collector: &Collector) -> Result<u64> {
    let part = collector.part("quotas").await?;
    let used = part["today"]["shop"]["events"]["used"].as_u64();
    used.with_context(|| part.to_string())
}

/// How often the log says so.
fn logged(place: &Place, text: &str) -> Result<usize> {
    Ok(place.log()?.matches(text).count())
}

#[tokio::test]
async fn a_quota_that_is_used_up_stays_so_after_a_restart_and_is_told_once() -> Result<()> {
    const NEAR: &str = "the app will soon have used up its quota";
    const OVER: &str = "the app has used up its quota";
    let place = Place::with(&format!("events_per_day = {}\n", 5 * EVENTS))?.at_noon()?;
    let collector = place.start(&Store::nowhere()).await?;
    for visit in 1..=5 {
        let near = usize::from(visit > 4);
        assert_eq!((logged(&place, NEAR)?, logged(&place, OVER)?), (near, 0), "{visit}");
        assert_eq!(Visit::now().send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    }
    assert_eq!(
        Visit::now().send(&collector.sender()).await?,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert!(collector.terminate().await?.success());

    let collector = place.start(&Store::nowhere()).await?;
    assert_eq!(used(&collector).await?, 5 * EVENTS);
    assert_eq!(
        Visit::now().send(&collector.sender()).await?,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert!(collector.terminate().await?.success());
    assert_eq!((logged(&place, NEAR)?, logged(&place, OVER)?), (1, 1));
    Ok(())
}

#[tokio::test]
async fn what_was_written_down_survives_a_kill_and_a_retry_counts_once() -> Result<()> {
    let place = Place::with("events_per_day = 1000\n")?.at_noon()?;
    let collector = place.start(&Store::nowhere()).await?;
    let visits = [Visit::now(), Visit::now()];
    for visit in &visits {
        assert_eq!(visit.send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    }
    let file = place.data().join("day.json");
    until("the use of the day is written down", async || {
        let Ok(text) = fs::read(&file) else { return Ok(None) };
        let kept: Value = serde_json::from_slice(&text)?;
        Ok((kept["apps"]["shop"]["events"] == 2 * EVENTS).then_some(()))
    })
    .await?;
    collector.kill().await?;

    let collector = place.start(&Store::nowhere()).await?;
    assert_eq!(used(&collector).await?, 2 * EVENTS);
    for visit in &visits {
        assert_eq!(visit.send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    }
    assert_eq!(used(&collector).await?, 2 * EVENTS);
    assert_eq!(Visit::now().send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    assert_eq!(used(&collector).await?, 3 * EVENTS);
    assert!(collector.terminate().await?.success());
    Ok(())
}
