//! `cargo xtask bench ingest`: what a collector keeps of recorded page views, built for speed, on this machine's loopback, until
//! ClickHouse has every row; beside handlers that only read the bodies, or only parse them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Column, Row, flame};
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

/// What an outage of ClickHouse costs, as a table.
pub(super) const OUTAGE_COLUMNS: &[Column] = &[
    ("events_per_second", "events/s"),
    ("ack_p50_ms", "p50, ms"),
    ("ack_p99_ms", "p99, ms"),
    ("peak_rss_mib", "memory, MiB"),
    ("peak_rss_mib_until_drained", "memory until drained, MiB"),
    ("spool_mib", "spool, MiB"),
    ("spool_bytes_per_event", "bytes/event"),
    ("restarted_in_seconds", "restarted in, s"),
    ("drained_in_seconds", "drained in, s"),
    ("acknowledged", "acknowledged"),
    ("stored", "stored"),
];

/// The benchmark's own object.
pub(super) fn measure(workspace: &Workspace, cache: &Cache, seconds: u32) -> Result<Value> {
    let mut bench = built(workspace, cache)?;
    terminal::note("bench", "three floors, then the collector with events and with records");
    figures(bench.arg(RECORDINGS).arg(seconds.to_string()))
}

/// That of an outage.
pub(super) fn measure_outage(workspace: &Workspace, cache: &Cache, seconds: u32) -> Result<Value> {
    let mut bench = built(workspace, cache)?;
    terminal::note(
        "bench",
        &format!("20,000 events a second for {seconds} s while ClickHouse is away, a crash, and until all are stored"),
    );
    figures(bench.arg("outage").arg(RECORDINGS).arg(seconds.to_string()))
}

fn figures(bench: &mut Command) -> Result<Value> {
    serde_json::from_str(&process::output(bench)?).context("what the benchmark printed")
}

/// The benchmark, and the collector that it starts, built for speed.
fn built(workspace: &Workspace, cache: &Cache) -> Result<Command> {
    built_in(workspace, cache, &workspace.target, "")
}

/// Likewise, in a target folder of its own and with more flags for the compiler.
fn built_in(workspace: &Workspace, cache: &Cache, target: &Path, flags: &str) -> Result<Command> {
    rust::check(workspace)?;
    terminal::note("cargo", "building the collector for speed");
    let cargo = || {
        let mut cargo = workspace.command("cargo");
        cargo.args(["build", "--release", "--target-dir"]).arg(target);
        if !flags.is_empty() {
            cargo
                .env("RUSTFLAGS", flags)
                .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
        }
        cargo
    };
    process::run(cargo().args(["--package", native::COLLECTOR]))?;
    process::run(cargo().args(["--package", "rum-tests", "--bin", PROGRAM]))?;
    let release = target.join("release");
    let mut bench = workspace.command(&release.join(PROGRAM).to_string_lossy());
    bench
        .env("RUM_LIBCHDB", libchdb::ready(cache)?)
        .env("RUM_COLLECTOR_BIN", release.join(native::COLLECTOR));
    Ok(bench)
}

/// Draws where the collector is under full load, by samples of `seconds`.
pub(super) fn flame_graph(workspace: &Workspace, cache: &Cache, seconds: u32, drawing: &Path) -> Result<()> {
    // With frame pointers all is compiled anew.
    let target = workspace.target.join("profile");
    let mut bench = built_in(workspace, cache, &target, "-C force-frame-pointers=yes")?;
    let samples = target.join("ingest.perf");
    terminal::note("bench", &format!("full load for {seconds} s"));
    process::run(
        bench
            .args(["profile", RECORDINGS])
            .arg(seconds.to_string())
            .arg(&samples),
    )?;
    let mut script = workspace.command("perf");
    let script = process::output(script.arg("script").arg("--input").arg(&samples))?;
    flame::draw(&script, drawing)
}

/// The object of an outage as a table's row.
pub(super) fn outage_rows(figures: &Value) -> Vec<Row> {
    vec![row("outage", OUTAGE_COLUMNS, figures)]
}

fn row(name: &str, columns: &[Column], figures: &Value) -> Row {
    Row {
        name: name.to_owned(),
        figures: columns
            .iter()
            .map(|(key, _)| figures[*key].as_f64().unwrap_or(f64::NAN))
            .collect(),
    }
}

/// The object as a table's rows.
pub(super) fn rows(figures: &Value) -> Vec<Row> {
    vec![
        row("events", COLUMNS, figures),
        row("records", COLUMNS, &figures["raw"]),
    ]
}
