//! Tools that come as crates: `cargo install --locked` into a folder of the cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::cache::{Cache, Installation};
use crate::process;

/// The folder of the program `name`, which `krate` at `version` installs: on PATH if it is just that version,
/// else in the cache.
pub(super) fn ready(cache: &Cache, name: &str, krate: &str, version: &str, tool: &Installation) -> Result<PathBuf> {
    if let Some(file) = process::on_path(name).filter(|file| has_version(file, version)) {
        return Ok(file.parent().map(Path::to_path_buf).unwrap_or_default());
    }
    let folder = cache.ready(tool, |stage| {
        let mut cargo = Command::new("cargo");
        cargo.args(["install", "--locked", "--quiet", "--version", version, krate]);
        // Built beside the stage and thrown away: a shared target folder would keep it for ever.
        cargo
            .arg("--root")
            .arg(stage)
            .env_remove("RUSTFLAGS")
            // They run for a second or two a build: to optimise them would take longer than they ever do.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "false")
            .env("CARGO_TARGET_DIR", stage.join("target"));
        process::run(&mut cargo).context("is there a network, or a crate registry in cargo's config?")?;
        std::fs::remove_dir_all(stage.join("target"))?;
        Ok(())
    })?;
    Ok(folder.join("bin"))
}

fn has_version(program: &Path, version: &str) -> bool {
    let Ok(text) = process::output(Command::new(program).arg("--version")) else {
        return false;
    };
    text.split_whitespace().any(|word| word == version)
}
