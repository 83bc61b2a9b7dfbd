//! The browsers that tests and the demo's visits drive, one of each engine.

use std::path::PathBuf;

use anyhow::Result;

use super::program::{self, Program};

/// A Chromium, or a Google Chrome.
pub(crate) const CHROMIUM: Program = Program {
    name: "Chromium",
    variable: "RUM_CHROMIUM",
    commands: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    places: &[
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
    package: "chromium",
};

const FIREFOX: Program = Program {
    name: "Firefox",
    variable: "RUM_FIREFOX",
    commands: &["firefox-esr", "firefox"],
    places: &["/Applications/Firefox.app/Contents/MacOS/firefox"],
    package: "firefox-esr",
};

const WEBKIT_DRIVER: Program = Program {
    name: "WebKitWebDriver",
    variable: "RUM_WEBKIT_DRIVER",
    commands: &["WebKitWebDriver"],
    places: &[],
    package: "webkit2gtk-driver",
};

/// WebKitGTK's own small browser. It is never on PATH, and each distribution has a folder of its own for it.
const WEBKIT_BROWSER: Program = Program {
    name: "WebKitGTK's MiniBrowser",
    variable: "RUM_WEBKIT_BROWSER",
    commands: &[],
    places: &[
        "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/webkit2gtk-4.1/MiniBrowser",
    ],
    package: "libwebkit2gtk-4.1-0",
};

/// MiniBrowser has no headless mode: it gets a screen that nobody sees.
const XVFB: Program = Program {
    name: "Xvfb",
    variable: "RUM_XVFB",
    commands: &["Xvfb"],
    places: &[],
    package: "xvfb",
};

/// What renders and measures a page.
#[derive(Clone, Copy)]
pub(crate) enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

/// The engine does not exist for this system, so nobody can install it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Absent {
    #[error("WebKitGTK exists on Linux only")]
    WebKit,
}

impl Engine {
    /// Finds or installs what driving it takes: each program's variable, and its path. The error is [`Absent`] where
    /// that can never be.
    pub(crate) fn ready(self) -> Result<Vec<(&'static str, PathBuf)>> {
        self.exists_on(std::env::consts::OS)?;
        program::ready(match self {
            Self::Chromium => &[&CHROMIUM],
            Self::Firefox => &[&FIREFOX],
            Self::WebKit => &[&WEBKIT_DRIVER, &WEBKIT_BROWSER, &XVFB],
        })
    }

    /// `system` as [`std::env::consts::OS`] calls it.
    fn exists_on(self, system: &str) -> Result<(), Absent> {
        match self {
            Self::WebKit if system != "linux" => Err(Absent::WebKit),
            Self::Chromium | Self::Firefox | Self::WebKit => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webkitgtk_is_for_linux_and_the_others_for_all() {
        assert_eq!(Engine::WebKit.exists_on("macos"), Err(Absent::WebKit));
        assert_eq!(Engine::WebKit.exists_on("linux"), Ok(()));
        assert_eq!(Engine::Firefox.exists_on("macos"), Ok(()));
        assert_eq!(Engine::Chromium.exists_on("macos"), Ok(()));
    }
}
