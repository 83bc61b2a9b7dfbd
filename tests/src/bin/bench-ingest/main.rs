//! `bench-ingest`: what the collector makes of recorded page views, over the loopback, until ClickHouse has every row; and what
//! the same bodies cost handlers that do less. `cargo xtask bench ingest` builds and runs it.
//!
//! With `outage` it is what an outage costs: batches at a steady rate while ClickHouse is away. With `profile` nothing is measured:
//! Linux' `perf` looks where the collector is under full load.
//!
//! Prints one JSON object on standard output.

mod outage;
mod profile;

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::StatusCode;
use rum_core::wire::Batch;
use rum_tests::collector::{Collector, Place, Store};
use rum_tests::load::{Form, Load, Traffic};
use rum_tests::usage::{cpu, peak_memory_mib};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// Connections that always have a batch under way: more than one sync of the disk can make durable at a time.
const CONNECTIONS: u32 = 256;

/// The tables whose rows are events, a row an event.
const TABLES: [&str; 7] = ["views", "vitals", "requests", "errors", "actions", "timings", "logs"];

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["floor", floor] => serve_floor(floor).await,
        ["outage", recordings, seconds] => {
            let figures = outage::measure(Path::new(recordings), Duration::from_secs(seconds.parse()?)).await?;
            writeln!(std::io::stdout(), "{figures:#}")?;
            Ok(())
        }
        ["profile", recordings, seconds, samples] => {
            let time = Duration::from_secs(seconds.parse()?);
            profile::record(Path::new(recordings), time, Path::new(samples)).await
        }
        [recordings, seconds] => {
            let figures = measure(Path::new(recordings), Duration::from_secs(seconds.parse()?)).await?;
            writeln!(std::io::stdout(), "{figures:#}")?;
            Ok(())
        }
        _ => {
            bail!("usage: bench-ingest [outage] RECORDINGS SECONDS, or bench-ingest profile RECORDINGS SECONDS SAMPLES")
        }
    }
}

async fn measure(recordings: &Path, time: Duration) -> Result<Value> {
    let events = Traffic::recorded(recordings, Form::Events)?;
    let raw = Traffic::recorded(recordings, Form::Raw)?;
    let read = Floor::measure("read", &events, time).await?;
    let parse = Floor::measure("parse", &events, time).await?;
    let parse_raw = Floor::measure("parse", &raw, time).await?;
    let mut figures = durable(&events, time, parse).await?;
    let mut of_raw = durable(&raw, time, parse_raw).await?;
    of_raw["floors"] = json!({ "parse_events_per_cpu_second": parse_raw.round() });
    figures["floors"] =
        json!({ "read_events_per_cpu_second": read.round(), "parse_events_per_cpu_second": parse.round() });
    figures["raw"] = of_raw;
    Ok(figures)
}

