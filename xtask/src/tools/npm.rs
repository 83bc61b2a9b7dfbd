//! The npm packages of the root package.json (esbuild, typescript, binaryen's wasm-opt, playwright-core …), exactly as
//! package-lock.json pins them.

use anyhow::{Context, Result, bail};

use crate::stamp::{Inputs, Stamp};
use crate::workspace::Workspace;
use crate::{process, terminal};

/// `npm ci`, only if the lock file has changed since the last one.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    for program in ["node", "npm"] {
        if process::on_path(program).is_none() {
            bail!(
                "{program} is needed for the browser side: install Node.js 20 or newer from https://nodejs.org or with your package manager"
            );
        }
    }
    let folder = workspace.path("node_modules");
    let inputs = Inputs::default()
        .path(&workspace.path("package.json"))?
        .path(&workspace.path("package-lock.json"))?;
    // npm's own note of what it installed stands for the folder, which has thousands of files.
    let stamp = Stamp::new(folder.join(".xtask-stamp"), folder.join(".package-lock.json"), inputs);
    if stamp.is_current()? {
        return Ok(());
    }
    terminal::note(
        "install",
        "npm packages of package-lock.json, which build and test the browser side",
    );
    // No package here needs its install script; so none runs.
    process::watched(workspace.command("npm").args(["ci", "--ignore-scripts"]), || {})
        .context("is there a network, or a registry in npm's config? `npm ci --ignore-scripts` shows more")?;
    stamp.write()
}
