//! `cargo xtask codegen`: files that rum-core's wire tables write. They are committed, and `--check` says whether they
//! are current.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{process, terminal};

/// What the example `codegen` can print, and the file that holds it.
const FILES: [(&str, &str); 5] = [
    ("typescript", "js-wrapper/src/generated/wire.ts"),
    ("names", "js-wrapper/src/generated/names.ts"),
    ("events", "js-wrapper/src/generated/events.ts"),
    ("markdown", "docs/wire.md"),
    ("schema", "collector/schema/batch.json"),
];

#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Write,
    Check,
}

/// Writes the generated files, or fails if one differs from what would be written.
pub(crate) fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    let mut stale = Vec::new();
    for (form, file) in FILES {
        let mut cargo = workspace.command("cargo");
        cargo.args([
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--example",
            "codegen",
            "--",
            form,
        ]);
        let text = process::output(&mut cargo)? + "\n";
        let path = workspace.path(file);
        if fs::read_to_string(&path).is_ok_and(|current| current == text) {
            continue;
        }
        match mode {
            Mode::Check => stale.push(file),
            Mode::Write => {
                let folder = path.parent().context("a generated file is in a folder")?;
                fs::create_dir_all(folder)?;
                fs::write(&path, text).with_context(|| format!("{file} cannot be written"))?;
                terminal::note("codegen", &format!("{file} is written"));
            }
        }
    }
    if !stale.is_empty() {
        bail!(
            "not what rum-core generates: {}; run `cargo xtask codegen`",
            stale.join(", ")
        );
    }
    terminal::note("codegen", "the generated files are current");
    Ok(())
}
