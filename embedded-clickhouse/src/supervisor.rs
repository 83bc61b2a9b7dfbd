//! The parent's side: starts the child, tells where it is, starts it again when it dies, ends it.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{Secret, USER},
    child::{ChildOptions, Farewell, Greeting},
    confine::Confinement,
};

/// The pause before the first restart; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause before a restart, where nobody wants another one.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A child that ran this long was healthy: the next pause is the first again.
const HEALTHY: Duration = Duration::from_secs(60);
/// How long a child may take from its start to its greeting.
const START_LIMIT: Duration = Duration::from_secs(60);
/// What the child needs to close the engine after its statements have ended.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
/// The longest line of the child that is logged or understood, in bytes.
const LINE_LIMIT: u64 = 8 * 1024;

/// What the child gets of the parent's environment.
const KEPT_VARIABLES: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "RUST_BACKTRACE"];

/// What to start.
#[derive(Debug, Clone)]
pub struct SupervisorOptions {
    /// The program that calls [`run_child`](crate::run_child).
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What the child is told.
    pub child: ChildOptions,
    /// The longest pause before it is started again.
    pub longest_pause: Duration,
}

impl SupervisorOptions {
    /// This very program, with other arguments.
    ///
    /// # Errors
    /// When the system cannot say where the program is.
    pub fn this_program(
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        child: ChildOptions,
    ) -> io::Result<Self> {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Ok(Self {
            program: std::env::current_exe()?,
            arguments,
            child,
            longest_pause: LONGEST_PAUSE,
        })
    }
}

/// Where ClickHouse answers. Restarts keep user, secret and (if it is still free) the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// The user to ask as.
    pub user: String,
    /// The user's password.
    pub secret: Secret,
    /// ClickHouse's version.
    pub version: String,
    /// What the kernel keeps from it.
    pub confinement: Confinement,
}

/// How the child is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildState {
    /// It was started and has not answered yet.
    Starting,
    /// It answers.
    Ready {
        /// Where.
        endpoint: Endpoint,
        /// Its process id.
        pid: u32,
    },
    /// It did not start, or died. It will be started again.
    Down {
        /// Why, as well as it is known.
        reason: String,
    },
    /// It was ended by [`Supervisor::shutdown`].
    Stopped,
}

/// The child did not start.
#[derive(Debug, Error)]
pub enum SupervisorError {
    /// The first start failed; the supervisor goes on trying.
    #[error("embedded ClickHouse does not start: {0}")]
    Down(String),
    /// It was shut down meanwhile.
    #[error("embedded ClickHouse is shut down")]
    Stopped,
}

/// How often the child has ended unasked, or did not start, since the supervisor started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ends {
    /// Because a statement did not stop.
    pub stuck: u64,
    /// For any other reason.
    pub other: u64,
}

/// Keeps one child alive. Dropped without [`shutdown`](Self::shutdown), it ends the child too, and
/// nobody waits for it.
#[derive(Debug)]
pub struct Supervisor {
    state: watch::Receiver<ChildState>,
    ends: watch::Receiver<Ends>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Starts the child and watches over it. Must be called in a tokio runtime.
    #[must_use]
    pub fn start(options: SupervisorOptions) -> Self {
        let (sender, state) = watch::channel(ChildState::Starting);
        let (count, ends) = watch::channel(Ends::default());
        let stop = CancellationToken::new();
        let task = Some(tokio::spawn(supervise(options, sender, count, stop.clone())));
        Self {
            state,
            ends,
            stop,
            task,
        }
    }

    /// The child's state, now and as it changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<ChildState> {
        self.state.clone()
    }

    /// How often the child has ended, now and as it changes.
    #[must_use]
    pub fn ends(&self) -> watch::Receiver<Ends> {
        self.ends.clone()
    }

    /// Waits until the child answers.
    ///
    /// # Errors
    /// When the child is down: with the reason. It is still being restarted, so asking again is
    /// sensible where the cause may pass.
    pub async fn ready(&self) -> Result<Endpoint, SupervisorError> {
        let mut state = self.state();
        let state = state
            .wait_for(|state| !matches!(state, ChildState::Starting))
            .await
            .map_err(|_| SupervisorError::Stopped)?;
        match &*state {
            ChildState::Ready { endpoint, .. } => Ok(endpoint.clone()),
            ChildState::Down { reason } => Err(SupervisorError::Down(reason.clone())),
            ChildState::Starting | ChildState::Stopped => Err(SupervisorError::Stopped),
        }
    }

    /// The process id of a child that answers.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match &*self.state.borrow() {
            ChildState::Ready { pid, .. } => Some(*pid),
            _ => None,
        }
    }

    /// Ends the child: it finishes its statements within its limit, closes the engine and exits; a
    /// child that does not is killed.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the supervisor of ClickHouse failed");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn supervise(
    mut options: SupervisorOptions,
    state: watch::Sender<ChildState>,
    ends: watch::Sender<Ends>,
    stop: CancellationToken,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let beginning = Instant::now();
        state.send_replace(ChildState::Starting);
        let started = tokio::select! {
            started = Running::start(&options) => started,
            // Dropped on its way, the child is killed.
            () = stop.cancelled() => break,
        };
        let end = match started {
            Ok(mut running) => {
                options.child.port = running.port;
                let pid = running.pid;
                let endpoint = running.endpoint(&options.child.secret);
                tracing::info!(
                    url = endpoint.url,
                    version = endpoint.version,
                    pid,
                    "ClickHouse is ready"
                );
                if let Confinement::Open { reason } = &endpoint.confinement {
                    tracing::warn!(reason, "the kernel does not confine ClickHouse");
                }
                state.send_replace(ChildState::Ready { endpoint, pid });
                tokio::select! {
                    end = running.ended() => end,
                    () = stop.cancelled() => {
                        running.end(Duration::from_millis(options.child.drain_ms)).await;
                        break;
                    }
                }
            }
            Err(reason) => End {
                reason,
                cause: Cause::Other,
            },
        };
        if stop.is_cancelled() {
            break;
        }
        if beginning.elapsed() >= HEALTHY {
            pause = FIRST_PAUSE;
        }
        let End { reason, cause } = end;
        ends.send_modify(|ends| match cause {
            Cause::Stuck => ends.stuck += 1,
            Cause::Other => ends.other += 1,
        });
        tracing::error!(
            reason,
            "ClickHouse is down; starting it again in {} ms",
            pause.as_millis()
        );
        state.send_replace(ChildState::Down { reason });
        tokio::select! {
            () = sleep(pause) => {}
            () = stop.cancelled() => break,
        }
        pause = (pause * 2).min(options.longest_pause);
    }
    state.send_replace(ChildState::Stopped);
}

