//! ClickHouse is away, and one app fills the spool: others go on.

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use rum_tests::collector::{Collector, Sender};
use rum_tests::traffic::Visit;
use rum_tests::waiting::until;

use crate::stage::Stage;

const APPS_AND_SPOOL: &str = "[[apps]]\nname = \"quiet\"\nkey = \"quiet\"\norigins = [\"*\"]\n\
                              [spool]\nmax_bytes = \"2 MiB\"\nsegment_bytes = \"64 KiB\"\n";
/// Visits of each app after the spool has no more room for the noisy one.
const BEYOND: usize = 30;

/// Batches of an app that its share of the spool has kept out, as `/metrics` says.
async fn kept_out(collector: &Collector, app: &str) -> Result<usize> {
    let page = collector.metrics().await?;
    let name = format!("rum_app_refused_batches_total{{app={app:?},outcome=\"refused_share\"}} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok());
    value.with_context(|| format!("{name} is not in\n{page}"))
}

/// Sends a visit until it is kept, as its page does.
async fn send_until_kept(visit: &Visit, sender: &Sender) -> Result<()> {
    let kept = async || Ok((visit.send(sender).await? == StatusCode::NO_CONTENT).then_some(()));
    until("a visit that was refused is kept", kept).await
}

#[tokio::test]
async fn one_app_that_fills_the_spool_is_refused_and_the_other_one_goes_on() -> Result<()> {
    let mut stage = Stage::set(APPS_AND_SPOOL).await?;
    let collector = stage.start().await?;
    collector.ready("clickhouse").await?;
    stage.proxy.close();
    let (noisy, quiet) = (collector.sender(), collector.sender_of("quiet"));
    let mut refused = Vec::new();
    while refused.is_empty() {
        let visit = Visit::now();
        match visit.send(&noisy).await? {
            StatusCode::NO_CONTENT => stage.book.acknowledge(&visit),
            StatusCode::SERVICE_UNAVAILABLE => refused.push(visit),
            status => anyhow::bail!("a good batch is answered {status}"),
        }
        ensure!(stage.book.acknowledged() < 10_000, "the spool has a limit");
    }
    // So far nobody else has sent anything: who is refused is all there is.
    let part = collector.part("spool").await?;
    ensure!(part["ready"] == false && part["state"] == "unhealthy", "{part}");
    for _ in 0..BEYOND {
        stage.book.send_visit(&quiet, &Visit::now()).await?;
        let visit = Visit::now();
        let status = visit.send(&noisy).await?;
        ensure!(status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
        refused.push(visit);
    }
    let part = collector.part("spool").await?;
    ensure!(part["ready"] == true && part["state"] == "degraded", "{part}");
    ensure!(part["over_share"] == serde_json::json!(["shop"]), "{part}");
    let counted = (
        kept_out(&collector, "shop").await?,
        kept_out(&collector, "quiet").await?,
    );
    ensure!(counted == (refused.len(), 0), "{counted:?} of {}", refused.len());

    // What was filled before is known after a restart.
    collector.kill().await?;
    let collector = stage.start().await?;
    let (noisy, quiet) = (collector.sender(), collector.sender_of("quiet"));
    ensure!(Visit::now().send(&noisy).await? == StatusCode::SERVICE_UNAVAILABLE);
    stage.book.send_visit(&quiet, &Visit::now()).await?;

    stage.proxy.open();
    for visit in &refused {
        send_until_kept(visit, &noisy).await?;
        stage.book.acknowledge(visit);
    }
    stage.counts_once(&collector).await?;
    collector.kill().await?;
    stage.everything_counts_once().await?;
    stage.database.stop().await;
    Ok(())
}
