//! The real program, on a configuration in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

/// A command of it, on `rum.toml` of `folder`.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rum-collector"));
    command
        .args(arguments)
        .arg("--config")
        .arg(folder.join("rum.toml"))
        .env_remove("RUM_LOG")
        .current_dir(folder);
    command
}

/// A collector that listens; its log is the file `log` of its folder, after those that were there before.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
    pub(crate) folder: Arc<TempDir>,
}

impl Program {
    /// On `rum.toml` of `folder`; `shell` is what is done to the process before it begins.
    pub(crate) fn start(folder: impl Into<Arc<TempDir>>, shell: &str) -> Self {
        let folder = folder.into();
        let serve = command(folder.path(), &["serve"]);
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec 2>>log; {shell} exec \"$0\" \"$@\"")])
            .arg(serve.get_program())
            .args(serve.get_args())
            .env_remove("RUM_LOG")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let mut program = Self {
            child,
            url: String::new(),
            folder,
        };
        let url = line.trim_end().strip_prefix("rum-collector listening on ");
        program.url = url.unwrap_or_else(|| panic!("it says {line:?}")).to_owned();
        program
    }

    /// What is in the log.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// `-TERM`, say.
    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// How it ends on a signal.
    pub(crate) fn end(mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.wait()
    }

    /// How it ends.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A failed test leaves no process behind; one that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let _ = io::stderr().write_all(self.log().as_bytes());
        }
    }
}