/// How a child has ended.
struct End {
    reason: String,
    cause: Cause,
}

enum Cause {
    /// It said that a statement did not stop.
    Stuck,
    Other,
}

/// A child that has greeted.
struct Running {
    child: Child,
    /// Its end is the child's. Held apart from `child`, whose `wait` would close it.
    _lifeline: ChildStdin,
    output: BufReader<ChildStdout>,
    pid: u32,
    port: u16,
    version: String,
    confinement: Confinement,
}

impl Running {
    async fn start(options: &SupervisorOptions) -> Result<Self, String> {
        let mut child = Command::new(&options.program)
            .args(&options.arguments)
            // The parent's variables may hold secrets, and a process can read its own: it gets what loading needs.
            .env_clear()
            .envs(
                KEPT_VARIABLES
                    .into_iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            // ClickHouse takes the process's time zone for the server's.
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", options.program.display()))?;
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(log_lines(stderr));
        }
        let (Some(mut lifeline), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("it was started without pipes".to_owned());
        };
        let mut output = BufReader::new(output);
        let greeting = greet(&mut lifeline, &mut output, &options.child);
        match timeout(START_LIMIT, greeting).await {
            Ok(Ok(Greeting::Ready {
                port,
                version,
                confinement,
            })) => match child.id() {
                Some(pid) => Ok(Self {
                    child,
                    _lifeline: lifeline,
                    output,
                    pid,
                    port,
                    version,
                    confinement,
                }),
                None => Err(describe(child.wait().await)),
            },
            Ok(Ok(Greeting::Failed { reason })) => Err(reason),
            Ok(Err(error)) => {
                let exit = describe(child.wait().await);
                Err(format!("it did not say that it is ready ({error}): {exit}"))
            }
            Err(_) => Err(format!("it is not ready after {} s", START_LIMIT.as_secs())),
        }
    }

    fn endpoint(&self, secret: &Secret) -> Endpoint {
        Endpoint {
            url: format!("http://127.0.0.1:{}", self.port),
            user: USER.to_owned(),
            secret: secret.clone(),
            version: self.version.clone(),
            confinement: self.confinement.clone(),
        }
    }

    /// Waits for the end of a child that nobody has told to end.
    async fn ended(&mut self) -> End {
        let exit = self.child.wait().await;
        let mut line = String::new();
        let _ = timeout(CLOSE_LIMIT, (&mut self.output).take(LINE_LIMIT).read_line(&mut line)).await;
        match serde_json::from_str(&line) {
            Ok(Farewell::Stuck { reason }) => End {
                reason,
                cause: Cause::Stuck,
            },
            Err(_) => End {
                reason: describe(exit),
                cause: Cause::Other,
            },
        }
    }

    async fn end(mut self, drain: Duration) {
        let terminated = i32::try_from(self.pid)
            .ok()
            .and_then(Pid::from_raw)
            .is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        if terminated && let Ok(exit) = timeout(drain + CLOSE_LIMIT, self.child.wait()).await {
            tracing::info!("ClickHouse has ended: {}", describe(exit));
            return;
        }
        tracing::warn!("ClickHouse does not end; killing it");
        if let Err(error) = self.child.kill().await {
            tracing::error!(%error, "ClickHouse could not be killed");
        }
    }
}

/// Tells the child what to do, and hears whether it can.
async fn greet(
    input: &mut ChildStdin,
    output: &mut BufReader<ChildStdout>,
    options: &ChildOptions,
) -> io::Result<Greeting> {
    let line = serde_json::to_string(options)? + "\n";
    input.write_all(line.as_bytes()).await?;
    let mut greeting = String::new();
    output.take(LINE_LIMIT).read_line(&mut greeting).await?;
    Ok(serde_json::from_str(&greeting)?)
}

/// The child's standard error, line by line; what is longer than a line may be is cut.
async fn log_lines(stderr: ChildStderr) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LINE_LIMIT).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let line = String::from_utf8_lossy(&line);
                tracing::warn!(target: "clickhouse", "{}", line.trim_end());
            }
        }
    }
}

fn describe(exit: io::Result<ExitStatus>) -> String {
    exit.map_or_else(
        |error| format!("its end is not known: {error}"),
        |exit| exit.to_string(),
    )
}
