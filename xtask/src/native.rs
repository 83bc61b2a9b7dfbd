//! What runs on this machine: the binaries, and where children and tests find them and the tools.

use std::process::Command;

use anyhow::{Result, bail};

use crate::tools::{Cache, browsers, libchdb, rust};
use crate::workspace::Workspace;
use crate::{process, terminal};

pub(crate) const COLLECTOR: &str = "rum-collector";
pub(crate) const SHOP: &str = "demo-site";

/// Builds the collector and the shop, as the demo starts them.
pub(crate) fn build_binaries(workspace: &Workspace) -> Result<()> {
    rust::check(workspace)?;
    terminal::note("cargo", "building the collector and the shop");
    let mut cargo = workspace.command("cargo");
    process::run(cargo.args(["build", "--package", COLLECTOR, "--package", SHOP, "--bins"]))
}

/// A clear sentence if [`build_binaries`] has never run.
pub(crate) fn check_binaries(workspace: &Workspace) -> Result<()> {
    for name in [COLLECTOR, SHOP] {
        let file = workspace.binary(name);
        if !file.exists() {
            bail!("{} is not there: run it without `--no-build`", file.display());
        }
    }
    Ok(())
}

/// Builds binaries and tests together. cargo gives them the same features as `cargo test` does, so nothing is
/// compiled twice; and a test that does not compile does not keep the binaries from being built.
pub(crate) fn build_all(workspace: &Workspace) -> Result<()> {
    rust::check(workspace)?;
    terminal::note("cargo", "building the binaries and the tests");
    let mut cargo = workspace.command("cargo");
    process::run(cargo.args(["build", "--workspace", "--all-targets", "--keep-going"]))
}

/// Tells tests where everything is. What is set already wins: libchdb and Chromium of one's own.
pub(crate) fn test_environment(workspace: &Workspace, cache: &Cache, command: &mut Command) -> Result<()> {
    command.env(browsers::CHROMIUM.variable, browsers::CHROMIUM.ready()?);
    database_environment(workspace, cache, command)
}

/// The same for tests that need no browser.
pub(crate) fn database_environment(workspace: &Workspace, cache: &Cache, command: &mut Command) -> Result<()> {
    command.env("RUM_LIBCHDB", libchdb::ready(cache)?);
    built(workspace, command);
    Ok(())
}

/// Tells tests where the things are that were built.
pub(crate) fn built(workspace: &Workspace, command: &mut Command) {
    command
        .env("RUM_COLLECTOR_BIN", workspace.binary(COLLECTOR))
        .env("RUM_DEMO_BIN", workspace.binary(SHOP))
        .env("RUM_XTASK_BIN", workspace.binary("xtask"))
        .env("RUM_NATIVE_CORE_BIN", workspace.binary("native-core"))
        .env("RUM_NATIVE_VITALS_BIN", workspace.binary("native-vitals"))
        .env("RUM_DIST", workspace.path("js-wrapper/dist"));
}
