//! The child process: what it is told on standard input, how it says that it is ready, and when it
//! ends. Standard input stays open as long as the parent lives: its end, which also comes when the
//! parent is killed, ends the child.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::{self, Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::{
    process::{Signal, getpid, kill_process, nice},
    stdio,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::Secret,
    confine::{Confinement, confine},
    engine::{Engine, EngineError},
    http::Service,
    library::Library,
    locate::LibraryError,
};

/// Connections at once: the writer, the readers and a few curls are far fewer.
const CONNECTIONS: usize = 256;
/// How long a connection may take to send a request's head.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// A connection is not accepted when the process has no descriptor left: others must end first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long cancelled statements may take to notice.
const CANCEL_LIMIT: Duration = Duration::from_secs(2);
/// How long clients may take to hear that their statements end with the process.
const TOLD_LIMIT: Duration = Duration::from_secs(1);
/// The longest first line on standard input, in bytes.
const OPTIONS_LIMIT: u64 = 64 * 1024;
/// How much nicer it is than its parent. Where cores are short the parent goes first: it answers browsers, who wait, and its spool
/// keeps what an insert has not taken yet.
const NICENESS: i32 = 10;

/// What the child is told by its parent, as one line of JSON on standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChildOptions {
    /// ClickHouse's data folder; made if it is missing. One process at a time may have it open.
    pub data: PathBuf,
    /// libchdb.so, as found by [`find_library`](crate::find_library).
    pub library: PathBuf,
    /// What requests must carry.
    pub secret: Secret,
    /// The port on 127.0.0.1; 0, or one that is taken, lets the system choose.
    pub port: u16,
    /// The engine's limit for all its memory, in bytes. A query that would pass it fails with code
    /// 241.
    pub memory_bytes: u64,
    /// The cache of marks (where columns begin in their files), in bytes.
    pub mark_cache_bytes: u64,
    /// Threads for one query.
    pub threads: usize,
    /// Statements that run at once; those of people (`readonly=1`) have half of these places.
    pub queries: usize,
    /// Statements that may wait for their turn; what comes then is answered with code 202.
    pub waiting_queries: usize,
    /// The longest body of a request, as sent and as decompressed, in bytes; more is answered 413.
    pub body_bytes: usize,
    /// How long running statements may take to finish after SIGTERM, in ms.
    pub drain_ms: u64,
    /// How long a statement may take to stop after it was cancelled, or after its `max_execution_time`, in ms. Then the
    /// child ends, and is started again.
    pub stuck_ms: u64,
    /// Whether it gives up what it does not need of the machine.
    pub walls: Walls,
}

/// Whether the child gives up what it does not need of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Walls {
    /// As far as the kernel can: [`Confinement`] tells.
    #[default]
    Up,
    /// No: for a system that ClickHouse does not start on otherwise.
    Down,
}

impl ChildOptions {
    /// The defaults, with a new secret: 1.5 GiB of memory, 64 MiB of marks, up to 4 threads a
    /// query, 8 statements at once and 64 waiting, bodies of 256 MiB, 10 s to finish, a minute to
    /// stop.
    #[must_use]
    pub fn new(data: PathBuf, library: PathBuf) -> Self {
        Self {
            data,
            library,
            secret: Secret::random(),
            port: 0,
            memory_bytes: 1536 << 20,
            mark_cache_bytes: 64 << 20,
            threads: std::thread::available_parallelism().map_or(2, |cores| cores.get().min(4)),
            queries: 8,
            waiting_queries: 64,
            body_bytes: 256 << 20,
            drain_ms: 10_000,
            stuck_ms: 60_000,
            walls: Walls::Up,
        }
    }
}

/// The one line that the child writes to standard output.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Greeting {
    /// It listens.
    Ready {
        port: u16,
        version: String,
        confinement: Confinement,
    },
    /// It cannot start, and why.
    Failed { reason: String },
}

/// The last line that the child writes to standard output, if it ends because it has to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Farewell {
    /// A statement does not stop.
    Stuck { reason: String },
}

