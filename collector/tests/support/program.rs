//! The real program, on a configuration in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use tempfile::TempDir;

/// A collector that listens; its log is the file `log` of its folder.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) folder: TempDir,
    pub(crate) http: Client,
}

impl Program {
    /// On `rum.toml` of `folder`; `shell` is what is done to the process before it begins.
    pub(crate) fn start(folder: TempDir, shell: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_rum-collector");
        let mut child = Command::new("sh")
            .args([
                "-c",
                &format!("{shell} exec {program} serve --config \"$PWD/rum.toml\" 2>log"),
            ])
            .env_remove("RUM_LOG")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line.trim_end().strip_prefix("rum-collector listening on ");
        let log = || fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        let url = url.unwrap_or_else(|| panic!("{line:?}\n{}", log())).to_owned();
        Self {
            child,
            url,
            folder,
            http: Client::new(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A failed test leaves no process behind; one that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
            let _ = io::stderr().write_all(&log);
        }
    }
}
