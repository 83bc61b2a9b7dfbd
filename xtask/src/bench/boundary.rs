//! `cargo xtask bench boundary`: what rum-sdk's dependencies cost a page. Each variant is a copy of the crate in the
//! target folder with one thing changed, built as the shipped one is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use toml::{Table, Value};

use super::{Column, Row};
use crate::tools::{Cache, WasmTools, npm};
use crate::workspace::Workspace;
use crate::{process, size, terminal, wasm};

pub(super) const COLUMNS: &[Column] = &[
    ("wasm_brotli", "Wasm brotli"),
    ("glue_brotli", "glue brotli"),
    ("total_brotli", "total"),
    ("difference", "to shipped"),
];

/// A way to build rum-sdk.
struct Variant {
    name: &'static str,
    features: &'static str,
    /// What is replaced in `src/lib.rs`: each text stands there exactly once.
    replace: &'static [(&'static str, &'static str)],
}

const VARIANTS: [Variant; 4] = [
    Variant {
        name: "as shipped",
        features: "",
        replace: &[],
    },
    Variant {
        name: "with serde-wasm-bindgen",
        features: "serde-settings",
        replace: &[],
    },
    Variant {
        name: "without gloo-timers",
        features: "",
        replace: &[
            ("use gloo_timers::callback::Timeout;\n", TIMEOUT),
            (
                "Timeout::new(ms, move || {\n            let _ = due.call0(&JsValue::UNDEFINED);\n        })",
                "Timeout::new(ms, &due)",
            ),
        ],
    },
    Variant {
        name: "with std's allocator",
        features: "",
        replace: &[(
            "#[cfg(target_arch = \"wasm32\")]\n#[global_allocator]\nstatic ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();\n",
            "",
        )],
    },
];

/// What gloo-timers does for us, without a Rust closure: the browser calls the page's function itself.
const TIMEOUT: &str = r#"
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(call: &Function, ms: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue);
}
struct Timeout(JsValue);
impl Timeout {
    fn new(ms: u32, call: &Function) -> Self {
        Self(set_timeout(call, ms))
    }
}
impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}
"#;

pub(super) fn measure(workspace: &Workspace, cache: &Cache) -> Result<Vec<Row>> {
    npm::install(workspace)?;
    let tools = WasmTools::ready(workspace, cache)?;
    let folder = workspace.target.join("bench/boundary");
    let mut shipped = None;
    let row = |variant: &Variant| -> Result<Row> {
        terminal::note("bench", &format!("building rum-sdk {}", variant.name));
        let copy = copy(workspace, &folder.join("workspace"), variant)?;
        let (wasm, glue) = build(workspace, &tools, &copy, &folder.join("pkg"), variant)?;
        let total = (wasm + glue) as f64;
        let difference = total - *shipped.get_or_insert(total);
        Ok(Row {
            name: variant.name.to_owned(),
            figures: vec![wasm as f64, glue as f64, total, difference],
        })
    };
    VARIANTS.iter().map(row).collect()
}

/// A workspace of rum-core and the changed rum-sdk.
fn copy(workspace: &Workspace, folder: &Path, variant: &Variant) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for package in ["rum-core", "rum-sdk"] {
        copy_sources(&workspace.path(package), &folder.join(package))?;
    }
    let manifest = fs::read_to_string(workspace.path("Cargo.toml"))?;
    let mut manifest: Table = manifest.parse()?;
    let root = manifest.get_mut("workspace").and_then(Value::as_table_mut);
    let root = root.context("Cargo.toml has no workspace")?;
    root.remove("default-members");
    root.insert("members".into(), vec!["rum-core", "rum-sdk"].into());
    fs::write(folder.join("Cargo.toml"), manifest.to_string())?;
    fs::copy(workspace.path("Cargo.lock"), folder.join("Cargo.lock"))?;

    let lib = folder.join("rum-sdk/src/lib.rs");
    let mut source = fs::read_to_string(&lib)?;
    for (old, new) in variant.replace {
        let found = source.matches(old).count();
        ensure!(
            found == 1,
            "rum-sdk/src/lib.rs has changed: the variant {:?} finds {found} times\n{old}",
            variant.name
        );
        source = source.replace(old, new);
    }
    fs::write(&lib, source)?;
    Ok(folder.to_owned())
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.join("src"))?;
    for name in ["Cargo.toml", "README.md"] {
        fs::copy(from.join(name), to.join(name)).with_context(|| format!("{} has no {name}", from.display()))?;
    }
    copy_folder(&from.join("src"), &to.join("src"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Brotli bytes of the Wasm, and of wasm-bindgen's JavaScript minified.
fn build(
    workspace: &Workspace,
    tools: &WasmTools,
    copy: &Path,
    package: &Path,
    variant: &Variant,
) -> Result<(u64, u64)> {
    let mut cargo = wasm::build_command(workspace, tools)?;
    cargo
        .args(["--quiet", "--package", "rum-sdk", "--features", variant.features])
        .current_dir(copy);
    process::run(&mut cargo)?;
    let mut bindgen = tools.command(workspace, "wasm-bindgen")?;
    bindgen
        .args(["--target", "web", "--no-typescript", "--out-dir"])
        .arg(package);
    process::run(bindgen.arg(wasm::outputs(workspace).join("rum_sdk.wasm")))?;
    let module = package.join("rum_sdk_bg.wasm");
    wasm::optimise(workspace, tools, &module, &module)?;
    let mut esbuild = tools.command(workspace, "esbuild")?;
    esbuild.args([
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2020",
        "--log-level=error",
    ]);
    let glue = process::output(esbuild.arg(package.join("rum_sdk.js")))?;
    Ok((size::brotli(&fs::read(&module)?)?, size::brotli(glue.as_bytes())?))
}
