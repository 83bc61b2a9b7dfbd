//! `cargo xtask wasm`: rum-sdk, compiled as small as it gets, into `rum-sdk/pkg`.
//!
//! wasm-pack runs cargo and wasm-bindgen; std is built again for size; wasm-opt has the last word. Only this command
//! passes build-std: a config file at the root would change every build of the host.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

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
/// `fmt-debug` saves 2.9 KB, `location-detail` 0.1 KB; `optimize_for_size` above 1.7 KB; `opt-level = "s"` costs 0.1 KB.
const RUSTFLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

/// Inlining limits, GUFA, rereloop and traps-never-happen were measured too: each moves the brotli size by less than 1 %.
/// The features that the Wasm uses stand in its `target_features` section, which wasm-opt reads before it strips it.
const WASM_OPT: [&str; 5] = [
    "-Oz",
    "--converge",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// Builds `rum-sdk/pkg` unless it is current.
pub(crate) fn build(workspace: &Workspace, cache: &Cache) -> Result<()> {
    let tools = WasmTools::ready(workspace, cache)?;
    let package = workspace.path("rum-sdk/pkg");
    let inputs = ["rum-core", "rum-sdk", "Cargo.toml", "Cargo.lock", "package-lock.json"]
        .into_iter()
        .try_fold(Inputs::default(), |inputs, path| inputs.path(&workspace.path(path)))?
        .text(&BUILD_STD.join(" "))
        .text(RUSTFLAGS)
        .text(&WASM_OPT.join(" "))
        .text(tools.version());
    let stamp = Stamp::new(workspace.target.join("wasm/rum-sdk.stamp"), package.clone(), inputs);
    if stamp.is_current()? {
        terminal::note("wasm", "rum-sdk is up to date");
        return Ok(());
    }
    terminal::note("wasm", "building rum-sdk, with std rebuilt for size");
    let started = Instant::now();
    let mut pack = tools.command(workspace, "wasm-pack")?;
    // `--mode force` is wasm-pack's word for "do not look for the wasm32 target": the other modes run
    // `rustup target add`, which fetches a std that build-std does not use.
    // `--no-opt`: its wasm-opt settings would stand in another file than the flags above, and be skipped in silence
    // where it finds no wasm-opt. `--no-pack`: js-wrapper is the npm package, this is a part of it.
    pack.args([
        "--log-level",
        "error",
        "build",
        "rum-sdk",
        "--target",
        "web",
        "--profile",
        "wasm",
    ]);
    pack.args(["--mode", "force", "--no-opt", "--no-pack", "--"])
        .args(BUILD_STD)
        .env("RUSTFLAGS", RUSTFLAGS);
    process::run(&mut pack)?;

    let wasm = package.join("rum_sdk_bg.wasm");
    optimise(workspace, &tools, &wasm, &wasm)?;
    stamp.write()?;
    let (bytes, time) = (wasm.metadata()?.len(), terminal::duration(started.elapsed()));
    terminal::note("", &format!("rum-sdk/pkg is built: {bytes} bytes of Wasm ({time})"));
    Ok(())
}

/// `cargo build` with everything that makes rum-sdk small: the benchmarks compare sizes. The outputs are in
/// [`outputs`].
pub(crate) fn build_command(workspace: &Workspace, tools: &WasmTools) -> Result<Command> {
    let mut cargo = tools.command(workspace, "cargo")?;
    cargo
        .args(["build", "--quiet", "--target", TARGET, "--profile", "wasm"])
        .args(BUILD_STD)
        .env("RUSTFLAGS", RUSTFLAGS);
    Ok(cargo)
}

/// Where [`build_command`] leaves its libraries.
pub(crate) fn outputs(workspace: &Workspace) -> PathBuf {
    workspace.target.join("wasm").join(TARGET).join("wasm")
}

/// wasm-opt, with the shipped flags.
pub(crate) fn optimise(workspace: &Workspace, tools: &WasmTools, wasm: &Path, output: &Path) -> Result<()> {
    let mut opt = tools.command(workspace, "wasm-opt")?;
    process::run(opt.args(WASM_OPT).arg(wasm).arg("-o").arg(output))
}

/// `cargo test` of rum-sdk in Node: the glue, in the engine that it is for. Plain `panic=abort`, for an immediate
/// abort would swallow the message of a failed assertion.
pub(crate) fn test_command(workspace: &Workspace, cache: &Cache) -> Result<Command> {
    let tools = WasmTools::ready(workspace, cache)?;
    let mut cargo = tools.command(workspace, "cargo")?;
    // No doctests: rustdoc would have to be the Wasm compiler's own.
    cargo.args(["test", "--package", "rum-sdk", "--lib", "--tests", "--no-fail-fast"]);
    cargo.args(["--target", TARGET, "-Z", "build-std=std,panic_abort"]);
    // A few calls are not worth optimising std and its friends for, as the dev profile does with dependencies.
    cargo.args(["--config", r#"profile.dev.package."*".opt-level=0"#]);
    cargo
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
        .env_remove("RUSTFLAGS");
    Ok(cargo)
}
