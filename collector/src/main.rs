//! `rum-collector`: the command line. It reads the configuration, starts the embedded ClickHouse where none is named,
//! and ends both in order. Commands for what lies on disk are in `command/`; `embedded.rs` alone knows the crate `embedded-clickhouse`.

mod command;
#[cfg(feature = "embedded")]
mod embedded;
#[cfg(not(feature = "embedded"))]
#[path = "lean.rs"]
mod embedded;
#[cfg(all(test, feature = "embedded"))]
#[expect(dead_code, reason = "of the other build: here only what it refuses is tried")]
mod lean;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use command::{DeadLettersCommand, SpoolCommand, TokenCommand, health};
use embedded::{Embedded, run_child};
use rum_collector::alert;
use rum_collector::config::{ClickhouseSource, Config, ReaderOfApps, Readers, Source};
use rum_collector::data_folder::DataFolder;
use rum_collector::descriptors::Descriptors;
use rum_collector::ingest::check_geo;
use rum_collector::log::Log;
use rum_collector::run::{Collector, readers};
use rum_collector::serve::Certificates;
use rum_collector::service_manager;
use rum_collector::store::grants;
use rum_collector::store::query::{self, SqlFormat};
use rum_collector::store::{Clickhouse, ClickhouseError, Confinement, Endpoint};
use rum_collector::traces::Traces;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A batch is hundreds of short texts, made on one thread and let go of on another: of glibc's allocator that was a tenth of all the
/// collector's time.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// One arena a core instead of four, and what is free goes back to the system after a second instead of ten: memory under full load
/// is far less for it. Sooner would cost some percent of the CPU, for an insert a second takes the same pages again.
/// `_RJEM_MALLOC_CONF` in the environment says otherwise.
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static ALLOCATOR_OPTIONS: &[u8] = b"percpu_arena:percpu,dirty_decay_ms:1000,muzzy_decay_ms:0\0";

/// Collects what real users' pages measured, and stores it in ClickHouse.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the collector until it is told to stop (Ctrl-C or SIGTERM).
    Serve(ConfigArgs),
    /// Prints the configuration that would be in force, or everything that is wrong with it.
    CheckConfig(ConfigArgs),
    /// Asks the ClickHouse of the running collector.
    Sql {
        /// One statement, which runs with your own rights, such as "SELECT page, quantile(0.75)(value) FROM rum.web_vitals GROUP BY page".
        statement: String,
        /// How the answer is written.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Looks at what waits on disk for ClickHouse, or has it inserted again.
    #[command(subcommand)]
    Spool(SpoolCommand),
    /// Shows rows that ClickHouse refused for good, or inserts them again.
    #[command(subcommand, name = "deadletter")]
    DeadLetters(DeadLettersCommand),
    /// Asks the collector that runs here whether it is ready; status 0 if it is, for health checks of containers.
    Health {
        /// One part, such as spool; without, all of them.
        part: Option<String>,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Makes tokens for who may read over HTTP.
    #[command(subcommand)]
    Token(TokenCommand),
    /// What the collector starts as its embedded ClickHouse.
    #[command(hide = true)]
    ClickhouseChild,
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// The configuration file (TOML); without one, the defaults. Variables RUM_<SECTION>_<KEY> override it.
    #[arg(long, env = "RUM_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

impl From<Format> for SqlFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
        }
    }
}

fn main() -> ExitCode {
    let succeeded = |()| ExitCode::SUCCESS;
    let done = match Cli::parse().command {
        Command::Serve(args) => serve(&args).map(succeeded),
        Command::CheckConfig(args) => check_config(&args).map(succeeded),
        Command::Sql {
            statement,
            format,
            config,
        } => sql(&statement, format.into(), &config).map(succeeded),
        Command::Spool(command) => command.run(),
        Command::DeadLetters(command) => command.run(),
        Command::Health { part, config } => config.load().and_then(|config| health::run(&config, part.as_deref())),
        Command::Token(command) => command.run(),
        Command::ClickhouseChild => run_child().map(succeeded),
    };
    done.unwrap_or_else(|error| {
        // Where standard error is gone nobody can be told.
        let _ = writeln!(io::stderr(), "rum-collector: {error:#}");
        ExitCode::FAILURE
    })
}

impl ConfigArgs {
    fn source(&self) -> Source {
        let environment = std::env::vars_os();
        let text = environment.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Source::new(self.config.clone(), text)
    }

    fn load(&self) -> anyhow::Result<Config> {
        Ok(self.source().load()?)
    }
}

fn check_config(args: &ConfigArgs) -> anyhow::Result<()> {
    let config = args.load()?;
    if let Some(alerts) = &config.alerts {
        alert::load(&alerts.rules)?;
    }
    if let Some(tls) = &config.tls {
        Certificates::open(tls)?;
    }
    if let Some(countries) = &config.visitors.geo_database {
        check_geo(countries)?;
    }
    let mut warnings = config.warnings();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    warnings.extend(runtime.block_on(excess(&readers(&config.clickhouse))));
    let mut out = io::stdout().lock();
    for warning in warnings {
        writeln!(out, "# warning: {warning}")?;
    }
    write!(out, "{}", config.show())?;
    Ok(())
}

