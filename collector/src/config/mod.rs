//! The configuration, in two stages: what is written (`raw`) becomes what is in force ([`Config`]) or a list of all
//! that is wrong with it ([`ConfigError`]).

mod allowance;
mod app;
mod check;
mod defaults;
mod environment;
mod error;
mod fsync;
mod line;
mod pages;
mod proxies;
mod quantity;
mod rates;
mod raw;
mod readers;
mod reload;
mod show;
mod source;
mod token;
mod visitors;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use allowance::{DailyQuota, RateLimit};
pub use app::{AllowedOrigins, App, Apps, ForeignErrors};
pub use error::{ConfigError, Problem};
pub use fsync::Fsync;
pub use pages::Pages;
pub(crate) use pages::Pattern;
pub use proxies::Proxies;
pub use rates::{Rate, Rates};
pub use readers::{Reader, ReaderOfApps, Readers};
pub use reload::Reloaded;
pub use source::Source;
pub use token::{Scope, Token, TokenApps, TokenHash, Tokens, new_token};
pub use visitors::{AddressPolicy, Visitors};

/// Permissions that a private key should not have: anything for everybody, and writing for its group.
const TOO_OPEN: u32 = 0o027;

/// What is in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the collector listens.
    pub listen: SocketAddr,
    /// The folder that spool, embedded database and endpoint file live in.
    pub data: PathBuf,
    /// The folder with the SDK's files that pages load.
    pub dist: PathBuf,
    /// The proxies in front, whose word is taken for who sends.
    pub trusted_proxies: Proxies,
    /// What is to be known of visitors.
    pub visitors: Visitors,
    /// Bounds on what senders may do.
    pub limits: Limits,
    /// The certificate that the collector shows; without, it speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Bounds of the spool.
    pub spool: SpoolLimits,
    /// Which ClickHouse stores the rows.
    pub clickhouse: ClickhouseSource,
    /// Who may send.
    pub apps: Apps,
    /// Who may read.
    pub tokens: Tokens,
    /// Bounds on statements that people run over HTTP.
    pub sql: SqlLimits,
    /// The alert rules, if there are any.
    pub alerts: Option<Alerts>,
    /// What is logged.
    pub log: Log,
    /// Where traces of the collector go.
    pub traces: Traces,
}

/// Where traces of the collector go.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// A receiver of OTLP over HTTP, such as `http://otel.example:4318/v1/traces`; without, there are none.
    pub endpoint: Option<String>,
    /// The share of requests, inserts and rounds of the alert rules that are traced, 0 to 1.
    pub ratio: f64,
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// A level, or more: directives as of `tracing_subscriber::EnvFilter`.
    pub level: String,
}

/// Bounds on what senders may do. What they mean for memory is in docs/operating.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body as sent.
    pub body_bytes: usize,
    /// Bytes of a body once decompressed.
    pub decompressed_bytes: usize,
    /// Open connections; further ones wait in the system's queue.
    pub connections: usize,
    /// Open connections of one client address (of IPv6, a /64); further ones are closed. Of requests by HTTP/2 likewise.
    pub connections_per_address: usize,
    /// Batches that are decompressed, read and stored at once; further ones wait.
    pub batches_at_once: usize,
    /// Batches that wait for that; above it the answer is 503.
    pub batches_waiting: usize,
    /// Batches of one client address; `None` is as many as come.
    pub address_rate: Option<RateLimit>,
    /// How long a connection may take to send a request's head, and stay idle between requests.
    pub header_timeout: Duration,
    /// How long a sender may take to send a body.
    pub body_timeout: Duration,
    /// How long a batch may wait for its turn, and then how long storing it may take, before the answer is 503.
    pub store_timeout: Duration,
    /// How long requests, and then the writer, may take to finish at shutdown.
    pub drain: Duration,
}

/// Files of PEM; they are read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The server's certificate, and then those that it was signed with.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// Bounds of the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolLimits {
    /// Bytes on disk; a full spool answers 503.
    pub max_bytes: u64,
    /// Bytes of one segment file.
    pub segment_bytes: u64,
    /// What a 204 promises.
    pub fsync: Fsync,
}

