//! `cargo xtask size --by-module`: what each module adds to what a page downloads. Each file is cut into pieces by the
//! build that made it, by its source map. Joined, the pieces must be the file, byte for byte.

mod code;
mod debug_info;
mod share;
mod source_map;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::SizedFile;
use crate::terminal::{self, Tone};
use crate::tools::Cache;
use crate::workspace::Workspace;
use crate::{process, wasm};
use share::Share;

/// What rows and columns mean, below the tables.
const LEGEND: &str = "
raw     bytes of the file that come from this source, also where they were inlined elsewhere;
        rows in brackets are of no source
brotli  its part of the compressed file: in proportion to what it saves, so that the parts add up
saves   what the compressed file would be smaller by without this row alone";

/// A run of a file's bytes, and the module that they come from.
struct Piece {
    module: String,
    bytes: Vec<u8>,
}

/// A file that pages download, in pieces.
struct Download {
    role: &'static str,
    file: String,
    pieces: Vec<Piece>,
}

/// A file and the bytes of its modules.
pub(super) struct Breakdown {
    role: &'static str,
    file: String,
    shares: Vec<Share>,
}

/// Cuts every file into its pieces; an error if they are not the file.
pub(super) fn check(workspace: &Workspace, cache: &Cache, files: &[&SizedFile]) -> Result<()> {
    downloads(workspace, cache, files).map(drop)
}

/// The breakdown of each file.
pub(super) fn breakdowns(workspace: &Workspace, cache: &Cache, files: &[&SizedFile]) -> Result<Vec<Breakdown>> {
    let downloads = downloads(workspace, cache, files)?;
    terminal::note("size", "compressing each file without each of its modules");
    let breakdown = |download: &Download| {
        Ok(Breakdown {
            role: download.role,
            file: download.file.clone(),
            shares: share::shares(&download.pieces)?,
        })
    };
    downloads.iter().map(breakdown).collect()
}

fn downloads(workspace: &Workspace, cache: &Cache, files: &[&SizedFile]) -> Result<Vec<Download>> {
    let mut scripts = scripts(workspace)?;
    let download = |file: &&SizedFile| {
        let pieces = if file.role == "wasm" {
            code(workspace, cache)?
        } else {
            let pieces = scripts.remove(&file.name);
            pieces.with_context(|| format!("js-wrapper/build.mjs does not build {} any more. {STALE}", file.name))?
        };
        let path = workspace.path("js-wrapper/dist").join(&file.name);
        let bytes = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Download::new(file, &bytes, pieces)
    };
    files.iter().map(download).collect()
}

const STALE: &str =
    "js-wrapper/dist may be older than its sources: run `cargo xtask size --by-module` without --no-build";

/// What `js-wrapper/build.mjs` says of the scripts: whose text they are, run for run.
fn scripts(workspace: &Workspace) -> Result<BTreeMap<String, Vec<Piece>>> {
    let json = process::output(workspace.command("node").args(["js-wrapper/build.mjs", "--origins"]))?;
    let origins: BTreeMap<String, Vec<(String, String)>> =
        serde_json::from_str(&json).context("what `js-wrapper/build.mjs --origins` printed")?;
    let piece = |(module, text): (String, String)| Piece {
        module,
        bytes: text.into_bytes(),
    };
    let origins = origins.into_iter();
    Ok(origins
        .map(|(file, runs)| (file, runs.into_iter().map(piece).collect()))
        .collect())
}

/// The Wasm, which is built again for its source map.
fn code(workspace: &Workspace, cache: &Cache) -> Result<Vec<Piece>> {
    let (wasm, map) = wasm::mapped(workspace, cache, wasm::Module::Sdk, |wasm| {
        let mappings = debug_info::mappings(wasm, &workspace.root)?;
        Ok(source_map::write(&mappings).to_string())
    })?;
    let map = serde_json::from_str(&map).context("wasm-opt's source map")?;
    code::pieces(&wasm, &source_map::read(&map)?)
}

