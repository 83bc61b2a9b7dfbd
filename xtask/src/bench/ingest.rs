//! `cargo xtask bench ingest`: what a collector keeps of recorded page views, built for speed, on this machine's loopback, until
//! ClickHouse has every row; beside handlers that only read the bodies, or only parse them.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Column, Row};
use crate::tools::{Cache, libchdb, rust};
use crate::workspace::Workspace;
use crate::{native, process, terminal};

const RECORDINGS: &str = "tests/recordings";
const PROGRAM: &str = "bench-ingest";

pub(super) const COLUMNS: &[Column] = &[
    ("durable_events_per_second", "durable events/s"),
    ("durable_events_per_cpu_second", "events/CPU s"),
    ("cpu_ratio_to_parse_floor", "CPU to the parse floor's"),
    ("ack_p50_ms", "p50, ms"),
    ("ack_p99_ms", "p99, ms"),
    ("peak_rss_mib", "memory, MiB"),
    ("acknowledged", "acknowledged"),
    ("stored", "stored"),
    ("clickhouse_cpu_seconds_per_million_events", "ClickHouse CPU s/M"),
];

/// The benchmark's own object.
pub(super) fn measure(workspace: &Workspace, cache: &Cache, seconds: u32) -> Result<Value> {
    rust::check(workspace)?;
    terminal::note("cargo", "building the collector for speed");
    let mut cargo = workspace.command("cargo");
    process::run(cargo.args(["build", "--release", "--package", native::COLLECTOR]))?;
    let mut cargo = workspace.command("cargo");
    process::run(cargo.args(["build", "--release", "--package", "rum-tests", "--bin", PROGRAM]))?;
    let release = workspace.target.join("release");
    terminal::note("bench", "three floors, then the collector with events and with records");
    let mut bench = workspace.command(&release.join(PROGRAM).to_string_lossy());
    bench
        .arg(RECORDINGS)
        .arg(seconds.to_string())
        .env("RUM_LIBCHDB", libchdb::ready(cache)?)
        .env("RUM_COLLECTOR_BIN", release.join(native::COLLECTOR));
    serde_json::from_str(&process::output(&mut bench)?).context("what the benchmark printed")
}

/// The object as a table's rows.
pub(super) fn rows(figures: &Value) -> Vec<Row> {
    let row = |name: &str, figures: &Value| Row {
        name: name.to_owned(),
        figures: COLUMNS
            .iter()
            .map(|(key, _)| figures[*key].as_f64().unwrap_or(f64::NAN))
            .collect(),
    };
    vec![row("events", figures), row("records", &figures["raw"])]
}
