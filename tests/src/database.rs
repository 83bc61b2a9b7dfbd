//! ClickHouse as a process of the test's own: it outlives collectors, and can be killed behind their backs.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use embedded_clickhouse::{ChildOptions, ChildState, Endpoint, Supervisor, SupervisorOptions, find_library};
use serde_json::Value;
use tokio::sync::watch;

use crate::processes::{binary, kill};

/// The longest pause before it is started again: who kills it two hundred times does not want to wait for it ever longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// What answers as a ClickHouse server does, and is started again when it dies.
pub struct Database {
    supervisor: Supervisor,
    http: reqwest::Client,
}

impl Database {
    /// Starts it on `folder`.
    ///
    /// # Errors
    /// When libchdb or the collector's binary is missing.
    pub async fn start(folder: &Path) -> Result<Self> {
        let child = ChildOptions::new(folder.to_owned(), find_library(None)?);
        let program = binary("rum-collector")?;
        let options = SupervisorOptions {
            program,
            arguments: vec!["clickhouse-child".into()],
            child,
            longest_pause: LONGEST_PAUSE,
        };
        let supervisor = Supervisor::start(options);
        supervisor.ready().await?;
        Ok(Self {
            supervisor,
            http: reqwest::Client::new(),
        })
    }

    /// How it is and where, as that changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<ChildState> {
        self.supervisor.state()
    }

    /// Where it answers, as soon as it does.
    ///
    /// # Errors
    /// When it was shut down.
    pub async fn endpoint(&self) -> Result<Endpoint> {
        let mut state = self.state();
        let ready = state
            .wait_for(|state| matches!(state, ChildState::Ready { .. }))
            .await?;
        match &*ready {
            ChildState::Ready { endpoint, .. } => Ok(endpoint.clone()),
            other => bail!("ClickHouse is {other:?}"),
        }
    }

    /// Kills the process, and waits until that is seen.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&self) -> Result<()> {
        let mut state = self.state();
        kill(self.supervisor.pid().context("ClickHouse does not run")?)?;
        state
            .wait_for(|state| !matches!(state, ChildState::Ready { .. }))
            .await?;
        Ok(())
    }

    /// The rows of a statement.
    ///
    /// # Errors
    /// What ClickHouse refuses.
    pub async fn sql(&self, statement: &str) -> Result<Vec<Value>> {
        sql(&self.http, &self.endpoint().await?, statement).await
    }

    /// Runs a statement that gives nothing back.
    ///
    /// # Errors
    /// What ClickHouse refuses.
    pub async fn execute(&self, statement: &str) -> Result<()> {
        ask(&self.http, &self.endpoint().await?, statement.to_owned())
            .await
            .map(drop)
    }

    /// Ends it in order.
    pub async fn stop(self) {
        self.supervisor.shutdown().await;
    }
}

async fn sql(http: &reqwest::Client, endpoint: &Endpoint, statement: &str) -> Result<Vec<Value>> {
    let statement = format!("{statement} FORMAT JSON SETTINGS output_format_json_quote_64bit_integers = 0");
    rows(&ask(http, endpoint, statement).await?)
}

async fn ask(http: &reqwest::Client, endpoint: &Endpoint, statement: String) -> Result<String> {
    let answer = http
        .post(&endpoint.url)
        .header("X-ClickHouse-User", &endpoint.user)
        .header("X-ClickHouse-Key", endpoint.secret.expose())
        .body(statement.clone())
        .send()
        .await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{statement}: {text}");
    Ok(text)
}

/// The rows in an answer of the format JSON.
///
/// # Errors
/// When there are none in it.
pub fn rows(text: &str) -> Result<Vec<Value>> {
    let mut answer: Value = serde_json::from_str(text)?;
    match answer["data"].take() {
        Value::Array(rows) => Ok(rows),
        _ => bail!("no rows in {text}"),
    }
}
