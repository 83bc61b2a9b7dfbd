//! libchdb: ClickHouse in a shared library, which the embedded store opens at run time.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::cache::{self, Cache, Installation};
use super::npm;
use crate::{process, terminal};

/// npm's `latest` is an older one.
const VERSION: &str = "26.7.3-stable.1";

const LIBCHDB: Installation = Installation {
    folder: "chdb-26.7.3-stable.1",
    witness: "libchdb.so",
    disk: DOWNLOAD_BYTES * 2 + LIBRARY_BYTES,
    why: "libchdb 26.7.3 (178 MB from npm, 566 MB unpacked), the ClickHouse that the collector embeds",
};

const DOWNLOAD_BYTES: u64 = 178_000_000;
const LIBRARY_BYTES: u64 = 566_000_000;

/// The library's path; `RUM_LIBCHDB` names one that is elsewhere.
pub(crate) fn ready(cache: &Cache) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("RUM_LIBCHDB")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
    {
        if !path.is_file() {
            bail!("RUM_LIBCHDB says {}, and there is no such file", path.display());
        }
        return Ok(path);
    }
    Ok(cache.ready(&LIBCHDB, unpack)?.join(LIBCHDB.witness))
}

fn unpack(stage: &Path) -> Result<()> {
    let package = package()?;
    npm::check()?;
    // A cache of its own: npm shows no progress, so the bar watches this folder grow; and the user's npm cache is
    // spared a file that nobody asks for twice.
    let npm_cache = stage.join("npm");
    let mut progress = terminal::Progress::bytes("install", "libchdb", DOWNLOAD_BYTES * 2);
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", &format!("{package}@{VERSION}")])
        .arg("--cache")
        .arg(&npm_cache)
        .current_dir(stage);
    process::watched(&mut npm, || progress.set(cache::size_on_disk(stage)))
        .context("is there a network, or a registry in npm's config?")?;
    drop(progress);
    std::fs::remove_dir_all(&npm_cache)?;

    let archive = std::fs::read_dir(stage)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .context("npm pack gave no archive")?;
    let mut progress = terminal::Progress::bytes("install", "unpacking", LIBRARY_BYTES);
    let library = stage.join(LIBCHDB.witness);
    let mut tar = Command::new("tar");
    tar.arg("-xzf")
        .arg(&archive)
        .args(["--strip-components=1", "package/libchdb.so"])
        .current_dir(stage);
    process::watched(&mut tar, || progress.set(cache::size_on_disk(&library)))?;
    std::fs::remove_file(archive)?;
    Ok(())
}

fn package() -> Result<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok("@chdb/lib-linux-x64-gnu"),
        ("linux", "aarch64") => Ok("@chdb/lib-linux-arm64-gnu"),
        ("macos", "x86_64") => Ok("@chdb/lib-darwin-x64"),
        ("macos", "aarch64") => Ok("@chdb/lib-darwin-arm64"),
        (system, machine) => bail!(
            "there is no libchdb for {system} on {machine}: point the collector at a ClickHouse server, or set RUM_LIBCHDB to a library you have built"
        ),
    }
}
