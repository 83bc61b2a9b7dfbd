//! A Chromium for the browser tests and for the demo's visits: the one that is installed, else Debian's.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::{process, terminal};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// The browser's path; `RUM_CHROMIUM` names one that is elsewhere.
pub(crate) fn ready() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("RUM_CHROMIUM")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
    {
        if !path.is_file() {
            bail!("RUM_CHROMIUM says {}, and there is no such file", path.display());
        }
        return Ok(path);
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    const CURE: &str = "install Chromium or Google Chrome, or set RUM_CHROMIUM to the path of one";
    if !apt::is_here() {
        bail!("no Chromium was found: {CURE}");
    }
    terminal::note(
        "install",
        "Debian's chromium, which the visits and the browser tests drive",
    );
    apt::install("chromium").context(CURE)?;
    find().context(CURE)
}

fn find() -> Option<PathBuf> {
    NAMES
        .into_iter()
        .find_map(process::on_path)
        .or_else(|| MAC.into_iter().map(PathBuf::from).find(|path| path.is_file()))
}
