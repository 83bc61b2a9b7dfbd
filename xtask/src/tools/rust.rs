//! The rustc that builds what runs on this machine. No `rust-toolchain.toml`: it would download a toolchain.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// A clear sentence if rustc is older than the workspace needs.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let wanted = workspace.rust_version()?;
    let installed = version()?;
    if numbers(&installed) < numbers(wanted) {
        bail!("Rust {wanted} or newer is needed, and rustc is {installed}: run `rustup update`");
    }
    Ok(())
}

/// rustc's version, such as `1.95.0`.
pub(super) fn version() -> Result<String> {
    let text =
        process::output(Command::new("rustc").arg("--version")).context("install Rust from https://rustup.rs")?;
    let version = text
        .split_whitespace()
        .nth(1)
        .context("rustc --version says no version")?;
    Ok(version.to_owned())
}

/// The folder of rustc's own libraries and linkers.
pub(super) fn sysroot() -> Result<PathBuf> {
    Ok(PathBuf::from(process::output(
        Command::new("rustc").args(["--print", "sysroot"]),
    )?))
}

/// `1.95.0-nightly` as [1, 95, 0].
pub(super) fn numbers(version: &str) -> Vec<u32> {
    let release = version.split(['-', '+']).next().unwrap_or(version);
    release.split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        for (older, newer) in [
            ("1.9.0", "1.90"),
            ("1.90", "1.90.1"),
            ("1.89.9-nightly", "1.90.0"),
            ("1.97.0-nightly", "2.0"),
        ] {
            assert!(numbers(older) < numbers(newer), "{older} {newer}");
        }
    }
}