/// What users that should only read may do beyond that, as the server tells them.
async fn excess(readers: &Readers<Clickhouse>) -> Vec<String> {
    let told = |who: &str, found: Result<Vec<String>, ClickhouseError>| match found {
        Ok(excess) => excess.into_iter().map(|more| format!("{who} {more}")).collect(),
        Err(error) => vec![format!("what {who} may do is not known: {error}")],
    };
    let mut warnings = Vec::new();
    if let Some(reader) = &readers.all {
        warnings.extend(told("clickhouse.read_user", grants::excess(reader, None).await));
    }
    for (at, ReaderOfApps { apps, reader }) in readers.of_apps.iter().enumerate() {
        let excess = grants::excess(reader, Some(apps)).await;
        warnings.extend(told(&format!("clickhouse.readers[{at}]"), excess));
    }
    warnings
}

/// The ClickHouse of the running collector.
fn clickhouse(config: &Config) -> anyhow::Result<Clickhouse> {
    let endpoint = match &config.clickhouse {
        ClickhouseSource::Embedded { .. } => DataFolder::endpoint(&config.data)?,
        ClickhouseSource::Server {
            url, user, password, ..
        } => Endpoint {
            url: url.clone(),
            user: user.clone(),
            password: password.expose().to_owned(),
            confinement: Confinement::Grants,
        },
    };
    Ok(Clickhouse::at(endpoint))
}

fn sql(statement: &str, format: SqlFormat, args: &ConfigArgs) -> anyhow::Result<()> {
    let config = args.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(query::sql(&clickhouse(&config)?, statement, format))?;
    let mut out = io::stdout().lock();
    out.write_all(answer.as_bytes())?;
    Ok(out.flush()?)
}

fn serve(args: &ConfigArgs) -> anyhow::Result<()> {
    let source = args.source();
    let config = source.load()?;
    let log = Log::start(&config.log)?;
    config.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    raise_descriptors(&config);
    let traces = Traces::start(&config.traces)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(serve_until_told(source, config, log.clone()));
    if let Some(traces) = traces {
        traces.end();
    }
    drop(runtime);
    log.tell();
    ended
}

/// Before the child is started: ClickHouse opens many files.
fn raise_descriptors(config: &Config) {
    let connections = config.limits.connections;
    match Descriptors::raise() {
        Ok(descriptors) if descriptors.suffice(connections) => {
            let Descriptors { before, now } = descriptors;
            tracing::info!(before, now, "file descriptors that this process may open");
        }
        Ok(Descriptors { now, .. }) => tracing::warn!(
            now,
            connections,
            "too few file descriptors for limits.connections: raise the hard limit (ulimit -Hn, LimitNOFILE=), or lower that"
        ),
        Err(error) => tracing::warn!(%error, "the limit of file descriptors stays as it is"),
    }
}

async fn serve_until_told(source: Source, config: Config, log: Log) -> anyhow::Result<()> {
    // First: a signal from here on ends the collector in order, or has it read its configuration.
    let shutdown = shutdown_at(signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    let folder = DataFolder::take(&config.data)?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; stop what listens there, or set listen (RUM_LISTEN)",
            config.listen
        )
    })?;
    let (endpoint, endpoints) = watch::channel(None);
    let database = start_database(&config, &endpoint)?;
    let collector = Collector::open(&config, endpoints)?;
    let scheme = scheme(&config);
    let reloader = collector.reloader(source, config, log.clone());
    announce(&listener, scheme)?;
    service_manager::ready();
    tokio::spawn(service_manager::keep_alive());
    let restarts = collector.restarts();
    let publish = async {
        if let Some(database) = &database {
            tokio::join!(database.publish(&folder, endpoint), database.count(&restarts));
        }
        std::future::pending::<()>().await;
    };
    tokio::spawn(reloader.run(hangup, shutdown.clone()));
    tokio::spawn(log.tend());
    tokio::select! {
        () = collector.serve(listener, shutdown) => {}
        () = publish => {}
    }
    if let Some(database) = database {
        database.shutdown().await;
    }
    tracing::info!("the collector has ended");
    Ok(())
}

fn shutdown_at(mut terminate: Signal, mut interrupt: Signal) -> CancellationToken {
    let shutdown = CancellationToken::new();
    let told = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        service_manager::stopping();
        told.cancel();
        tracing::info!("told to stop: finishing");
    });
    shutdown
}

/// Who started the collector reads this line to learn the port, so it must leave at once.
fn announce(listener: &TcpListener, scheme: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "rum-collector listening on {scheme}://{}", listener.local_addr()?)?;
    Ok(out.flush()?)
}

const fn scheme(config: &Config) -> &'static str {
    if config.tls.is_some() { "https" } else { "http" }
}

/// Starts the embedded ClickHouse, or names the server.
fn start_database(config: &Config, endpoint: &watch::Sender<Option<Endpoint>>) -> anyhow::Result<Option<Embedded>> {
    match &config.clickhouse {
        ClickhouseSource::Server {
            url, user, password, ..
        } => {
            let password = password.expose().to_owned();
            endpoint.send_replace(Some(Endpoint {
                url: url.clone(),
                user: user.clone(),
                password,
                confinement: Confinement::Grants,
            }));
            Ok(None)
        }
        ClickhouseSource::Embedded {
            memory_bytes,
            library,
            confine,
        } => Embedded::start(config, library.as_deref(), *memory_bytes, *confine).map(Some),
    }
}
