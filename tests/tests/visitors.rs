//! What the collector keeps of a visitor's address: where it is, and nothing that anybody could find it by.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use rum_core::Id;
use rum_tests::collector::{Collector, KEY, Place, Store};
use serde_json::json;

/// In Washington, by the file.
const ADDRESS: &str = "216.160.83.56";
const GEO: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../collector/tests/geo/GeoIP2-City-Test.mmdb"
);
const TABLES: [&str; 9] = [
    "views",
    "vitals",
    "requests",
    "errors",
    "actions",
    "logs",
    "long_frames",
    "timings",
    "clock_bad",
];

/// A view of `/`, by a visitor behind a proxy.
async fn visit(collector: &Collector, number: u32) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let start = Id::starting_at(u32::try_from(now.as_secs())?, number).to_string();
    let body = json!({
        "version": 1,
        "batch_id": start,
        "sent_at_ms": u64::try_from(now.as_millis())?,
        "document": { "time_origin_ms": now.as_secs() * 1_000, "origin": "https://shop.example", "sdk": "test" },
        "views": [{ "seq": 1, "view_id": start, "session_id": start, "kind": 0, "start": 0, "page": "/" }],
        "vitals": [{ "seq": 1, "metric": 1, "scope": 0, "value": 1_000_000 }],
    });
    let request = reqwest::Client::new()
        .post(format!("{}/v1/batches?k={KEY}", collector.url()))
        .header("X-Forwarded-For", format!("198.51.100.1, {ADDRESS}"));
    let answer = request.body(body.to_string()).send().await?;
    ensure!(answer.status() == StatusCode::NO_CONTENT, "{}", answer.text().await?);
    Ok(())
}

async fn clients(collector: &Collector) -> Result<Vec<String>> {
    collector.settled().await?;
    let rows = collector
        .sql("SELECT client, country, region FROM rum.page_views ORDER BY view_id")
        .await?;
    let client = |row: &serde_json::Value| {
        ensure!(row["country"] == "US" && row["region"] == "US-WA", "{row}");
        Ok(row["client"].as_str().context("client")?.to_owned())
    };
    rows.iter().map(client).collect()
}

/// The files below a folder that hold the address as text.
fn holding(folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            holding(&path, found)?;
        } else if fs::read(&path)?
            .windows(ADDRESS.len())
            .any(|bytes| bytes == ADDRESS.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_address_is_in_no_row_no_file_and_no_log() -> Result<()> {
    let place = Place::new()?.and(&[
        ("RUM_TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#),
        ("RUM_VISITORS_ADDRESS", "hash"),
        ("RUM_VISITORS_GEO_DATABASE", GEO),
        ("RUM_LOG", "debug"),
    ]);
    // The salt is one of the day.
    let place = place.at_noon()?;
    let collector = place.start(&Store::Embedded).await?;
    visit(&collector, 1).await?;
    visit(&collector, 2).await?;
    let before = clients(&collector).await?;
    ensure!(
        before.len() == 2 && before[0] == before[1] && before[0].len() == 16,
        "{before:?}"
    );
    for table in TABLES {
        let count = format!("SELECT count() AS rows FROM rum_data.{table} WHERE toString(tuple(*)) LIKE '%{ADDRESS}%'");
        let rows = collector.sql(&count).await?;
        ensure!(rows[0]["rows"] == 0, "{table}: {rows:?}");
    }
    collector.terminate().await?;
    let mut found = Vec::new();
    holding(&place.spool(), &mut found)?;
    ensure!(found.is_empty(), "{found:?}");
    ensure!(
        !place.log()?.contains(ADDRESS) && place.log()?.contains("DEBUG"),
        "in the log"
    );

    // The salt was in memory only: the same visitor is another one now, and nobody can tell.
    let collector = place.start(&Store::Embedded).await?;
    visit(&collector, 3).await?;
    let after = clients(&collector).await?;
    ensure!(
        after.len() == 3 && after[2] != before[0] && after[2].len() == 16,
        "{after:?}"
    );
    collector.terminate().await?;
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_database_ends_the_start_with_a_sentence() -> Result<()> {
    let place = Place::new()?.and(&[(
        "RUM_VISITORS_GEO_DATABASE",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    )]);
    let started = place.start(&Store::nowhere()).await;
    ensure!(started.is_err());
    let log = place.log()?;
    ensure!(
        log.contains("visitors.geo_database")
            && log.contains("is no whole MaxMind DB")
            && log.contains("download it again"),
        "{log}"
    );
    Ok(())
}
