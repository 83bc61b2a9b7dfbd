//! Children that never outlive the demo, not even when it is killed with a signal that nobody can catch.
//!
//! Between the demo and each server stands a keeper: this same binary, in a process group of its own, with a pipe from
//! the demo as its stdin. When the pipe closes, because the demo said so or because it is gone, the keeper ends
//! the server: SIGTERM, then, after a limit, SIGKILL to the server's whole group. A terminal's Ctrl-C reaches only
//! the demo, which decides in which order things end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::Event;

/// The hidden subcommand that runs [`keep`].
pub(crate) const SUBCOMMAND: &str = "keep";

/// How long a server may take to drain after SIGTERM.
const GRACE_SECONDS: u64 = 15;

/// A running server, as the demo holds it. Dropping it ends the server.
pub(super) struct Kept {
    /// Closing it tells the keeper to end.
    leash: Option<ChildStdin>,
    /// What the server writes, both streams.
    pub(super) log: PathBuf,
}

impl Kept {
    /// Starts `program`; an [`Event::Ended`] with `name` comes when it is gone, for whatever reason.
    pub(super) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[OsString],
        environment: &[(&str, OsString)],
        log: PathBuf,
        events: SyncSender<Event>,
    ) -> Result<Self> {
        let output = File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let mut keeper = Command::new(std::env::current_exe().context("this program's own path is not known")?);
        keeper
            .arg(SUBCOMMAND)
            .args(["--grace", &GRACE_SECONDS.to_string(), "--"])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0);
        let mut child = keeper.spawn().with_context(|| format!("{name} cannot be started"))?;
        let leash = child.stdin.take();
        std::thread::spawn(move || {
            let status = child.wait();
            // The demo may have stopped listening: then it is ending as well.
            let _ = events.send(Event::Ended {
                name,
                status: status.ok(),
            });
        });
        Ok(Self { leash, log })
    }

    /// Asks the server to end; [`Event::Ended`] says when it has.
    pub(super) fn end(&mut self) {
        self.leash = None;
    }
}

/// The keeper's command line.
#[derive(clap::Args)]
pub(crate) struct KeepArguments {
    /// Seconds between SIGTERM and SIGKILL
    #[arg(long)]
    grace: u64,
    program: OsString,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// What the keeper process does: runs the command, until it ends or stdin does.
pub(crate) fn keep(keep: &KeepArguments) -> Result<ExitCode> {
    let KeepArguments {
        grace,
        program,
        arguments,
    } = keep;
    let mut server = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let group = Pid::from_child(&server);
    let (tell, told) = sync_channel(2);
    let tell_end = tell.clone();
    std::thread::spawn(move || {
        // Nothing is ever written into the pipe: the read returns when it closes.
        let _ = io::stdin().read(&mut [0]);
        let _ = tell_end.send(Told::End);
    });
    std::thread::spawn(move || {
        let status = Child::wait(&mut server);
        let _ = tell.send(Told::Ended(status.ok()));
    });

    let mut ended = told.recv()?;
    if matches!(ended, Told::End) {
        // It may have ended in this moment; then there is nobody to tell.
        let _ = kill_process(group, Signal::TERM);
        ended = told.recv_timeout(Duration::from_secs(*grace)).unwrap_or(Told::End);
    }
    // What the server started and did not end itself; and the server, if it would not end.
    let _ = kill_process_group(group, Signal::KILL);
    if matches!(ended, Told::End) {
        ended = told.recv()?;
    }
    Ok(match ended {
        Told::Ended(status) => code(status),
        Told::End => ExitCode::FAILURE,
    })
}

enum Told {
    /// The demo wants the end, or is gone.
    End,
    /// The server has ended.
    Ended(Option<ExitStatus>),
}

fn code(status: Option<ExitStatus>) -> ExitCode {
    let code = status
        .and_then(|status| status.code())
        .and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
