//! Where the collector is, many times a second, under full load.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rum_tests::collector::Store;
use rum_tests::load::{Form, Traffic};
use tokio::process::Command;

use super::{CONNECTIONS, address, drained, place};

/// Samples a second of each thread that runs: no round number, so that they do not fall in step with a timer.
const FREQUENCY: &str = "499";

/// Writes samples of `time` to the file at `samples`, in the form of `perf record`.
pub(super) async fn record(recordings: &Path, time: Duration, samples: &Path) -> Result<()> {
    let traffic = Traffic::recorded(recordings, Form::Events)?;
    let place = place()?;
    let collector = place.start(&Store::Embedded).await?;
    collector.settled().await?;
    let address = address(collector.url())?;
    traffic.flood(address, CONNECTIONS, time / 10).await?;
    collector.settled().await?;

    let mut perf = Command::new("perf");
    perf.args(["record", "--freq", FREQUENCY, "--call-graph", "fp", "--output"])
        .arg(samples)
        .args(["--pid", &collector.pid()?.to_string()])
        .args(["--", "sleep", &time.as_secs().to_string()])
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let mut perf = perf
        .spawn()
        .context("`perf` cannot be started; Debian's package is linux-perf")?;
    // Somewhat longer than the samples, so that all of them are of full load.
    traffic
        .flood(address, CONNECTIONS, time + Duration::from_secs(1))
        .await?;
    ensure!(perf.wait().await?.success(), "`perf record` failed");
    drained(&collector).await?;
    ensure!(collector.terminate().await?.success(), "the collector did not end well");
    Ok(())
}