/// Why the child ended.
#[derive(Debug, Error)]
pub enum ChildError {
    /// Standard input did not carry [`ChildOptions`].
    #[error("standard input does not carry the options: this command is for rum-collector itself")]
    Options(#[source] serde_json::Error),
    /// libchdb cannot be loaded.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// libchdb does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The process's own pipes, its listener or its threads.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// Runs ClickHouse in this process until standard input ends or SIGTERM comes. Call it from a
/// process that does nothing else, before any thread is started. SIGINT is ignored: a terminal
/// sends it to the whole group, and the parent decides.
///
/// # Errors
/// When the engine does not start. The parent hears of it on standard output, too.
pub fn run_child() -> Result<(), ChildError> {
    let pipes = Pipes::take().map_err(io_error("standard input and output"))?;
    let mut output = File::from(pipes.output);
    let mut input = BufReader::new(File::from(pipes.input));
    let started = start(&mut input);
    let greeting = match &started {
        Ok(child) => Greeting::Ready {
            port: child.address.port(),
            version: child.engine.version().to_owned(),
            confinement: child.confinement.clone(),
        },
        Err(error) => Greeting::Failed {
            reason: error.to_string(),
        },
    };
    say(&mut output, &greeting)?;
    started?.serve(input, output)
}

/// One line for the parent. One that is gone shows at standard input.
fn say(output: &mut File, what: &impl Serialize) -> Result<(), ChildError> {
    let line = serde_json::to_string(what).map_err(|error| io_error("speaking to the parent")(error.into()))?;
    let _ = writeln!(output, "{line}");
    Ok(())
}

struct Child {
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    address: SocketAddr,
    engine: Arc<Engine>,
    confinement: Confinement,
    options: ChildOptions,
    stop: CancellationToken,
}

fn start(input: &mut BufReader<File>) -> Result<Child, ChildError> {
    let mut line = String::new();
    input
        .take(OPTIONS_LIMIT)
        .read_line(&mut line)
        .map_err(io_error("reading the options"))?;
    let options: ChildOptions = serde_json::from_str(&line).map_err(ChildError::Options)?;
    // While there is one thread: on Linux each has a niceness of its own, and those that it starts get its.
    if let Err(error) = nice(NICENESS) {
        tracing::warn!(%error, "ClickHouse does not give way to the collector where cores are short");
    }
    std::fs::create_dir_all(&options.data).map_err(io_error("making the data folder"))?;
    // Before the walls, which leave neither the library's folder nor a new socket; loading starts no thread.
    let library = Library::open(&options.library)?;
    let listener = listen(options.port).map_err(io_error("listening"))?;
    let address = listener.local_addr().map_err(io_error("listening"))?;
    let confinement = match options.walls {
        Walls::Up => confine(&options.data),
        Walls::Down => Confinement::open("it was told to do without walls"),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2 * options.queries + 8)
        .enable_all()
        .build()
        .map_err(io_error("starting threads"))?;
    let stop = CancellationToken::new();
    runtime
        .block_on(async { stop_at_signal(stop.clone()) })
        .map_err(io_error("waiting for signals"))?;
    let engine = start_engine(library, &options)?;
    let listener = runtime
        .block_on(async { TcpListener::from_std(listener) })
        .map_err(io_error("listening"))?;
    Ok(Child {
        runtime,
        listener,
        address,
        engine,
        confinement,
        options,
        stop,
    })
}

/// On a thread of its own: of the first thread of a process, libc finds the stack in `/proc/self/maps`, which the walls hide.
fn start_engine(library: &'static Library, options: &ChildOptions) -> Result<Arc<Engine>, ChildError> {
    let start = || Engine::start(library, options);
    let started = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("engine-start".into());
        Ok(thread.spawn_scoped(scope, start)?.join())
    });
    match started.map_err(io_error("starting threads"))? {
        Ok(engine) => Ok(Arc::new(engine?)),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// The wanted port if it is free, else another.
fn listen(port: u16) -> io::Result<net::TcpListener> {
    let listener = match net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && port != 0 => {
            net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        }
        bound => bound,
    }?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Child {
    fn serve(self, input: BufReader<File>, mut output: File) -> Result<(), ChildError> {
        let Self {
            runtime,
            listener,
            engine,
            options,
            stop,
            ..
        } = self;
        let drain = Duration::from_millis(options.drain_ms);
        let service = Arc::new(Service::new(Arc::clone(&engine), options));
        let ended = runtime.block_on(async {
            stop_at_end(input, stop.clone()).map_err(io_error("watching the parent"))?;
            Ok::<_, ChildError>(accept(listener, service, &engine, stop, drain).await)
        })?;
        if let Ended::Overdue { reason } = &ended {
            let reason = reason.clone();
            say(&mut output, &Farewell::Stuck { reason })?;
        }
        match ended {
            Ended::Clean => {
                drop(runtime);
                // The last owner: this closes the last connection, and with it the engine.
                drop(engine);
                Ok(())
            }
            // What still runs would be torn down under its own feet by an ordinary exit. The data
            // is safe: it is written so that it survives this.
            Ended::Stuck | Ended::Overdue { .. } => {
                kill_process(getpid(), Signal::KILL).map_err(|e| io_error("ending")(e.into()))
            }
        }
    }
}

enum Ended {
    Clean,
    /// Statements run that do not notice that they are cancelled.
    Stuck,
    /// So does one, and it holds what others need.
    Overdue {
        reason: String,
    },
}

async fn accept(
    listener: TcpListener,
    service: Arc<Service>,
    engine: &Arc<Engine>,
    stop: CancellationToken,
    drain: Duration,
) -> Ended {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            reason = service.stuck() => return overdue(reason, &service, &connections).await,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            reason = service.stuck() => return overdue(reason, &service, &connections).await,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let _ = stream.set_nodelay(true);
        let service = Arc::clone(&service);
        let stop = stop.clone();
        connections.spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_LIMIT)
                .serve_connection(TokioIo::new(stream), service_fn(|request| service.answer(request)));
            let mut connection = std::pin::pin!(connection);
            let served = tokio::select! {
                served = connection.as_mut() => served,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if timeout(drain, connections.wait()).await.is_err() {
        tracing::warn!("statements still run after {} ms: cancelling them", drain.as_millis());
        let engine = Arc::clone(engine);
        let _ = tokio::task::spawn_blocking(move || engine.cancel_all()).await;
        if timeout(CANCEL_LIMIT, connections.wait()).await.is_err() {
            return Ended::Stuck;
        }
    }
    if timeout(CANCEL_LIMIT, service.idle()).await.is_err() {
        Ended::Stuck
    } else {
        Ended::Clean
    }
}

/// Tells those whose statements end with the process.
async fn overdue(reason: String, service: &Service, connections: &TaskTracker) -> Ended {
    service.tell_all().await;
    connections.close();
    // What does not fit into a socket within that time is not told.
    let _ = timeout(TOLD_LIMIT, connections.wait()).await;
    Ended::Overdue { reason }
}

fn stop_at_signal(stop: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    // Registered, and never acted upon.
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => stop.cancel(),
            () = async { while interrupt.recv().await.is_some() {} } => {}
        }
    });
    Ok(())
}

