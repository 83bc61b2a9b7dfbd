//! `cargo xtask wasm`: the crates that pages run, compiled as small as they get, each into its folder `pkg`.
//!
//! std is built again for size; wasm-opt has the last word. Only this command passes build-std: a config file at the
//! root would change every build of the host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::stamp::{Inputs, Stamp};
use crate::tools::{Cache, WasmTools};
use crate::workspace::Workspace;
use crate::{process, terminal};

const TARGET: &str = "wasm32-unknown-unknown";

/// std is compiled with the crate, so that its panics and formatting can go.
const BUILD_STD: [&str; 4] = [
    "-Z",
    "build-std=std,panic_abort",
    "-Z",
    "build-std-features=optimize_for_size",
];

/// A panic is one trap instruction, without message, place or formatting. Of 28.3 KB (brotli) when it was measured,
/// `fmt-debug` saves 2.9 KB, `location-detail` 0.1 KB; `optimize_for_size` above 1.7 KB. Of 6.4 KB `opt-level = "z"` costs 0.1 KB:
/// calls through memory of what `s` inlines. Without `inline-mir` rustc leaves all inlining to LLVM where it compiles for size,
/// and what returns an `Option` returns it through memory: 0.1 KB.
const RUSTFLAGS: &str =
    "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none -Zinline-mir=yes";

/// Inlining limits, GUFA, rereloop and traps-never-happen were measured too: each moves the brotli size by less than 1 %.
/// The features that the Wasm uses stand in its `target_features` section, which wasm-opt reads before it strips it.
/// The linker exports `__heap_base` and `__data_end`, which no page asks for.
///
/// Nothing uses the lowest 1 KB: there the stack would end, were it ever full. Functions that are called most come first, so that their
/// numbers repeat. Zeros stay among the data, for brotli packs them better than segments do.
const WASM_OPT: [&str; 9] = [
    "--remove-exports=__*",
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--reorder-functions",
    "--skip-pass=memory-packing",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// A crate that pages run, named as its folder is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Module {
    /// The core of rum.js
    #[value(name = "rum-sdk")]
    Sdk,
    /// The core of the drop-in for web-vitals
    #[value(name = "rum-vitals")]
    Vitals,
}

impl Module {
    const fn package(self) -> &'static str {
        match self {
            Self::Sdk => "rum-sdk",
            Self::Vitals => "rum-vitals",
        }
    }

    /// The file in its `pkg` that pages download.
    const fn file(self) -> &'static str {
        match self {
            Self::Sdk => "rum_sdk.wasm",
            Self::Vitals => "rum_vitals.wasm",
        }
    }
}

/// Builds the modules' `pkg` folders, unless they are current.
pub(crate) fn build(workspace: &Workspace, cache: &Cache, modules: &[Module]) -> Result<()> {
    let tools = WasmTools::ready(workspace, cache)?;
    modules
        .iter()
        .try_for_each(|&module| build_module(workspace, &tools, module))
}

fn build_module(workspace: &Workspace, tools: &WasmTools, module: Module) -> Result<()> {
    let name = module.package();
    let package = workspace.path(name).join("pkg");
    let inputs = [
        "rum-core",
        "rum-memory",
        name,
        "Cargo.toml",
        "Cargo.lock",
        "package-lock.json",
    ]
    .into_iter()
    .try_fold(Inputs::default(), |inputs, path| inputs.path(&workspace.path(path)))?
    .text(&BUILD_STD.join(" "))
    .text(RUSTFLAGS)
    .text(&WASM_OPT.join(" "))
    .text(tools.version());
    let stamp = Stamp::new(
        workspace.target.join(format!("wasm/{name}.stamp")),
        package.clone(),
        inputs,
    );
    if stamp.is_current()? {
        terminal::note("wasm", &format!("{name} is up to date"));
        return Ok(());
    }
    terminal::note("wasm", &format!("building {name}, with std rebuilt for size"));
    let started = Instant::now();
    let wasm = package.join(module.file());
    process::run(build_command(workspace, tools)?.args(["--package", name]))?;
    fs::create_dir_all(&package)?;
    optimise(workspace, tools, &outputs(workspace).join(module.file()), &wasm)?;
    stamp.write()?;
    let (bytes, time) = (wasm.metadata()?.len(), terminal::duration(started.elapsed()));
    terminal::note("", &format!("{name}/pkg is built: {bytes} bytes of Wasm ({time})"));
    Ok(())
}

/// `cargo build` with everything that makes a module small. The outputs are in [`outputs`].
fn build_command(workspace: &Workspace, tools: &WasmTools) -> Result<Command> {
    let mut cargo = tools.command(workspace, "cargo")?;
    cargo
        .args(["build", "--target", TARGET, "--profile", "wasm"])
        .args(BUILD_STD)
        .env("RUSTFLAGS", RUSTFLAGS);
    Ok(cargo)
}

/// Where [`build_command`] leaves its libraries.
fn outputs(workspace: &Workspace) -> PathBuf {
    workspace.target.join("wasm").join(TARGET).join("wasm")
}

/// The module once more, as pages download it, and its source map. wasm-opt carries a source map through and gives the same
/// code, which it does not with debug information: so `source_map` makes the one of the other.
pub(crate) fn mapped(
    workspace: &Workspace,
    cache: &Cache,
    module: Module,
    source_map: impl FnOnce(&[u8]) -> Result<String>,
) -> Result<(Vec<u8>, String)> {
    let tools = WasmTools::ready(workspace, cache)?;
    let name = module.package();
    terminal::note("wasm", &format!("building {name} with debug information"));
    // Beside the shipped build, which stays current.
    let target = workspace.target.join("wasm/debug-information");
    let mut cargo = build_command(workspace, &tools)?;
    cargo
        .args(["--package", name])
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_PROFILE_WASM_DEBUG", "line-tables-only");
    process::watched(&mut cargo, || {})?;
    let built = target.join(TARGET).join("wasm").join(module.file());
    let wasm = target.join(module.file());
    let [map_before, map] = ["before.map", "map"].map(|extension| wasm.with_extension(extension));
    fs::write(&map_before, source_map(&read(&built)?)?)?;
    let mut opt = tools.command(workspace, "wasm-opt")?;
    // Stripping all debug information would strip the source map too.
    opt.args(WASM_OPT.map(|flag| if flag == "--strip-debug" { "--strip-dwarf" } else { flag }))
        .arg("--input-source-map")
        .arg(map_before)
        .arg("--output-source-map")
        .arg(&map);
    process::run(opt.arg(&built).arg("-o").arg(&wasm))?;
    let map = String::from_utf8(read(&map)?)?;
    Ok((read(&wasm)?, map))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// wasm-opt, with the shipped flags.
fn optimise(workspace: &Workspace, tools: &WasmTools, wasm: &Path, output: &Path) -> Result<()> {
    let mut opt = tools.command(workspace, "wasm-opt")?;
    process::run(opt.args(WASM_OPT).arg(wasm).arg("-o").arg(output))
}
