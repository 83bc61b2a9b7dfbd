//! The embedded ClickHouse: how it is found and started, and where it is told. It alone knows the crate `embedded-clickhouse`.

use std::path::Path;

use anyhow::Context as _;
use embedded_clickhouse::{
    ChildOptions, ChildState, Ends, LIBCHDB_VERSION, LibraryError, Supervisor, SupervisorOptions, Walls, find_library,
};
use rum_collector::config::Config;
use rum_collector::data_folder::DataFolder;
use rum_collector::store::{Confinement, Endpoint, Restarts};
use tokio::sync::watch;

/// ClickHouse, as a child of this process that comes back when it ends.
pub(crate) struct Embedded(Supervisor);

/// There is no ClickHouse: neither a server nor the library.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no ClickHouse to store in, because {}; set RUM_LIBCHDB (or clickhouse.library) to the libchdb.so of the npm \
     package {LIBCHDB_PACKAGE} {LIBCHDB_VERSION}, or clickhouse.url (RUM_CLICKHOUSE_URL) to a ClickHouse server",
    place(.0)
)]
struct NoClickhouse(LibraryError);

/// The npm package of libchdb for the system that this program is for.
const LIBCHDB_PACKAGE: &str = match (cfg!(target_os = "macos"), cfg!(target_arch = "aarch64")) {
    (false, false) => "@chdb/lib-linux-x64-gnu",
    (false, true) => "@chdb/lib-linux-arm64-gnu",
    (true, false) => "@chdb/lib-darwin-x64",
    (true, true) => "@chdb/lib-darwin-arm64",
};

fn place(error: &LibraryError) -> String {
    match error {
        LibraryError::Missing { path } => format!("no libchdb is at {}", path.display()),
        LibraryError::NoPlace => "no place to look for libchdb is known".to_owned(),
        LibraryError::Unusable { .. } => error.to_string(),
    }
}

/// The child itself.
pub(crate) fn run_child() -> anyhow::Result<()> {
    Ok(embedded_clickhouse::run_child()?)
}

impl Embedded {
    /// Starts it.
    pub(crate) fn start(
        config: &Config,
        library: Option<&Path>,
        memory_bytes: u64,
        confine: bool,
    ) -> anyhow::Result<Self> {
        let library = find_library(library.map(Path::to_owned)).map_err(NoClickhouse)?;
        let walls = if confine { Walls::Up } else { Walls::Down };
        let child = ChildOptions {
            memory_bytes,
            walls,
            ..child_options(config, &library)?
        };
        let options = SupervisorOptions::this_program(["clickhouse-child"], child)?;
        Ok(Self(Supervisor::start(options)))
    }

    /// Tells the collector and the command line where the child is, each time it comes back.
    pub(crate) async fn publish(&self, folder: &DataFolder, endpoint: watch::Sender<Option<Endpoint>>) {
        let mut child = self.0.state();
        loop {
            let now = told(&child.borrow_and_update());
            if let Some(now) = &now
                && let Err(error) = folder.publish(now)
            {
                tracing::error!(%error, "`rum-collector sql` will not find ClickHouse");
            }
            endpoint.send_replace(now);
            if child.changed().await.is_err() {
                return;
            }
        }
    }

    /// Tells the collector how often the child was started anew.
    pub(crate) async fn count(&self, restarts: &Restarts) {
        let mut ends = self.0.ends();
        loop {
            let Ends { stuck, other } = *ends.borrow_and_update();
            restarts.set(stuck, other);
            if ends.changed().await.is_err() {
                return;
            }
        }
    }

    /// Ends it.
    pub(crate) async fn shutdown(self) {
        self.0.shutdown().await;
    }
}

fn told(child: &ChildState) -> Option<Endpoint> {
    match child {
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

fn child_options(config: &Config, library: &Path) -> anyhow::Result<ChildOptions> {
    // ClickHouse takes the names of its files for relative to its own folder.
    let folder = std::path::absolute(config.data.join("clickhouse")).context("where is this process?")?;
    let drain_ms = u64::try_from(config.limits.drain.as_millis()).unwrap_or(u64::MAX);
    Ok(ChildOptions {
        drain_ms,
        ..ChildOptions::new(folder, library.to_owned())
    })
}
