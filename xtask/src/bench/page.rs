//! `cargo xtask bench page`: what the SDK costs a page's main thread, on every page of the vitals suite in Chromium, in ms of
//! a processor of a fourth of this machine's speed. Beside it web-vitals on the same page, and the floor: the browser's own
//! part of a start and of a report.

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
    ("web_vitals_task_ms", "web-vitals' longest task, ms"),
    ("web_vitals_total_ms", "web-vitals, all, ms"),
    ("floor_task_ms", "a start that only asks for its element, ms"),
    ("floor_report_ms", "a fetch at hide, ms"),
];

#[derive(Deserialize)]
struct Measured {
    rows: Vec<Situation>,
}

#[derive(Deserialize)]
struct Situation {
    theme: String,
    situation: String,
    sdk: Cost,
    reference: Cost,
    floor: Cost,
}

#[derive(Deserialize)]
struct Cost {
    task_ms: f64,
    report_ms: f64,
    total_ms: f64,
}

/// What is said of a figure of all pages.
type Summary = fn(Vec<f64>) -> f64;

/// Visits every page, or those whose name matches `only`, `visits` times with each of them. The last rows are of all these:
/// the median, what nine in ten of them do not exceed, and the maximum.
pub(super) fn measure(workspace: &Workspace, cache: &Cache, visits: u32, only: Option<&str>) -> Result<Vec<Row>> {
    web::build(workspace, cache)?;
    npm::install(workspace)?;
    terminal::note("bench", "visiting the pages of tests/vitals: some minutes");
    let mut node = workspace.command("node");
    node.args(["tests/vitals/main-thread/bench.mjs", "--visits"])
        .arg(visits.to_string())
        .args(only.map(|pattern| format!("--only={pattern}")));
    node.env(browsers::CHROMIUM.variable, browsers::CHROMIUM.ready()?);
    native::built(workspace, &mut node);
    let measured: Measured =
        serde_json::from_str(&process::output(&mut node)?).context("what the benchmark printed")?;
    let mut rows: Vec<Row> = measured.rows.iter().map(row).collect();
    let columns: Vec<Vec<f64>> = (0..COLUMNS.len())
        .map(|at| rows.iter().filter_map(|row| row.figures.get(at).copied()).collect())
        .collect();
    let summaries = [
        ("median", median as Summary),
        ("nine pages in ten", nine_in_ten),
        ("maximum", maximum),
    ];
    for (name, of) in summaries {
        rows.push(Row {
            name: name.to_owned(),
            figures: columns.iter().cloned().map(of).collect(),
        });
    }
    Ok(rows)
}

fn row(page: &Situation) -> Row {
    Row {
        name: format!("{}: {}", page.theme, page.situation),
        figures: [
            page.sdk.task_ms,
            page.sdk.report_ms,
            page.sdk.total_ms,
            page.reference.task_ms,
            page.reference.total_ms,
            page.floor.task_ms,
            page.floor.report_ms,
        ]
        .map(tenths)
        .into(),
    }
}

fn median(figures: Vec<f64>) -> f64 {
    at_place(figures, |count| count / 2)
}

fn nine_in_ten(figures: Vec<f64>) -> f64 {
    at_place(figures, |count| (count * 9).div_ceil(10).saturating_sub(1))
}

fn at_place(mut figures: Vec<f64>, place: fn(usize) -> usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(place(figures.len())).copied().map_or(0.0, tenths)
}

fn maximum(figures: Vec<f64>) -> f64 {
    figures.into_iter().fold(0.0, f64::max)
}

/// More digits would be noise.
fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}
