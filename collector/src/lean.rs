//! A build without the embedded ClickHouse: it stores in a server, and says so where none is named.

use std::future::pending;
use std::path::Path;

use anyhow::bail;
use rum_collector::config::Config;
use rum_collector::data_folder::DataFolder;
use rum_collector::store::{Endpoint, Restarts};
use tokio::sync::watch;

/// There is none.
pub(crate) enum Embedded {}

/// There is none.
pub(crate) fn run_child() -> anyhow::Result<()> {
    bail!("this build has no embedded ClickHouse")
}

impl Embedded {
    /// There is none: the error says what to do.
    pub(crate) fn start(_: &Config, _: Option<&Path>, _: u64, _: bool) -> anyhow::Result<Self> {
        bail!("this build has no embedded ClickHouse: set clickhouse.url (RUM_CLICKHOUSE_URL) to a ClickHouse server")
    }

    pub(crate) async fn publish(&self, _: &DataFolder, _: watch::Sender<Option<Endpoint>>) {
        pending::<()>().await;
    }

    pub(crate) async fn count(&self, _: &Restarts) {
        pending::<()>().await;
    }

    pub(crate) async fn shutdown(self) {
        match self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_store_is_refused_with_what_to_set_instead() {
        let config = Config::load(None, []).unwrap();
        let refused = Embedded::start(&config, None, 0, true).err().unwrap().to_string();
        for part in ["no embedded ClickHouse", "clickhouse.url", "RUM_CLICKHOUSE_URL"] {
            assert!(refused.contains(part), "{refused}");
        }
        assert!(run_child().unwrap_err().to_string().contains("no embedded ClickHouse"));
    }
}
