//! `cargo xtask size`: the bytes that a page downloads, brotli -11, against `size-budget.toml`.

mod by_module;
mod drop_in;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::terminal::{self, Tone};
use crate::tools::Cache;
use crate::workspace::Workspace;
use drop_in::DropIn;

const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;

/// What is delivered, by the roles that `dist/manifest.json` gives: compressed bytes, but for the stub, which is
/// pasted into pages as it is.
struct Sizes {
    files: Vec<SizedFile>,
    capture: u64,
    glue: u64,
    wasm: u64,
    stub: Option<u64>,
}

struct SizedFile {
    role: &'static str,
    name: String,
    raw: u64,
    brotli: u64,
}

/// The most bytes that are allowed.
struct Budget {
    capture: u64,
    total: u64,
    stub: u64,
    drop_in: BTreeMap<String, u64>,
}

/// How the sizes are shown.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Table,
    Json,
}

/// How far the sizes go.
#[derive(Clone, Copy)]
pub(crate) enum Detail {
    Files,
    Modules,
}

/// What there is to show.
struct Report {
    sizes: Sizes,
    drop_in: DropIn,
    budget: Budget,
}

/// Shows the sizes; an error if one is over its budget.
pub(crate) fn check(workspace: &Workspace, cache: &Cache, format: Format, detail: Detail) -> Result<()> {
    let report = Report::of(workspace)?;
    let modules = match detail {
        Detail::Files => None,
        Detail::Modules => Some(by_module::breakdowns(workspace, cache, &report.downloads())?),
    };
    match format {
        Format::Table => {
            report.sizes.print(&report.budget);
            report.drop_in.print();
            if let Some(modules) = modules {
                by_module::print(&modules);
            }
        }
        Format::Json => {
            let mut json = report.sizes.json();
            json["drop_in"] = report.drop_in.json();
            if let Some(modules) = modules {
                json["by_module"] = by_module::json(&modules);
            }
            terminal::result(&json.to_string());
        }
    }
    let checks = report.sizes.checks(&report.budget).into_iter();
    let over = over(checks.chain(report.drop_in.checks()));
    if !over.is_empty() {
        bail!(
            "{}: make it smaller; what counts is in size-budget.toml",
            over.join("; ")
        );
    }
    Ok(())
}

/// An error if the modules of a file do not add up to it.
pub(crate) fn check_modules(workspace: &Workspace, cache: &Cache) -> Result<()> {
    by_module::check(workspace, cache, &Report::of(workspace)?.downloads())
}

impl Report {
    fn of(workspace: &Workspace) -> Result<Self> {
        let dist = workspace.path("js-wrapper/dist");
        let budget = Budget::read(&workspace.path("size-budget.toml"))?;
        Ok(Self {
            sizes: Sizes::of(&dist)?,
            drop_in: DropIn::of(&dist, &workspace.path("node_modules/web-vitals/dist"), &budget)?,
            budget,
        })
    }

    /// The files that are worth a look into: not the stub, which is one module.
    fn downloads(&self) -> Vec<&SizedFile> {
        let files = self.sizes.files.iter().filter(|file| file.role != "stub");
        files.chain(self.drop_in.files()).collect()
    }
}

impl Sizes {
    fn of(dist: &Path) -> Result<Self> {
        let path = dist.join("manifest.json");
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "{} cannot be read; `cargo xtask size` without --no-build makes it",
                path.display()
            )
        })?;
        let manifest: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
        let mut files = Vec::new();
        for (role, key) in [("capture", "capture"), ("glue", "glue"), ("wasm", "wasm")] {
            for name in
                names(&manifest[key]).with_context(|| format!("{} has no file names at {key:?}", path.display()))?
            {
                files.push(SizedFile::read(role, dist, name)?);
            }
        }
        let stub = match &manifest["stub"] {
            Value::Null => None,
            name => {
                let name = name.as_str().context("manifest.json: \"stub\" is no file name")?;
                Some(SizedFile::read("stub", dist, name)?)
            }
        };
        let sum = |role: &str| {
            files
                .iter()
                .filter(|file| file.role == role)
                .map(|file| file.brotli)
                .sum()
        };
        let (capture, glue, wasm) = (sum("capture"), sum("glue"), sum("wasm"));
        let stub_bytes = stub.as_ref().map(|file| file.raw);
        files.extend(stub);
        Ok(Self {
            files,
            capture,
            glue,
            wasm,
            stub: stub_bytes,
        })
    }

    fn total(&self) -> u64 {
        self.capture + self.glue + self.wasm
    }

    fn json(&self) -> Value {
        json!({ "capture": self.capture, "glue": self.glue, "wasm": self.wasm, "total": self.total() })
    }

    fn checks(&self, budget: &Budget) -> [Check; 3] {
        [
            Check::new("capture (rum.js)", self.capture, budget.capture),
            Check::new("the total", self.total(), budget.total),
            Check::new("the inline stub", self.stub.unwrap_or(0), budget.stub),
        ]
    }

    fn print(&self, budget: &Budget) {
        let heading = format!(
            "{:<9} {:<34} {:>8} {:>8} {:>8}",
            "part", "file", "raw", "brotli", "budget"
        );
        terminal::result(&terminal::toned(&heading, Tone::Faint));
        for file in &self.files {
            let limit = match file.role {
                "capture" => budget.capture.to_string(),
                "stub" => format!("{} raw", budget.stub),
                _ => String::new(),
            };
            terminal::result(&format!(
                "{:<9} {:<34} {:>8} {:>8} {limit:>8}",
                file.role, file.name, file.raw, file.brotli
            ));
        }
        let total = format!(
            "{:<9} {:<34} {:>8} {:>8} {:>8}",
            "total",
            "",
            "",
            self.total(),
            budget.total
        );
        terminal::result(&terminal::toned(&total, Tone::Strong));
    }
}

