//! wasm-bindgen's command line tool, and the runner of the Wasm tests that comes with it.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::cache::{Cache, Installation};
use super::cargo_install;
use crate::workspace::Workspace;

/// Not 0.2.130: its lock file names crate versions that not every registry mirror has, so `--locked` fails there.
const VERSION: &str = "0.2.129";

const WASM_BINDGEN: Installation = Installation {
    folder: "wasm-bindgen-0.2.129",
    witness: "bin/wasm-bindgen-test-runner",
    disk: 1_000_000_000,
    why: "wasm-bindgen 0.2.129, which joins Wasm and JavaScript; compiling it takes about two minutes",
};

/// The folder that holds wasm-bindgen and wasm-bindgen-test-runner.
pub(super) fn ready(workspace: &Workspace, cache: &Cache) -> Result<PathBuf> {
    let wanted = workspace.wasm_bindgen_version()?;
    if wanted != VERSION {
        bail!(
            "Cargo.toml wants wasm-bindgen {wanted}, and xtask/src/tools/wasm_bindgen.rs installs {VERSION}: the two must match, change one"
        );
    }
    cargo_install::ready(cache, "wasm-bindgen", "wasm-bindgen-cli", VERSION, &WASM_BINDGEN)
}