/// A thread of its own, for a read from a pipe cannot be given up.
fn stop_at_end(mut input: BufReader<File>, stop: CancellationToken) -> io::Result<()> {
    let watch = move || {
        let mut ignored = [0; 256];
        while matches!(input.read(&mut ignored), Ok(length) if length > 0) {}
        stop.cancel();
    };
    std::thread::Builder::new()
        .name("parent-watch".into())
        .spawn(watch)
        .map(|_| ())
}

/// The parent's pipes, moved away from descriptors 0 and 1. A statement that reads standard input
/// gets nothing, and what libchdb prints goes to standard error: it can neither steal the sign of
/// the parent's end nor disturb the greeting.
struct Pipes {
    input: OwnedFd,
    output: OwnedFd,
}

impl Pipes {
    fn take() -> io::Result<Self> {
        let input = rustix::io::fcntl_dupfd_cloexec(stdio::stdin(), 3)?;
        let output = rustix::io::fcntl_dupfd_cloexec(stdio::stdout(), 3)?;
        stdio::dup2_stdin(File::open("/dev/null")?)?;
        stdio::dup2_stdout(stdio::stderr())?;
        Ok(Self { input, output })
    }
}

fn io_error(doing: &'static str) -> impl Fn(io::Error) -> ChildError {
    move |source| ChildError::Io { doing, source }
}
