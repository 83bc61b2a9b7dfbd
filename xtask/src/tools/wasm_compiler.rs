//! The rustc that compiles for Wasm. It must be able to build std again (that is what makes the Wasm small), so it
//! needs std's sources. Three ways, the first that works:
//! 1. rustup's `rust-src` component is installed: the rustc in use;
//! 2. Debian's `rustc-web` packages, unpacked into the cache: no root, no second rustc on PATH;
//! 3. `rustup component add rust-src`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::cache::{self, Cache, Installation};
use super::{apt, rust};
use crate::{process, terminal};

const RUSTC_WEB: Installation = Installation {
    folder: "rustc-web-1.96.0",
    witness: "usr/bin/rustc",
    disk: 1_200_000_000,
    why: "Debian's rustc-web 1.96 (137 MB), which compiles for Wasm and has std's sources; unpacked, not installed",
};

/// Of the five packages below, as apt has them.
const DOWNLOAD_BYTES: u64 = 137_000_000;

/// The packages, and the versions that go together.
const PACKAGES: [&str; 5] = [
    "rustc-web=1.96*",
    "libstd-rust-web-1.96=1.96*",
    "libstd-rust-web-dev=1.96*",
    "rust-web-src=1.96*",
    "libllvm22",
];

/// A rustc with std's sources, and the linker it is to use.
pub(super) struct WasmCompiler {
    /// What `rustc -vV` says; changes whenever the compiler does.
    pub(super) version: String,
    rustc: PathBuf,
    /// Where its own shared libraries are, if the system does not know.
    libraries: Option<PathBuf>,
    linker: PathBuf,
}

impl WasmCompiler {
    fn new(rustc: PathBuf, libraries: Option<PathBuf>) -> Result<Self> {
        let mut compiler = Self {
            version: String::new(),
            rustc,
            libraries,
            linker: linker()?,
        };
        let mut ask = Command::new(&compiler.rustc);
        compiler.apply(&mut ask);
        compiler.version = process::output(ask.arg("-vV"))?;
        Ok(compiler)
    }

    /// Older ones have no `-Cpanic=immediate-abort`, without which the Wasm is half as large again.
    fn knows_immediate_abort(&self) -> bool {
        let mut ask = Command::new(&self.rustc);
        self.apply(&mut ask);
        process::output(ask.args(["-Zunstable-options", "-Cpanic=immediate-abort", "--print=cfg"])).is_ok()
    }

    /// This compiler, or a sentence if it is too old.
    fn new_enough(self) -> Result<Self> {
        if !self.knows_immediate_abort() {
            bail!(
                "{} is too old to compile for Wasm (it has no -Cpanic=immediate-abort): run `rustup update`",
                self.version.lines().next().unwrap_or("this rustc")
            );
        }
        Ok(self)
    }

    /// Makes cargo, and what starts cargo, use this compiler.
    pub(super) fn apply(&self, command: &mut Command) {
        command
            .env("RUSTC", &self.rustc)
            // build-std is a nightly feature; nothing else of nightly is used.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &self.linker);
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
    }
}

/// Finds the compiler, or installs it.
pub(super) fn ready(cache: &Cache) -> Result<WasmCompiler> {
    if has_sources(&rust::sysroot()?) {
        let compiler = WasmCompiler::new("rustc".into(), None)?;
        if compiler.knows_immediate_abort() {
            return Ok(compiler);
        }
    }
    if let Some(folder) = cache.find(&RUSTC_WEB) {
        return debian(&folder);
    }
    if apt::is_here() {
        if !apt::has("rustc-web", "1.96") {
            // A fresh container has no package lists. Without root they stay as they are, and rustup is next.
            let _ = apt::update();
        }
        if apt::has("rustc-web", "1.96") {
            return debian(&cache.ready(&RUSTC_WEB, unpack)?);
        }
    }
    terminal::note(
        "install",
        "rustup's component rust-src: std is built again for the Wasm, which makes it small",
    );
    process::run(Command::new("rustup").args(["component", "add", "rust-src"]))
        .context("std's sources are needed to compile for Wasm: run `rustup component add rust-src`")?;
    // The least Rust of Cargo.toml is what builds the rest; the Wasm may need a newer one.
    WasmCompiler::new("rustc".into(), None)?.new_enough()
}

fn has_sources(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").exists()
}

fn debian(folder: &Path) -> Result<WasmCompiler> {
    let lib = folder.join("usr/lib");
    // Named for the machine: usr/lib/x86_64-linux-gnu, usr/lib/aarch64-linux-gnu.
    let libraries = std::fs::read_dir(&lib)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with("-linux-gnu"))
        .with_context(|| {
            format!(
                "{} has no libraries; remove {} and try again",
                lib.display(),
                folder.display()
            )
        })?;
    WasmCompiler::new(folder.join("usr/bin/rustc"), Some(libraries))
}

fn unpack(stage: &Path) -> Result<()> {
    let downloads = stage.join("downloads");
    std::fs::create_dir(&downloads)?;
    let mut progress = terminal::Progress::bytes("install", "rustc-web", DOWNLOAD_BYTES);
    apt::download(&PACKAGES, &downloads, || {
        progress.set(cache::size_on_disk(&downloads));
    })?;
    drop(progress);
    for file in std::fs::read_dir(&downloads)? {
        apt::unpack(&file?.path(), stage)?;
    }
    std::fs::remove_dir_all(&downloads)?;
    Ok(())
}

/// rustup's rustc brings `rust-lld`; a rustc of the system uses the system's.
fn linker() -> Result<PathBuf> {
    let rustlib = rust::sysroot()?.join("lib/rustlib");
    let bundled = std::fs::read_dir(&rustlib).ok().and_then(|entries| {
        entries
            .flatten()
            .map(|entry| entry.path().join("bin/rust-lld"))
            .find(|file| file.exists())
    });
    match bundled
        .or_else(|| process::on_path("rust-lld"))
        .or_else(|| process::on_path("wasm-ld"))
    {
        Some(linker) => Ok(linker),
        None => {
            bail!("no linker for Wasm: install Rust with rustup (it brings rust-lld), or run `apt-get install lld`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_compiler_is_one_sentence_with_the_cure() {
        let old = WasmCompiler {
            version: "rustc 1.90.0 (1159e78c4 2025-09-14)\nbinary: rustc".to_owned(),
            // Refuses whatever it is asked.
            rustc: "false".into(),
            libraries: None,
            linker: PathBuf::new(),
        };
        let error = old.new_enough().err().unwrap().to_string();
        assert!(
            error.starts_with("rustc 1.90.0 ") && error.contains("`rustup update`") && error.lines().count() == 1,
            "{error}"
        );
    }
}