/// The collector's figures, beside `floor` events a CPU second.
async fn durable(traffic: &Traffic, time: Duration, floor: f64) -> Result<Value> {
    let place = place()?;
    let collector = place.start(&Store::Embedded).await?;
    collector.settled().await?;
    let clickhouse = collector.clickhouse().await?.context("there is no ClickHouse")?;
    let (pid, address) = (collector.pid()?, address(collector.url())?);
    // Caches, connections and the first segment.
    let warm = traffic.flood(address, CONNECTIONS, time / 10).await?;
    collector.settled().await?;

    let (before, clickhouse_before, start) = (cpu(pid)?, cpu(clickhouse)?, Instant::now());
    let load = traffic.flood(address, CONNECTIONS, time).await?;
    let acknowledged_in = start.elapsed();
    drained(&collector).await?;
    let (stored_in, used) = (start.elapsed(), cpu(pid)? - before);
    let clickhouse_used = cpu(clickhouse)? - clickhouse_before;

    let rate = load.acknowledged as f64 / acknowledged_in.as_secs_f64();
    let half = traffic.pace(address, CONNECTIONS, rate / 2.0, time).await?;
    drained(&collector).await?;
    let peak = peak_memory_mib(pid)?;
    let acknowledged = warm.rows + load.rows + half.rows;
    let stored = stored(&collector).await?;
    ensure!(
        stored == acknowledged,
        "{acknowledged} events (but long frames) were acknowledged, and {stored} are stored"
    );
    ensure!(collector.terminate().await?.success(), "the collector did not end well");

    let per_cpu = load.events as f64 / used.as_secs_f64();
    Ok(json!({
        "events_per_batch": traffic.events(),
        "body_bytes": traffic.body_bytes(),
        "acknowledged_events_per_second": (load.events as f64 / acknowledged_in.as_secs_f64()).round(),
        "durable_events_per_second": (load.events as f64 / stored_in.as_secs_f64()).round(),
        "durable_events_per_cpu_second": per_cpu.round(),
        "cpu_ratio_to_parse_floor": rounded(floor / per_cpu),
        "ack_p50_ms": rounded(half.latency_ms(0.5)),
        "ack_p99_ms": rounded(half.latency_ms(0.99)),
        "half_load_batches_per_second": (rate / 2.0).round(),
        "peak_rss_mib": rounded(peak),
        "acknowledged": acknowledged,
        "stored": stored,
        "clickhouse_cpu_seconds_per_million_events": rounded(clickhouse_used.as_secs_f64() * 1e6 / load.events as f64),
    }))
}

fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

/// A place whose collectors let one address have all the connections: here it is the only one.
fn place() -> Result<Place> {
    Ok(Place::new()?.and(&[("RUM_LIMITS_CONNECTIONS_PER_ADDRESS", "1024")]))
}

/// Waits until every row is in ClickHouse, however long that takes.
async fn drained(collector: &Collector) -> Result<()> {
    while !collector.part("spool").await?["drained"].as_bool().unwrap_or(false) {
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Rows that are events, counted once.
async fn stored(collector: &Collector) -> Result<u64> {
    let counts: Vec<String> = TABLES
        .iter()
        .map(|table| format!("(SELECT count() FROM rum_data.{table} FINAL)"))
        .collect();
    let rows = collector.sql(&format!("SELECT {} AS rows", counts.join(" + "))).await?;
    let row = rows.first().context("no answer")?;
    row["rows"].as_u64().with_context(|| format!("no count in {row}"))
}

fn address(url: &str) -> Result<&str> {
    url.strip_prefix("http://")
        .with_context(|| format!("{url} is no address"))
}

/// A handler that does less than the collector, in a process of its own.
struct Floor {
    child: Child,
    address: String,
}

impl Floor {
    /// Events a CPU second.
    async fn measure(name: &str, traffic: &Traffic, time: Duration) -> Result<f64> {
        let mut floor = Self::start(name).await?;
        let pid = floor.child.id().context("the floor has ended")?;
        traffic.flood(&floor.address, CONNECTIONS, time / 10).await?;
        let before = cpu(pid)?;
        let Load { events, .. } = traffic.flood(&floor.address, CONNECTIONS, time).await?;
        let used = cpu(pid)? - before;
        floor.child.kill().await?;
        Ok(events as f64 / used.as_secs_f64())
    }

    async fn start(name: &str) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["floor", name])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().context("no standard output")?;
        BufReader::new(out).read_line(&mut line).await?;
        Ok(Self {
            child,
            address: line.trim_end().to_owned(),
        })
    }
}

async fn serve_floor(floor: &str) -> Result<()> {
    let handler = match floor {
        "read" => post(async |_: Bytes| StatusCode::NO_CONTENT),
        "parse" => post(async |body: Bytes| {
            let read = std::str::from_utf8(&body).ok().and_then(|body| Batch::read(body).ok());
            match read {
                Some(_) => StatusCode::NO_CONTENT,
                None => StatusCode::BAD_REQUEST,
            }
        }),
        _ => bail!("there is no floor {floor}"),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    axum::serve(listener, Router::new().route("/v1/batches", handler)).await?;
    Ok(())
}