impl SizedFile {
    fn read(role: &'static str, dist: &Path, name: &str) -> Result<Self> {
        let path: PathBuf = dist.join(name);
        let bytes = fs::read(&path).with_context(|| {
            format!(
                "{} cannot be read; `cargo xtask size` without --no-build makes it",
                path.display()
            )
        })?;
        Ok(Self {
            role,
            name: name.to_owned(),
            raw: bytes.len() as u64,
            brotli: brotli(&bytes)?,
        })
    }
}

/// A size, and the most that it may be.
struct Check {
    what: String,
    size: u64,
    most: u64,
}

impl Check {
    fn new(what: &str, size: u64, most: u64) -> Self {
        Self {
            what: what.to_owned(),
            size,
            most,
        }
    }
}

/// One sentence for each budget that is overrun.
fn over(checks: impl Iterator<Item = Check>) -> Vec<String> {
    let over = checks.filter(|check| check.size > check.most);
    over.map(|Check { what, size, most }| format!("{what} is {size} bytes and may be {most}, {} too many", size - most))
        .collect()
}

impl Budget {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let table: toml::Table = text.parse().with_context(|| format!("{} is no TOML", path.display()))?;
        let bytes = |value: Option<&toml::Value>, key: &str| -> Result<u64> {
            let number = value.and_then(toml::Value::as_integer);
            number
                .and_then(|bytes| u64::try_from(bytes).ok())
                .with_context(|| format!("{} has no number {key:?}", path.display()))
        };
        let drop_in = table.get("drop-in").and_then(toml::Value::as_table);
        let drop_in = drop_in.with_context(|| format!("{} has no table \"drop-in\"", path.display()))?;
        Ok(Self {
            capture: bytes(table.get("capture"), "capture")?,
            total: bytes(table.get("total"), "total")?,
            stub: bytes(table.get("stub"), "stub")?,
            drop_in: drop_in
                .iter()
                .map(|(entry, value)| Ok((entry.clone(), bytes(Some(value), entry)?)))
                .collect::<Result<_>>()?,
        })
    }

    fn drop_in(&self, entry: &str) -> Result<u64> {
        let bytes = self.drop_in.get(entry).copied();
        bytes.with_context(|| format!("size-budget.toml has no number for {entry:?} in \"drop-in\""))
    }
}

/// A name, or a list of names.
fn names(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(name) => Some(vec![name]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Bytes as a page downloads them.
pub(crate) fn brotli(bytes: &[u8]) -> Result<u64> {
    use std::io::Write;
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(bytes)?;
    Ok(writer.into_inner().len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dist() -> tempfile::TempDir {
        let dist = tempfile::tempdir().unwrap();
        let manifest = json!({ "capture": "rum.js", "glue": ["a.js", "b.js"], "wasm": ["x.wasm"], "stub": "stub.js" });
        let files = [
            ("rum.js", "capture();".repeat(50)),
            ("a.js", "a".into()),
            ("b.js", "b".into()),
            ("x.wasm", "x".into()),
            ("stub.js", "s".repeat(301)),
        ];
        fs::write(dist.path().join("manifest.json"), manifest.to_string()).unwrap();
        for (name, text) in files {
            fs::write(dist.path().join(name), text).unwrap();
        }
        dist
    }

    #[test]
    fn the_total_is_the_sum_of_the_parts_and_leaves_the_stub_out() {
        let sizes = Sizes::of(dist().path()).unwrap();
        let json = sizes.json();
        assert_eq!(json["total"].as_u64().unwrap(), sizes.capture + sizes.glue + sizes.wasm);
        assert_eq!(
            json["glue"].as_u64().unwrap(),
            2 * json["wasm"].as_u64().unwrap(),
            "two files of one byte against one"
        );
        assert!(sizes.capture < 100, "500 repeated bytes compress: {}", sizes.capture);
        assert_eq!(sizes.stub, Some(301), "the stub is not compressed");
    }

    #[test]
    fn each_overrun_is_named_with_its_bytes() {
        let sizes = Sizes::of(dist().path()).unwrap();
        let tight = Budget {
            capture: sizes.capture - 1,
            total: sizes.total(),
            stub: 300,
            drop_in: BTreeMap::new(),
        };
        let over = over(sizes.checks(&tight).into_iter());
        assert_eq!(over.len(), 2, "{over:?}");
        assert!(
            over[0].contains("capture") && over[0].ends_with("1 too many"),
            "{over:?}"
        );
        assert!(over[1].contains("stub") && over[1].contains("301"), "{over:?}");
        let enough = Budget {
            capture: sizes.capture,
            stub: 301,
            ..tight
        };
        assert_eq!(super::over(sizes.checks(&enough).into_iter()), [""; 0]);
    }

    #[test]
    fn a_file_that_is_missing_is_an_error_and_no_zero() {
        let dist = dist();
        fs::remove_file(dist.path().join("x.wasm")).unwrap();
        assert!(Sizes::of(dist.path()).err().unwrap().to_string().contains("x.wasm"));
    }
}
