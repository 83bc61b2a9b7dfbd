//! Other processes, as the system knows them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use crate::waiting::until;

/// A binary of this workspace, built beside the running test.
///
/// # Errors
/// When it is not there: `cargo test -p rum-tests` alone does not build it.
pub fn binary(name: &str) -> Result<PathBuf> {
    let variable = format!("{}_BIN", name.replace('-', "_").to_uppercase());
    let path = match std::env::var_os(&variable) {
        Some(path) => PathBuf::from(path),
        // target/debug/deps/faults-0123456789abcdef
        None => std::env::current_exe()?
            .ancestors()
            .nth(2)
            .context("the test lies in no target folder")?
            .join(name),
    };
    if !path.is_file() {
        bail!(
            "{} is not built: run `cargo build -p {name}`, or name one in {variable}",
            path.display()
        );
    }
    Ok(path)
}

/// Ends a process at once, as the system does when memory is out.
///
/// # Errors
/// When there is no such process.
pub fn kill(pid: u32) -> Result<()> {
    signal(pid, Signal::KILL)
}

/// Waits until a process stands still, as on SIGSTOP.
///
/// # Errors
/// When it does not.
pub async fn stopped(pid: u32) -> Result<()> {
    until("the process stands still", async || {
        let found = running().await?;
        let process = found.iter().find(|process| process.pid == pid);
        let process = process.context("it has ended")?;
        Ok(process.stands_still.then_some(()))
    })
    .await
}

/// Lets a process go on that stands still.
///
/// # Errors
/// When there is no such process.
pub fn resume(pid: u32) -> Result<()> {
    signal(pid, Signal::CONT)
}

/// Tells a process to end.
///
/// # Errors
/// When there is no such process.
pub fn terminate(pid: u32) -> Result<()> {
    signal(pid, Signal::TERM)
}

fn signal(pid: u32, signal: Signal) -> Result<()> {
    let known = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .context("not a process id")?;
    kill_process(known, signal).with_context(|| format!("process {pid} cannot be told to end"))
}

/// The processes that `parent` has started and that still run.
///
/// # Errors
/// When `ps` cannot be run.
pub async fn children(parent: u32) -> Result<Vec<u32>> {
    let found = running().await?;
    Ok(found
        .into_iter()
        .filter(|process| process.parent == parent)
        .map(|process| process.pid)
        .collect())
}

/// Whether a process runs.
///
/// # Errors
/// When `ps` cannot be run.
pub async fn runs(pid: u32) -> Result<bool> {
    Ok(running().await?.iter().any(|process| process.pid == pid))
}

struct Process {
    pid: u32,
    parent: u32,
    stands_still: bool,
}

/// All processes that have not ended; one that nobody has waited for yet has.
async fn running() -> Result<Vec<Process>> {
    let listing = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,stat="])
        .output()
        .await
        .context("ps cannot be run")?;
    let text = String::from_utf8(listing.stdout)?;
    let read = |line: &str| {
        let [pid, parent, state] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        let process = Process {
            pid: pid.parse().ok()?,
            parent: parent.parse().ok()?,
            stands_still: state.starts_with('T'),
        };
        (!state.starts_with('Z')).then_some(process)
    };
    Ok(text.lines().filter_map(read).collect())
}
