//! What an outage costs: batches come at a steady rate, and ClickHouse is away; then it is back.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rum_tests::collector::Store;
use rum_tests::database::Database;
use rum_tests::load::{Form, Traffic};
use rum_tests::proxy::Proxy;
use rum_tests::usage::peak_memory_mib;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::{CONNECTIONS, address, drained, place, rounded, stored};

/// Events a second.
const RATE: f64 = 20_000.0;

/// The figures of an outage that lasts for `time`.
pub(super) async fn measure(recordings: &Path, time: Duration) -> Result<Value> {
    let traffic = Traffic::recorded(recordings, Form::Events)?;
    let folder = TempDir::new()?;
    let database = Database::start(folder.path()).await?;
    let proxy = Proxy::start(&database).await?;
    let place = place()?.and(&[("RUM_SPOOL_MAX_BYTES", "16 GiB")]);
    let store = Store::server(&database, proxy.url()).await?;
    let collector = place.start(&store).await?;
    collector.settled().await?;
    let pid = collector.pid()?;

    proxy.close();
    let batches_a_second = RATE / traffic.events();
    let load = traffic
        .pace(address(collector.url())?, CONNECTIONS, batches_a_second, time)
        .await?;
    let spool = collector.part("spool").await?;
    let spool_bytes = spool["bytes"]
        .as_f64()
        .with_context(|| format!("no bytes in {spool}"))?;
    let peak = peak_memory_mib(pid)?;

    // A crash at the worst time: all that waits is read before anything is taken.
    collector.kill().await?;
    let killed = Instant::now();
    let collector = place.start(&store).await?;
    let restarted_in = killed.elapsed();
    let pid = collector.pid()?;

    proxy.open();
    let back = Instant::now();
    drained(&collector).await?;
    let drained_in = back.elapsed();
    let (acknowledged, stored) = (load.rows, stored(&collector).await?);
    ensure!(
        stored == acknowledged,
        "{acknowledged} events (but long frames) were acknowledged, and {stored} are stored"
    );
    let peak_after = peak_memory_mib(pid)?;
    ensure!(collector.terminate().await?.success(), "the collector did not end well");
    database.stop().await;
    Ok(json!({
        "seconds": time.as_secs(),
        "events_per_second": (load.events as f64 / time.as_secs_f64()).round(),
        "ack_p50_ms": rounded(load.latency_ms(0.5)),
        "ack_p99_ms": rounded(load.latency_ms(0.99)),
        "peak_rss_mib": rounded(peak),
        "peak_rss_mib_until_drained": rounded(peak_after),
        "spool_mib": rounded(spool_bytes / f64::from(1 << 20)),
        "spool_bytes_per_event": rounded(spool_bytes / load.events as f64),
        "restarted_in_seconds": rounded(restarted_in.as_secs_f64()),
        "drained_in_seconds": rounded(drained_in.as_secs_f64()),
        "acknowledged": acknowledged,
        "stored": stored,
    }))
}
