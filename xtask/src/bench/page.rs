//! `cargo xtask bench page`: what the SDK costs a page's main thread, on every page of the vitals suite in Chromium, at a
//! fourth of this machine's speed. Processor time, medians of several visits.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Column, Row};
use crate::tools::{Cache, browsers, npm};
use crate::workspace::Workspace;
use crate::{native, process, terminal, web};

pub(super) const COLUMNS: &[Column] = &[
    ("task_ms", "longest task, ms"),
    ("report_ms", "report at hide, ms"),
    ("total_ms", "all, ms"),
];

#[derive(Deserialize)]
struct Measured {
    rows: Vec<Situation>,
}

#[derive(Deserialize)]
struct Situation {
    theme: String,
    situation: String,
    task_ms: f64,
    report_ms: f64,
    total_ms: f64,
}

/// Visits every page `visits` times. The last row is the median of all pages.
pub(super) fn measure(workspace: &Workspace, cache: &Cache, visits: u32) -> Result<Vec<Row>> {
    web::build(workspace, cache)?;
    npm::install(workspace)?;
    terminal::note("bench", "visiting the pages of tests/vitals: some minutes");
    let mut node = workspace.command("node");
    node.arg("tests/vitals/main-thread/bench.mjs").arg(visits.to_string());
    node.env(browsers::CHROMIUM.variable, browsers::CHROMIUM.ready()?);
    native::built(workspace, &mut node);
    let measured: Measured =
        serde_json::from_str(&process::output(&mut node)?).context("what the benchmark printed")?;
    let mut rows: Vec<Row> = measured.rows.iter().map(row).collect();
    let figures =
        (0..COLUMNS.len()).map(|at| median(rows.iter().filter_map(|row| row.figures.get(at).copied()).collect()));
    rows.push(Row {
        name: "median".to_owned(),
        figures: figures.collect(),
    });
    Ok(rows)
}

fn row(page: &Situation) -> Row {
    Row {
        name: format!("{}: {}", page.theme, page.situation),
        figures: [page.task_ms, page.report_ms, page.total_ms].map(tenths).into(),
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().map_or(0.0, tenths)
}

/// More digits would be noise.
fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}