impl Download {
    fn new(file: &SizedFile, bytes: &[u8], pieces: Vec<Piece>) -> Result<Self> {
        if !pieces.iter().flat_map(|piece| &piece.bytes).eq(bytes) {
            bail!(
                "the build that says whose bytes are in {} gave another file. {STALE}; \
                 if it is not, a source map changes what the build gives",
                file.name
            );
        }
        Ok(Self {
            role: file.role,
            file: file.name.clone(),
            pieces,
        })
    }
}

impl Breakdown {
    fn raw(&self) -> u64 {
        self.shares.iter().map(|share| share.raw).sum()
    }

    fn brotli(&self) -> u64 {
        self.shares.iter().map(|share| share.brotli).sum()
    }

    fn json(&self) -> Value {
        let module = |share: &Share| {
            let Share {
                module,
                raw,
                brotli,
                saved,
            } = share;
            json!({ "module": module, "raw": raw, "brotli": brotli, "saves": saved })
        };
        json!({
            "part": self.role,
            "file": self.file,
            "raw": self.raw(),
            "brotli": self.brotli(),
            "modules": self.shares.iter().map(module).collect::<Vec<_>>(),
        })
    }

    fn print(&self, width: usize) {
        let title = format!("\n{:<width$}", format!("{} by module", self.file));
        let columns = format!(" {:>8} {:>8} {:>8} {:>8}", "raw", "brotli", "share", "saves");
        terminal::result(&terminal::toned(&format!("{title}{columns}"), Tone::Faint));
        let brotli = self.brotli();
        for share in &self.shares {
            terminal::result(&format!(
                "{:<width$} {:>8} {:>8} {:>8} {:>8}",
                share.module,
                share.raw,
                share.brotli,
                percent(share.brotli, brotli),
                share.saved
            ));
        }
        let total = format!("{:<width$} {:>8} {brotli:>8}", "total", self.raw());
        terminal::result(&terminal::toned(&total, Tone::Strong));
    }
}

/// One list entry for each file.
pub(super) fn json(breakdowns: &[Breakdown]) -> Value {
    breakdowns.iter().map(Breakdown::json).collect()
}

/// One table for each file, in the columns of the tables of files.
pub(super) fn print(breakdowns: &[Breakdown]) {
    let shares = breakdowns.iter().flat_map(|breakdown| &breakdown.shares);
    let width = shares.map(|share| share.module.len()).max().unwrap_or(0).max(44);
    for breakdown in breakdowns {
        breakdown.print(width);
    }
    terminal::result(&terminal::toned(LEGEND, Tone::Faint));
}

/// `12.3 %`
fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Vec<Piece> {
        let piece = |module: &str, text: &str| Piece {
            module: module.to_owned(),
            bytes: text.into(),
        };
        vec![
            piece("src/a.ts", "let a;"),
            piece("src/b.ts", "let b;"),
            piece("src/a.ts", "a()"),
        ]
    }

    fn file() -> SizedFile {
        SizedFile {
            role: "capture",
            name: "rum.js".to_owned(),
            raw: 15,
            brotli: super::super::brotli(b"let a;let b;a()").unwrap(),
        }
    }

    #[test]
    fn modules_that_are_not_the_file_are_an_error() {
        assert!(Download::new(&file(), b"let a;let b;a()", pieces()).is_ok());
        for other in ["let a;let b;a();", "let a;let b;a(", "let a;let c;a()"] {
            let error = Download::new(&file(), other.as_bytes(), pieces())
                .err()
                .unwrap()
                .to_string();
            assert!(error.contains("rum.js") && error.contains("--no-build"), "{error}");
        }
    }

    #[test]
    fn a_breakdown_has_the_files_own_numbers() {
        let file = file();
        let breakdown = Breakdown {
            role: file.role,
            file: file.name,
            shares: share::shares(&pieces()).unwrap(),
        };
        let json = json(&[breakdown]);
        assert_eq!(json[0]["raw"], file.raw);
        assert_eq!(json[0]["brotli"], file.brotli);
        assert_eq!(json[0]["modules"].as_array().unwrap().len(), 2);
        assert_eq!(percent(1, 8), "12.5 %");
    }
}
