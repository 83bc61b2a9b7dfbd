//! `cargo xtask bench wire`: three forms of the standard visit's body. The forms are in `tests/wire`.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Column, Row};
use crate::tools::{Cache, WasmTools};
use crate::workspace::Workspace;
use crate::{process, size, terminal, wasm};

/// The forms, and whose figures hold for a form where it has none of its own: `mixed` takes positional records, which
/// capture can write without a writer, and sends binary events.
const FORMS: [Form; 4] = [
    Form {
        name: "named",
        body: "named",
        records: "named",
    },
    Form {
        name: "positional",
        body: "positional",
        records: "positional",
    },
    Form {
        name: "binary",
        body: "binary",
        records: "binary",
    },
    Form {
        name: "mixed",
        body: "binary",
        records: "positional",
    },
];

struct Form {
    name: &'static str,
    body: &'static str,
    records: &'static str,
}

pub(super) const COLUMNS: &[Column] = &[
    ("bytes", "body bytes"),
    ("gzip", "gzip -6"),
    ("brotli", "brotli -5"),
    ("wasm_brotli", "Wasm brotli"),
    ("collector_ns", "collector ns"),
    ("collector_ratio", "of named"),
    ("stored_chars", "chars stored"),
    ("capture_bytes", "capture bytes"),
    ("before_send_bytes", "beforeSend bytes"),
    ("before_send_us", "beforeSend µs"),
];

pub(super) fn measure(workspace: &Workspace, cache: &Cache) -> Result<Vec<Row>> {
    let tools = WasmTools::ready(workspace, cache)?;
    let folder = workspace.target.join("bench/wire");
    fs::create_dir_all(&folder)?;

    terminal::note("bench", "building a page for each form");
    process::run(wasm::build_command(workspace, &tools)?.args(["--package", "wire-bench", "--examples"]))?;

    terminal::note("bench", "reading bodies as the collector does");
    let mut native = workspace.command("cargo");
    native.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "wire-bench",
        "--features",
        "native",
        "--",
    ]);
    native
        .arg(workspace.path("tests/recordings/standard-visit.json"))
        .arg(&folder);
    let native: Value = serde_json::from_str(&process::output(&mut native)?)?;

    terminal::note("bench", "showing events as the page does");
    let mut node = workspace.command("node");
    node.arg("tests/wire/measure.mjs").arg(&folder);
    let page: Value = serde_json::from_str(&process::output(&mut node)?)?;

    let figure = |form: &str, key: &str| {
        let found = native[form].get(key).or_else(|| page[form].get(key));
        found
            .and_then(Value::as_f64)
            .with_context(|| format!("{key} of the form {form} was not measured"))
    };
    let row = |form: &Form| -> Result<Row> {
        let built = wasm::outputs(workspace).join(format!("examples/page_{}.wasm", form.name));
        let small = folder.join(format!("{}.wasm", form.name));
        wasm::optimise(workspace, &tools, &built, &small)?;
        let wasm_brotli = size::brotli(&fs::read(&small)?)?;
        let figures = COLUMNS.iter().map(|(key, _)| match *key {
            "wasm_brotli" => Ok(wasm_brotli as f64),
            "capture_bytes" => figure(form.records, key),
            "collector_ratio" => {
                let ratio = figure(form.body, "collector_ns")? / figure("named", "collector_ns")?;
                Ok((ratio * 100.0).round() / 100.0)
            }
            key => figure(form.body, key),
        });
        Ok(Row {
            name: form.name.to_owned(),
            figures: figures.collect::<Result<_>>()?,
        })
    };
    FORMS.iter().map(row).collect()
}