/// Bounds on the statements of `/v1/sql`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlLimits {
    /// How long a statement may run.
    pub time: Duration,
    /// Rows of an answer.
    pub result_rows: u64,
    /// Bytes of an answer.
    pub answer_bytes: u64,
    /// Bytes that a statement may read.
    pub read_bytes: u64,
    /// Memory of a statement, in bytes.
    pub memory_bytes: u64,
    /// Statements that run at once; further ones wait for a while.
    pub at_once: usize,
}

/// Which ClickHouse stores the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClickhouseSource {
    /// The collector's own child process.
    Embedded {
        /// The engine's memory limit in bytes.
        memory_bytes: u64,
        /// Where libchdb is; the tool cache if absent.
        library: Option<PathBuf>,
        /// Whether the kernel keeps it from files and sockets; without, nobody may ask by `/v1/sql`.
        confine: bool,
    },
    /// A server or cluster.
    Server {
        /// Its HTTP interface.
        url: String,
        /// The user to ask as.
        user: String,
        /// The user's password.
        password: Secret,
        /// Who asks what people ask by `/v1/sql`; without, nobody does.
        readers: Readers,
    },
}

/// The alert rules and where they speak up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// The rules file.
    pub rules: PathBuf,
    /// Where transitions are posted.
    pub webhooks: Vec<String>,
    /// The pause between evaluations.
    pub evaluate_every: Duration,
}

/// A password that is not printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, for the client that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Config {
    /// Reads `file` (defaults without one), lets the variables of `environment` override it, and checks the result.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place and how to mend it.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
                path: path.to_owned(),
                source,
            })?,
            None => String::new(),
        };
        let raw = environment::overlay(file, &text, environment)?;
        check::check(raw).map_err(|mut problems| {
            for problem in &mut problems {
                problem.line = line::of(&text, &problem.key);
            }
            ConfigError::Invalid {
                file: file.map(Path::to_owned),
                problems,
            }
        })
    }

    /// The file that keeps what apps have used of the day.
    #[must_use]
    pub fn day_file(&self) -> PathBuf {
        self.data.join("day.json")
    }

    /// The folder of the spool.
    #[must_use]
    pub fn spool_folder(&self) -> PathBuf {
        self.data.join("spool")
    }

    /// What works, and is probably not what was meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.apps.is_empty() {
            warnings.push("no app is configured, so every batch is refused: add an [[apps]] section".to_owned());
        }
        if matches!(self.clickhouse, ClickhouseSource::Embedded { confine: false, .. }) {
            warnings.push(
                "clickhouse.confine is false, so /v1/sql is answered 403: nothing would keep statements from files and sockets"
                    .to_owned(),
            );
        }
        if let ClickhouseSource::Server { readers, .. } = &self.clickhouse
            && !readers.of_apps.is_empty()
        {
            let unread = |token: &&Arc<Token>| token.may(Scope::Read) && readers.of(&token.apps).is_none();
            warnings.extend(self.tokens.iter().filter(unread).map(|token| {
                format!(
                    "the token {} gets no SQL, for no user of the server reads for its very apps: that is clickhouse.read_user for all \
                     of them, and else one of clickhouse.readers",
                    token.name
                )
            }));
        }
        if let Some(Tls { key, .. }) = &self.tls
            && let Ok(metadata) = std::fs::metadata(key)
            && metadata.permissions().mode() & TOO_OPEN != 0
        {
            warnings.push(format!(
                "everybody on this machine may read the private key {}, or its group may change it (tls.key): chmod 600, or 640 for a group \
                 that may read it",
                key.display()
            ));
        }
        if !self.dist.join("manifest.json").is_file() {
            warnings.push(format!(
                "{} holds no manifest.json, so /rum.js is not served: build the SDK with `cargo xtask wasm`, or set sdk.dist",
                self.dist.display()
            ));
        }
        if self.spool.fsync == Fsync::Off {
            warnings.push(
                "spool.fsync is off, so a loss of power may take batches that were answered 204: use \"batch\" to keep each"
                    .to_owned(),
            );
        }
        if self.trusted_proxies.listed().any(|network| network.prefix_len() == 0) {
            warnings.push(
                "trusted_proxies lists every address, so each visitor may claim any: list those of your proxies"
                    .to_owned(),
            );
        }
        warnings
    }

    /// The whole configuration as TOML, secrets left out.
    #[must_use]
    pub fn show(&self) -> String {
        show::show(self)
    }
}
