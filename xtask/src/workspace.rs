//! Where things are in this checkout, and the versions that its Cargo.toml pins.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// The checkout that `cargo xtask` was started in.
pub(crate) struct Workspace {
    /// The folder of the root Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's target folder: `CARGO_TARGET_DIR`, a config, or `target`.
    pub(crate) target: PathBuf,
    manifest: toml::Table,
}

impl Workspace {
    /// Asks cargo, so that `CARGO_TARGET_DIR` and config files count.
    pub(crate) fn find() -> Result<Self> {
        let mut cargo = Command::new("cargo");
        let json = process::output(cargo.args(["metadata", "--format-version=1", "--no-deps", "--offline"]))?;
        let metadata: serde_json::Value = serde_json::from_str(&json).context("cargo metadata gave no JSON")?;
        let path = |key: &str| -> Result<PathBuf> {
            Ok(PathBuf::from(
                metadata[key]
                    .as_str()
                    .with_context(|| format!("cargo metadata has no {key}"))?,
            ))
        };
        let root = path("workspace_root")?;
        let text = std::fs::read_to_string(root.join("Cargo.toml")).context("the root Cargo.toml cannot be read")?;
        Ok(Self {
            target: path("target_directory")?,
            manifest: text.parse()?,
            root,
        })
    }

    /// A file or folder by its path from the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Where this machine's binary of that name is after `cargo build`.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// A command that runs at the root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The least rustc that builds the workspace.
    pub(crate) fn rust_version(&self) -> Result<&str> {
        self.manifest
            .get("workspace")
            .and_then(|table| table.get("package")?.get("rust-version")?.as_str())
            .context("Cargo.toml has no workspace.package.rust-version")
    }
}
