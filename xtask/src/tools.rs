//! The tools that the project needs: each is looked for first, then installed with a line that says what and why: at a pinned
//! version into the cache folder, or (browsers) by the system. One file a tool.

mod apt;
pub(crate) mod browsers;
mod cache;
pub(crate) mod libchdb;
pub(crate) mod npm;
mod program;
pub(crate) mod promtool;
pub(crate) mod rust;
pub(crate) mod systemd;
mod wasm_compiler;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;
pub(crate) use cache::{Cache, free_bytes};
use wasm_compiler::WasmCompiler;

/// What building the Wasm crate needs, and the environment that makes child processes use it.
pub(crate) struct WasmTools {
    compiler: WasmCompiler,
    node_modules: PathBuf,
}

impl WasmTools {
    /// Finds or installs all of them. wasm-opt comes with the npm packages.
    pub(crate) fn ready(workspace: &Workspace, cache: &Cache) -> Result<Self> {
        rust::check(workspace)?;
        npm::install(workspace)?;
        Ok(Self {
            compiler: wasm_compiler::ready(cache)?,
            node_modules: workspace.path("node_modules/.bin"),
        })
    }

    /// A command at the root, in an environment where cargo builds for Wasm.
    pub(crate) fn command(&self, workspace: &Workspace, program: &str) -> Result<Command> {
        let mut command = workspace.command(program);
        let path = process::path_with(&[&self.node_modules])?;
        command
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", workspace.target.join("wasm"));
        self.compiler.apply(&mut command);
        Ok(command)
    }

    /// Changes whenever one of the tools does.
    pub(crate) fn version(&self) -> &str {
        &self.compiler.version
    }
}
