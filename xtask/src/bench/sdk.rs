//! `cargo xtask bench sdk`: what a page pays for our SDK, and for those of other makers on the same standard visit (load, one
//! click, three fetches, one error, leave), as differences to the same page without any.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Column, Row};
use crate::tools::{Cache, browsers, npm};
use crate::workspace::Workspace;
use crate::{native, process, terminal, web};

const PEERS: &str = "tests/peers";

pub(super) const COLUMNS: &[Column] = &[
    ("script_ms_4x", "main thread at 4×, ms"),
    ("script_ms", "main thread, ms"),
    ("cpu_ms", "all threads, ms"),
    ("long_task_ms", "long tasks at 4×, ms"),
    ("lcp_ms", "LCP, ms"),
    ("inp_ms", "INP, ms"),
    ("requests", "requests"),
    ("preflights", "preflights"),
    ("body_bytes", "bytes"),
];

/// The benchmark's own list of objects, one an SDK.
pub(super) fn measure(workspace: &Workspace, cache: &Cache, rounds: u32, parts: bool) -> Result<Value> {
    web::build(workspace, cache)?;
    npm::install(workspace)?;
    terminal::note("install", "npm packages of tests/peers, which are compared with ours");
    process::watched(
        workspace
            .command("npm")
            .args(["ci", "--ignore-scripts", "--prefix", PEERS]),
        || {},
    )
    .context("is there a network, or a registry in npm's config?")?;
    terminal::note("bench", &format!("{rounds} rounds of visits with each SDK, twice"));
    let mut node = workspace.command("node");
    node.arg(format!("{PEERS}/bench.mjs")).arg(rounds.to_string());
    if parts {
        node.arg("parts");
    }
    node.env(browsers::CHROMIUM.variable, browsers::CHROMIUM.ready()?);
    native::built(workspace, &mut node);
    serde_json::from_str(&process::output(&mut node)?).context("what the benchmark printed")
}

/// The list as a table's rows.
pub(super) fn rows(list: &Value) -> Vec<Row> {
    let text = |sdk: &Value, key: &str| sdk[key].as_str().unwrap_or_default().to_owned();
    let objects = list.as_array().into_iter().flatten();
    objects
        .map(|sdk| Row {
            name: format!("{} {}", text(sdk, "sdk"), text(sdk, "version")),
            figures: COLUMNS
                .iter()
                .map(|(key, _)| sdk[*key].as_f64().unwrap_or(f64::NAN))
                .collect(),
        })
        .collect()
}
