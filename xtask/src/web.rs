//! The browser side as pages download it: `js-wrapper/dist`, from TypeScript and the Wasm.

use std::time::Instant;

use anyhow::Result;

use crate::stamp::{Inputs, Stamp};
use crate::tools::{Cache, npm};
use crate::wasm::Module;
use crate::workspace::Workspace;
use crate::{process, terminal, wasm};

/// Builds the Wasm and `js-wrapper/dist`, unless they are current.
pub(crate) fn build(workspace: &Workspace, cache: &Cache) -> Result<()> {
    npm::install(workspace)?;
    wasm::build(workspace, cache, &[Module::Sdk, Module::Vitals])?;
    let inputs = ["js-wrapper", "rum-sdk/pkg", "rum-vitals/pkg", "package-lock.json"]
        .into_iter()
        .try_fold(Inputs::default(), |inputs, path| inputs.path(&workspace.path(path)))?;
    let stamp = Stamp::new(
        workspace.target.join("js-wrapper.stamp"),
        workspace.path("js-wrapper/dist"),
        inputs,
    );
    if stamp.is_current()? {
        terminal::note("js-wrapper", "dist is up to date");
        return Ok(());
    }
    terminal::note("js-wrapper", "building the scripts that pages load");
    let started = Instant::now();
    process::run(
        workspace
            .command("npm")
            .args(["run", "--silent", "build", "--workspace", "js-wrapper"]),
    )?;
    stamp.write()?;
    terminal::note(
        "",
        &format!("js-wrapper/dist is built ({})", terminal::duration(started.elapsed())),
    );
    Ok(())
}
