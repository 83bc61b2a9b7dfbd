//! wasm-pack builds the npm-ready folder of the Wasm crate.

use std::path::PathBuf;

use anyhow::Result;

use super::cache::{Cache, Installation};
use super::cargo_install;

const VERSION: &str = "0.15.1";

const WASM_PACK: Installation = Installation {
    folder: "wasm-pack-0.15.1",
    witness: "bin/wasm-pack",
    disk: 800_000_000,
    why: "wasm-pack 0.15.1, which builds the Wasm crate; compiling it takes about a minute and a half",
};

/// The folder that holds wasm-pack.
pub(super) fn ready(cache: &Cache) -> Result<PathBuf> {
    cargo_install::ready(cache, "wasm-pack", "wasm-pack", VERSION, &WASM_PACK)
}
