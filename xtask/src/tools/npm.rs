//! The npm packages of the root package.json (esbuild, typescript, binaryen's wasm-opt, playwright-core …), exactly as
//! package-lock.json pins them.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::rust;
use crate::stamp::{Inputs, Stamp};
use crate::workspace::Workspace;
use crate::{process, terminal};

/// The least Node.js, as package.json's `engines` has it.
const LEAST_NODE: &str = "20";

/// A clear sentence if Node.js or npm is missing, or Node.js is too old.
pub(crate) fn check() -> Result<()> {
    let version = process::output(Command::new("node").arg("--version")).ok();
    let problem = if version.is_none() {
        Some("node cannot be started".to_owned())
    } else if process::on_path("npm").is_none() {
        Some("npm is not on PATH".to_owned())
    } else {
        version.and_then(|version| outdated(&version))
    };
    match problem {
        None => Ok(()),
        Some(problem) => bail!(
            "Node.js {LEAST_NODE} or newer is needed with npm, and {problem}: install both from https://nodejs.org or with your package manager"
        ),
    }
}

/// What is wrong with the version, which node writes as `v20.1.0`.
fn outdated(version: &str) -> Option<String> {
    let old = rust::numbers(version.trim_start_matches('v')) < rust::numbers(LEAST_NODE);
    old.then(|| format!("node is {version}"))
}

/// `npm ci`, only if the lock file has changed since the last one.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    check()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_node_is_named() {
        assert_eq!(outdated("v18.20.4").as_deref(), Some("node is v18.20.4"));
        for good in ["v20.0.0", "v20.20.2", "v100.1.0"] {
            assert_eq!(outdated(good), None, "{good}");
        }
    }

    #[test]
    fn package_json_says_the_same() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../package.json")).unwrap();
        let package: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(package["engines"]["node"], format!(">={LEAST_NODE}"));
    }
}
