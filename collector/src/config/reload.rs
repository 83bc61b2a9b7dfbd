//! What of a changed configuration comes into force at once, and what waits for a restart.

use super::{ClickhouseSource, Config};

/// A configuration that was read again.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// What is to be in force: what cannot change stays as it was.
    pub config: Config,
    /// The keys that say something else, which a restart brings into force.
    pub needs_restart: Vec<&'static str>,
}

impl Reloaded {
    /// `wanted`, as far as a collector that runs by `running` can follow. What it has opened, bound or started stays: files of the data
    /// folder, the database, the listener with its connections, files of the SDK, threads that wait in a queue of their own.
    pub(super) fn of(mut wanted: Config, running: &Config) -> Self {
        let mut needs_restart = Vec::new();
        let mut keep = Keep(&mut needs_restart);
        keep.of("data", &mut wanted.data, &running.data);
        keep.of("sdk.dist", &mut wanted.dist, &running.dist);
        let (limits, now) = (&mut wanted.limits, &running.limits);
        if limits.connections != now.connections {
            // It is a share of them unless somebody sets it.
            limits.connections_per_address = now.connections_per_address;
        }
        keep.of("limits.connections", &mut limits.connections, &now.connections);
        keep.of(
            "limits.connections_per_address",
            &mut limits.connections_per_address,
            &now.connections_per_address,
        );
        keep.of("limits.header_timeout", &mut limits.header_timeout, &now.header_timeout);
        keep.of("limits.drain", &mut limits.drain, &now.drain);
        keep.of("tls", &mut wanted.tls, &running.tls);
        keep.of("spool", &mut wanted.spool, &running.spool);
        if !is_same_server(&wanted.clickhouse, &running.clickhouse) {
            keep.of("clickhouse", &mut wanted.clickhouse, &running.clickhouse);
        }
        keep.of("traces", &mut wanted.traces, &running.traces);
        keep.of("sql.at_once", &mut wanted.sql.at_once, &running.sql.at_once);
        Self {
            config: wanted,
            needs_restart,
        }
    }
}

/// Whether they differ in nothing but who reads there: nothing is open for a reader that could not be opened anew.
fn is_same_server(wanted: &ClickhouseSource, running: &ClickhouseSource) -> bool {
    let server = |source: &ClickhouseSource| match source {
        ClickhouseSource::Embedded { .. } => None,
        ClickhouseSource::Server {
            url,
            user,
            password,
            readers: _,
        } => Some((url.clone(), user.clone(), password.clone())),
    };
    server(wanted).is_some_and(|wanted| Some(wanted) == server(running))
}

/// Names what is kept.
struct Keep<'a>(&'a mut Vec<&'static str>);

impl Keep<'_> {
    fn of<T: PartialEq + Clone>(&mut self, key: &'static str, wanted: &mut T, running: &T) {
        if wanted != running {
            self.0.push(key);
            wanted.clone_from(running);
        }
    }
}
