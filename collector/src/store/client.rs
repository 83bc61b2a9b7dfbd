//! The handle on ClickHouse: one HTTP client, whose address and credentials may change under it.

use std::time::Duration;

use bytes::Bytes;
use clickhouse::{Client, Compression, error::Error as ClientError};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::watch;

use super::exceptions;

/// How long ClickHouse may take to accept a piece of an insert.
const SEND_LIMIT: Duration = Duration::from_secs(30);

/// How long an insert may take after its last byte. Then its outcome is unknown, and it is repeated.
const END_LIMIT: Duration = Duration::from_secs(120);

/// How much of an insert is compressed and sent at once, in bytes. ClickHouse's own clients take a MiB, which holds up the requests that
/// share a thread with it for some ms, and is written into fresh memory each time.
const PIECE: usize = 128 << 10;

/// Where ClickHouse is, and who asks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Such as `http://127.0.0.1:8123`.
    pub url: String,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// What keeps its statements from the rest of the machine.
    #[serde(default)]
    pub confinement: Confinement,
}

/// What keeps statements from the rest of the machine that ClickHouse runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confinement {
    /// It is a server's machine, and its users have grants.
    #[default]
    Grants,
    /// The kernel: it is the embedded ClickHouse, which sees its own folder and opens no socket.
    Kernel,
    /// Nothing: it is the embedded ClickHouse.
    Nothing {
        /// Why the kernel does not do it, as a sentence.
        reason: String,
    },
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("url", &self.url)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Why ClickHouse did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClickhouseError {
    /// Embedded ClickHouse is not up, or not up again.
    #[error("ClickHouse is not running")]
    Absent,
    /// It refused.
    #[error("{message}")]
    Refused {
        /// Its exception code.
        code: u32,
        /// What it says, code included.
        message: String,
    },
    /// The connection failed; whether the statement was carried out is not known.
    #[error("ClickHouse does not answer: {0}")]
    Unreachable(String),
    /// It took too long; whether the statement was carried out is not known.
    #[error("ClickHouse does not answer in time")]
    TimedOut,
    /// What came back cannot be understood, or the request could not be made.
    #[error("ClickHouse's client: {0}")]
    Client(String),
}

impl ClickhouseError {
    /// ClickHouse's exception code, if it was ClickHouse that refused.
    #[must_use]
    pub const fn code(&self) -> Option<u32> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Absent | Self::Unreachable(_) | Self::TimedOut | Self::Client(_) => None,
        }
    }
}

impl From<ClientError> for ClickhouseError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::BadResponse(text) => match exceptions::code(&text) {
                Some(code) => Self::Refused { code, message: text },
                None => Self::Unreachable(text),
            },
            ClientError::Network(source) => Self::Unreachable(with_causes(&*source)),
            ClientError::TimedOut => Self::TimedOut,
            other => Self::Client(with_causes(&other)),
        }
    }
}

/// An error with what caused it: `hyper` says the useful part last.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A handle on ClickHouse; clones share their connections.
#[derive(Clone)]
pub struct Clickhouse {
    endpoint: watch::Receiver<Option<Endpoint>>,
    client: Client,
}

impl Clickhouse {
    /// ClickHouse at an endpoint that may change, or be away for a while.
    #[must_use]
    pub fn new(endpoint: watch::Receiver<Option<Endpoint>>) -> Self {
        Self {
            endpoint,
            client: Client::default().with_compression(Compression::Lz4),
        }
    }

    /// ClickHouse at an endpoint that stays.
    #[must_use]
    pub fn at(endpoint: Endpoint) -> Self {
        // A receiver keeps its last value when the sender is gone.
        Self::new(watch::channel(Some(endpoint)).1)
    }

    /// The client for the endpoint of now.
    ///
    /// # Errors
    /// [`ClickhouseError::Absent`] while there is none.
    pub(super) fn client(&self) -> Result<Client, ClickhouseError> {
        let endpoint = self.endpoint.borrow().clone().ok_or(ClickhouseError::Absent)?;
        Ok(self
            .client
            .clone()
            .with_url(endpoint.url)
            .with_user(endpoint.user)
            .with_password(endpoint.password))
    }

    /// What keeps statements from the machine that it runs on.
    ///
    /// # Errors
    /// [`ClickhouseError::Absent`] while there is none.
    pub(super) fn confinement(&self) -> Result<Confinement, ClickhouseError> {
        let endpoint = self.endpoint.borrow();
        Ok(endpoint.as_ref().ok_or(ClickhouseError::Absent)?.confinement.clone())
    }

    /// Waits until the endpoint changes; for ever if it never will.
    pub(super) async fn moved(&mut self) {
        if self.endpoint.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Runs a statement that gives nothing back.
    ///
    /// # Errors
    /// As [`ClickhouseError`] says.
    pub(super) async fn execute(&self, statement: &str) -> Result<(), ClickhouseError> {
        Ok(self.client()?.query_raw(statement).execute().await?)
    }

    /// Inserts `data`, which is what `statement` says. After [`ClickhouseError::Unreachable`]
    /// and [`ClickhouseError::TimedOut`] it may be in or not.
    ///
    /// # Errors
    /// As [`ClickhouseError`] says.
    pub(super) async fn insert(&self, statement: &str, data: &Bytes) -> Result<(), ClickhouseError> {
        let mut insert = self
            .client()?
            .insert_formatted_with(statement)
            .with_timeouts(Some(SEND_LIMIT), Some(END_LIMIT))
            // The answer comes when the rows are in, not when they are queued.
            .with_setting("async_insert", "0")
            // A repetition must be stored again: what a deduplication log knows may never have been (rows replace
            // themselves instead).
            .with_setting("insert_deduplicate", "0");
        let mut start = 0;
        while start < data.len() {
            let end = data.len().min(start + PIECE);
            insert.send(data.slice(start..end)).await?;
            start = end;
        }
        Ok(insert.end().await?)
    }
}
