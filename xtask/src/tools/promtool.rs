//! promtool, which says whether `/metrics` and the documented queries are what Prometheus expects. Debian has it in the package
//! of the server: unpacked into the cache instead of installed, so that no server starts on this machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::apt;
use super::cache::{self, Cache, Installation};
use super::program::Program;
use crate::terminal;

pub(crate) const PROMTOOL: Program = Program {
    name: "promtool",
    variable: "RUM_PROMTOOL",
    commands: &["promtool"],
    places: &[],
    package: "prometheus",
};

const UNPACKED: Installation = Installation {
    folder: "promtool-debian",
    witness: "usr/bin/promtool",
    disk: 2 * DOWNLOAD_BYTES + 100_000_000,
    why: "Debian's prometheus (20 MB), for its promtool, which checks /metrics; unpacked, not installed",
};

const DOWNLOAD_BYTES: u64 = 20_000_000;

/// The program's path; `RUM_PROMTOOL` names one that is elsewhere.
pub(crate) fn ready(cache: &Cache) -> Result<PathBuf> {
    if let Some(found) = PROMTOOL.find()? {
        return Ok(found);
    }
    let folder = cache.ready(&UNPACKED, unpack).with_context(|| PROMTOOL.cure())?;
    Ok(folder.join(UNPACKED.witness))
}

fn unpack(stage: &Path) -> Result<()> {
    if !apt::is_here() {
        bail!("this machine has no apt");
    }
    if !apt::has(PROMTOOL.package, "") {
        // A fresh container has no package lists.
        apt::update()?;
    }
    let downloads = stage.join("downloads");
    std::fs::create_dir(&downloads)?;
    let mut progress = terminal::Progress::bytes("install", "promtool", DOWNLOAD_BYTES);
    apt::download(&[PROMTOOL.package], &downloads, || {
        progress.set(cache::size_on_disk(&downloads));
    })?;
    drop(progress);
    for file in std::fs::read_dir(&downloads)? {
        apt::unpack(&file?.path(), stage)?;
    }
    Ok(std::fs::remove_dir_all(&downloads)?)
}
