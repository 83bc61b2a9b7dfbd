//! `cargo xtask bench`: the measurements that decisions in `docs/decisions` rest on. No test runs them.

mod flame;
mod ingest;
mod page;
mod sdk;

use std::path::PathBuf;

use anyhow::Result;
use serde_json::Value;

use crate::terminal::{self, Tone};
use crate::tools::Cache;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(clap::Subcommand)]
enum Bench {
    /// What the collector keeps of recorded page views, how fast and at what cost, beside handlers that only read or parse them
    Ingest {
        /// Seconds of full load, and again of half of it, for each form
        #[arg(long, default_value_t = 20)]
        seconds: u32,
        #[command(flatten)]
        output: Output,
    },
    /// Draws where the collector's CPU goes under full load (Linux, needs `perf`)
    FlameGraph {
        /// Seconds of full load
        #[arg(long, default_value_t = 20)]
        seconds: u32,
        /// The SVG that is written
        #[arg(long, default_value = "docs/ingest.svg")]
        drawing: PathBuf,
    },
    /// What the collector needs while ClickHouse is away, at 20,000 events a second, and how long it takes to catch up
    Outage {
        /// Seconds of the outage
        #[arg(long, default_value_t = 600)]
        seconds: u32,
        #[command(flatten)]
        output: Output,
    },
    /// What the SDK costs a page's main thread, at a fourth of this machine's speed
    Page {
        /// Visits of each page
        #[arg(long, default_value_t = 3)]
        visits: u32,
        /// Only pages whose name matches this regular expression of JavaScript, such as `^INP:`
        #[arg(long)]
        only: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// What a page pays for the SDK, beside web-vitals, Elastic, Faro and Sentry, as differences to a page without any
    Sdk {
        /// Rounds: in each a visit without any SDK, and one with each, at full speed and at a fourth of it
        #[arg(long, default_value_t = 30)]
        rounds: u32,
        /// Ours alone, with parts of it missing: what each of them adds
        #[arg(long)]
        parts: bool,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(clap::Args)]
struct Output {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A measured candidate: its name, and its figures in the order of the table's columns.
struct Row {
    name: String,
    figures: Vec<f64>,
}

/// Runs one benchmark and shows its result.
pub(crate) fn run(workspace: &Workspace, cache: &Cache, arguments: &BenchArguments) -> Result<()> {
    let (output, columns, rows) = match &arguments.bench {
        Bench::Ingest { seconds, output } => {
            let figures = ingest::measure(workspace, cache, *seconds)?;
            if output.json {
                terminal::result(&serde_json::to_string_pretty(&figures)?);
                return Ok(());
            }
            (output, ingest::COLUMNS, ingest::rows(&figures))
        }
        Bench::Outage { seconds, output } => {
            let figures = ingest::measure_outage(workspace, cache, *seconds)?;
            if output.json {
                terminal::result(&serde_json::to_string_pretty(&figures)?);
                return Ok(());
            }
            (output, ingest::OUTAGE_COLUMNS, ingest::outage_rows(&figures))
        }
        Bench::FlameGraph { seconds, drawing } => {
            return ingest::flame_graph(workspace, cache, *seconds, drawing);
        }
        Bench::Page { visits, only, output } => {
            let rows = page::measure(workspace, cache, *visits, only.as_deref())?;
            (output, page::COLUMNS, rows)
        }
        Bench::Sdk { rounds, parts, output } => {
            let list = sdk::measure(workspace, cache, *rounds, *parts)?;
            if output.json {
                terminal::result(&serde_json::to_string_pretty(&list)?);
                return Ok(());
            }
            (output, sdk::COLUMNS, sdk::rows(&list))
        }
    };
    if output.json {
        terminal::result(&json(columns, &rows).to_string());
    } else {
        table(columns, &rows);
    }
    Ok(())
}

/// What is measured: the key in JSON, and the words at the head of a column.
type Column = (&'static str, &'static str);

fn json(columns: &[Column], rows: &[Row]) -> Value {
    let figures = |row: &Row| -> Value {
        let keyed = columns.iter().zip(&row.figures);
        keyed
            .map(|((key, _), figure)| ((*key).to_owned(), number(*figure)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let rows = rows.iter().map(|row| (row.name.clone(), figures(row)));
    rows.collect::<serde_json::Map<_, _>>().into()
}

/// Bytes are whole numbers, and should look like it.
fn number(figure: f64) -> Value {
    if figure.fract() == 0.0 {
        (figure as i64).into()
    } else {
        figure.into()
    }
}

fn table(columns: &[Column], rows: &[Row]) {
    let heads = columns.iter().map(|(_, head)| *head);
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let line = |name: &str, cells: &mut dyn Iterator<Item = String>| {
        let cells: Vec<String> = cells
            .zip(columns)
            .map(|(cell, (_, head))| format!("{cell:>width$}", width = head.len()))
            .collect();
        format!("{name:<width$}  {}", cells.join("  "))
    };
    let heading = line("", &mut heads.map(str::to_owned));
    terminal::result(&terminal::toned(&heading, Tone::Faint));
    for row in rows {
        terminal::result(&line(&row.name, &mut row.figures.iter().map(f64::to_string)));
    }
}
