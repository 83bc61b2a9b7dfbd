//! A configuration that changes while the collector runs: at SIGHUP, and when its file or that of the rules is another one.
//!
//! ```text
//! ★ files, SIGHUP  -> "read it again"
//! ★ Source         -> Reloaded        (all that is wrong is said, and nothing changes)
//! ★ prepare        -> what is needed: countries, rules, webhooks, last the record of page patterns
//!   adopt          -> in force, part by part: no request asks two of them
//! ```
//!
//! **Files are looked at, not watched.** The kernel tells of inodes; a configuration is a name. Editors and `mv` put another inode there,
//! a mounted ConfigMap is a symbolic link to a folder that is replaced, network and overlay file systems tell nothing at all: each would
//! need a rule of its own (and a dependency), and a look every two seconds as the net below. The look alone does all of it, for one
//! `stat` a file.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::alert;
use crate::config::{Config, Reloaded, Source};
use crate::config_state::ConfigState;
use crate::file_stamp::FileStamp;
use crate::ingest::Ingest;
use crate::log::Log;
use crate::serve::{Connections, Sql};
use crate::{run, service_manager};

/// How often the files are looked at. A change is read at the second look that finds it: by then whoever writes has finished.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The parts of a collector that follow the configuration.
#[derive(Clone)]
pub(crate) struct Followers {
    pub(crate) ingest: Ingest,
    pub(crate) access: Access,
    pub(crate) sql: Sql,
    pub(crate) connections: Connections,
    pub(crate) alerts: watch::Sender<Option<alert::Options>>,
    pub(crate) state: ConfigState,
}

/// Keeps a collector and its configuration together.
pub struct Reloader {
    source: Source,
    running: Config,
    followers: Followers,
    log: Log,
    seen: Seen,
}

impl Reloader {
    pub(crate) fn new(source: Source, running: Config, followers: Followers, log: Log) -> Self {
        let seen = Seen::of(&source, &running);
        // Since it was read everything was opened, which takes a while: what was written meanwhile is a change, too.
        let same = source.load().is_ok_and(|now| now.show() == running.show());
        Self {
            seen: if same { seen } else { Seen::default() },
            source,
            running,
            followers,
            log,
        }
    }

    /// Reads the configuration again at every hangup and after every change, until `shutdown`.
    pub async fn run(mut self, mut hangup: Signal, shutdown: CancellationToken) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_look = self.seen.clone();
        let state = self.followers.state.clone();
        loop {
            let told = tokio::select! {
                () = shutdown.cancelled() => return,
                _ = hangup.recv() => true,
                _ = looks.tick() => false,
            };
            let this = spawn_blocking(move || {
                let look = Seen::of(&self.source, &self.running);
                let settled = look == last_look && look != self.seen;
                if told || settled {
                    self.reload();
                }
                (self, look)
            });
            // It ends otherwise by a panic only, which is in the log: the configuration stays as it is, for good.
            let Ok((same, look)) = this.await else {
                state.failed("reading it has panicked, which is a bug in the collector; restart it".to_owned());
                return;
            };
            (self, last_look) = (same, look);
        }
    }

    /// Reads it once, and says what became of it. Takes as long as the disk does.
    fn reload(&mut self) {
        service_manager::reloading();
        // Before it is read: what is written from here on is another change.
        self.seen = Seen::of(&self.source, &self.running);
        let file = self
            .source
            .file()
            .unwrap_or(Path::new("(no file)"))
            .display()
            .to_string();
        match self.follow() {
            Ok(needs_restart) => {
                for key in &needs_restart {
                    tracing::warn!(
                        file,
                        key,
                        "the configuration has another value, and that takes a restart: the old one stays"
                    );
                }
                tracing::info!(file, "the configuration was read again and is in force");
                self.followers.state.succeeded(needs_restart);
            }
            Err(problem) => {
                tracing::error!(
                    file,
                    problem,
                    "the configuration is not in force, the one before is: mend it"
                );
                self.followers.state.failed(problem);
            }
        }
        service_manager::ready();
    }

    /// All that can fail comes first, then what cannot.
    fn follow(&mut self) -> Result<Vec<&'static str>, String> {
        let Reloaded { config, needs_restart } =
            self.source.reload(&self.running).map_err(|error| error.to_string())?;
        self.seen.rules = Seen::of(&self.source, &config).rules;
        let Followers {
            ingest,
            access,
            sql,
            connections,
            alerts,
            state: _,
        } = &self.followers;
        let health = alerts.borrow().as_ref().map(|alerts| alerts.health.clone());
        let new_alerts = run::alerts(&config, health.unwrap_or_default()).map_err(|error| chain(&error))?;
        let rules = ingest.prepare(&config).map_err(|error| error.to_string())?;

        ingest.adopt(rules);
        access.change(&config);
        if config.clickhouse != self.running.clickhouse {
            // While nothing of it has changed they keep their connections.
            sql.change(run::readers(&config.clickhouse));
        }
        connections.change(&config);
        let other_urls = config.alerts != self.running.alerts;
        alerts.send_if_modified(|now| {
            let other_rules = now.as_ref().map(|now| &now.rules) != new_alerts.as_ref().map(|new| &new.rules);
            if other_urls || other_rules {
                *now = new_alerts;
            }
            other_urls || other_rules
        });
        self.log.change(&config.log);
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        self.running = config;
        Ok(needs_restart)
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// What the files were at a look.
#[derive(Clone, Default, PartialEq, Eq)]
struct Seen {
    config: Option<FileStamp>,
    rules: Option<FileStamp>,
}

impl Seen {
    fn of(source: &Source, running: &Config) -> Self {
        Self {
            config: source.file().map(FileStamp::of),
            rules: running.alerts.as_ref().map(|alerts| FileStamp::of(&alerts.rules)),
        }
    }
}
