//! A real ClickHouse for a test: embedded, in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

use std::path::Path;
use std::time::Duration;

use embedded_clickhouse::{ChildOptions, ChildState, LONGEST_PAUSE, Supervisor, SupervisorOptions, find_library};
use rum_collector::store::{Clickhouse, Confinement, Endpoint};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

/// No wait of these tests may take longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// ClickHouse, which comes back when it is killed.
pub(crate) struct Database {
    supervisor: Supervisor,
    folder: TempDir,
    /// For statements of the test's own.
    pub(crate) client: clickhouse::Client,
    /// As the collector has it: the endpoint goes away and comes back with the child.
    pub(crate) clickhouse: Clickhouse,
}

impl Database {
    /// Starts one without tables.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = find_library(None).unwrap_or_else(|error| panic!("{error}"));
        let supervisor = Supervisor::start(SupervisorOptions {
            program: env!("CARGO_BIN_EXE_rum-collector").into(),
            arguments: vec!["clickhouse-child".into()],
            child: ChildOptions::new(folder.path().join("clickhouse"), library),
            longest_pause: LONGEST_PAUSE,
        });
        let endpoint = timeout(PATIENCE, supervisor.ready()).await.unwrap().unwrap();
        let client = clickhouse::Client::default()
            .with_url(&endpoint.url)
            .with_user(&endpoint.user)
            .with_password(endpoint.secret.expose());
        let clickhouse = Clickhouse::new(follow(supervisor.state()));
        Self {
            supervisor,
            folder,
            client,
            clickhouse,
        }
    }

    /// Where it is, for a collector of one's own.
    pub(crate) fn endpoint(&self) -> watch::Receiver<Option<Endpoint>> {
        follow(self.supervisor.state())
    }

    /// A folder for the test's other files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a statement.
    pub(crate) async fn run(&self, statement: &str) {
        self.client
            .query_raw(statement)
            .execute()
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// The one number that a statement gives.
    pub(crate) async fn number(&self, statement: &str) -> u64 {
        let statement = format!("SELECT assumeNotNull(toUInt64(({statement})))");
        self.client
            .query_raw(&statement)
            .fetch_one()
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// Kills ClickHouse, and waits until it has been started again.
    pub(crate) async fn kill(&self) {
        let pid = self.supervisor.pid().unwrap();
        let mut state = self.supervisor.state();
        let process = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
        let again = state.wait_for(|state| matches!(state, ChildState::Ready { pid: new, .. } if *new != pid));
        timeout(PATIENCE, again).await.unwrap().unwrap();
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.supervisor.shutdown().await;
    }
}

/// The endpoint, as long as there is one.
fn follow(mut state: watch::Receiver<ChildState>) -> watch::Receiver<Option<Endpoint>> {
    let (sender, receiver) = watch::channel(None);
    sender.send_replace(endpoint(&state.borrow_and_update()));
    tokio::spawn(async move {
        while state.changed().await.is_ok() {
            let now = endpoint(&state.borrow_and_update());
            sender.send_replace(now);
        }
    });
    receiver
}

fn endpoint(state: &ChildState) -> Option<Endpoint> {
    match state {
        ChildState::Ready { endpoint, .. } => Some(Endpoint {
            url: endpoint.url.clone(),
            user: endpoint.user.clone(),
            password: endpoint.secret.expose().to_owned(),
            confinement: match &endpoint.confinement {
                embedded_clickhouse::Confinement::Confined => Confinement::Kernel,
                embedded_clickhouse::Confinement::Open { reason } => Confinement::Nothing { reason: reason.clone() },
            },
        }),
        ChildState::Starting | ChildState::Down { .. } | ChildState::Stopped => None,
    }
}
