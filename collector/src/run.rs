//! The collector as a whole: what it opens before it listens, what runs beside the requests, and in which order it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::alert;
use crate::background::{Keeper, Panics, Task, finished};
use crate::clock;
use crate::config::{ClickhouseSource, Config, Limits, Reader, Readers, Source};
use crate::config_state::ConfigState;
use crate::ingest::{Ingest, IngestError, IngestParts, Outcomes, Quotas};
use crate::log::Log;
use crate::reload::{Followers, Reloader};
use crate::serve::{
    self, AskedAs, Assets, AssetsError, Certificates, Connections, Database, Health, HealthParts, Metrics,
    MetricsParts, Router, Routes, Server, Sql, TlsError,
};
use crate::store::writer::{self, WriterOptions};
use crate::store::{self, Clickhouse, Confinement, Endpoint, Restarts, Spool, SpoolError, SpoolOptions};

/// How often what became of batches and events is logged, if it has changed.
const SUMMARY_EVERY: Duration = Duration::from_secs(60);

/// How often ingest looks after what changes by itself: a day that is over, a file that was replaced.
const TEND_EVERY: Duration = Duration::from_secs(60);

/// The pause before a database that was not ready is asked again.
const DATABASE_PAUSE: Duration = Duration::from_millis(500);

/// What background tasks may take beyond the writer's own limit.
const GRACE: Duration = Duration::from_secs(1);

/// The collector cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The spool does not open.
    #[error("the spool")]
    Spool(#[from] SpoolError),
    /// The SDK's files are damaged.
    #[error("the SDK")]
    Assets(#[from] AssetsError),
    /// The alert rules are wrong.
    #[error("the alert rules")]
    Rules(#[from] alert::RulesError),
    /// A file that batches are enriched by cannot be used.
    #[error("batches cannot be taken")]
    Ingest(#[from] IngestError),
    /// The certificate cannot be used.
    #[error("TLS")]
    Tls(#[from] TlsError),
    /// A webhook is wrong.
    #[error("a webhook")]
    Webhook(#[from] alert::WebhookError),
}

/// A collector that is ready to listen.
pub struct Collector {
    limits: Limits,
    spool: Spool,
    clickhouse: Clickhouse,
    endpoint: watch::Receiver<Option<Endpoint>>,
    database: watch::Sender<Database>,
    followers: Followers,
    outcomes: Arc<Outcomes>,
    quotas: Arc<Quotas>,
    restarts: Arc<Restarts>,
    certificates: Option<Certificates>,
    connections: Connections,
    server: Server,
    panics: Panics,
}

impl Collector {
    /// Opens everything that a request needs; the database at `endpoint` may come later, and may come and go. Reads from
    /// disk: call it before serving.
    ///
    /// # Errors
    /// When the spool, the SDK's files or the alert rules cannot be used.
    pub fn open(config: &Config, endpoint: watch::Receiver<Option<Endpoint>>) -> Result<Self, StartError> {
        let (alerts, rules) = watch::channel(alerts(config, alert::Health::new())?);
        let certificates = config.tls.as_ref().map(Certificates::open).transpose()?;
        let state = ConfigState::new();
        let assets = Assets::load(&config.dist)?;
        let mut options = SpoolOptions::new(config.spool_folder());
        options.max_bytes = config.spool.max_bytes;
        options.segment_bytes = config.spool.segment_bytes;
        options.fsync = config.spool.fsync;
        let spool = Spool::open(options)?;
        let clickhouse = Clickhouse::new(endpoint.clone());
        let outcomes = Arc::new(Outcomes::default());
        let quotas = Arc::new(Quotas::open(&config.apps, config.day_file(), clock::now()));
        let (database, progress) = watch::channel(Database::Waiting {
            reason: "ClickHouse has not answered yet".to_owned(),
        });
        let health = Health::new(HealthParts {
            spool: spool.clone(),
            clickhouse: clickhouse.clone(),
            database: progress,
            alerts: rules,
            config: state.clone(),
            quotas: Arc::clone(&quotas),
            outcomes: Arc::clone(&outcomes),
            certificates: certificates.clone(),
        });
        let parts = IngestParts {
            quotas: Arc::clone(&quotas),
            spool: spool.clone(),
            outcomes: Arc::clone(&outcomes),
        };
        let ingest = Ingest::open(config, parts)?;
        let access = Access::new(config);
        let asked_as = asked_as(&config.clickhouse, &clickhouse);
        let sql = Sql::new(access.clone(), asked_as, config.sql.at_once);
        let (restarts, panics) = (Arc::new(Restarts::default()), Panics::default());
        let connections = Connections::new(config, certificates.clone());
        let metrics = Metrics::new(MetricsParts {
            ingest: &ingest,
            outcomes: Arc::clone(&outcomes),
            spool: spool.clone(),
            health: health.clone(),
            sql: sql.clone(),
            restarts: Arc::clone(&restarts),
            panics: panics.clone(),
            connections: connections.clone(),
        });
        let server = serve::server(Routes {
            ingest: ingest.clone(),
            assets,
            health,
            metrics,
            sql: sql.clone(),
            transport: connections.transport(),
        });
        let followers = Followers {
            ingest,
            access,
            sql,
            connections: connections.clone(),
            alerts,
            state,
        };
        Ok(Self {
            limits: config.limits.clone(),
            spool,
            clickhouse,
            endpoint,
            database,
            followers,
            outcomes,
            quotas,
            restarts,
            certificates,
            connections,
            server,
            panics,
        })
    }

    /// Everything that is answered, for callers that need no socket.
    pub fn router(&self) -> Router {
        self.server.router()
    }

    /// Where whoever watches over the embedded database tells how often it was started anew.
    #[must_use]
    pub fn restarts(&self) -> Arc<Restarts> {
        Arc::clone(&self.restarts)
    }

    /// What keeps it and its configuration together; `config` is the one that it was opened with, read from `source`.
    pub fn reloader(&self, source: Source, config: Config, log: Log) -> Reloader {
        Reloader::new(source, config, self.followers.clone(), log)
    }

    /// Serves on `listener` until `shutdown`. Then requests finish, then the writer inserts what it can; each for at most
    /// [`Limits::drain`]. What is left stays in the spool for the next start.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let Self {
            limits,
            spool,
            clickhouse,
            endpoint,
            database,
            followers: Followers { ingest, alerts, .. },
            outcomes,
            quotas,
            certificates,
            connections,
            server,
            panics,
            restarts: _,
        } = self;
        let alerting = Alerting {
            alerts: alerts.subscribe(),
            clickhouse: clickhouse.clone(),
            database: database.subscribe(),
        };
        let storing = Storing {
            spool,
            clickhouse,
            endpoint,
            database,
            options: WriterOptions {
                drain: limits.drain,
                panics: panics.clone(),
                ..WriterOptions::default()
            },
        };
        let mut tasks = JoinSet::new();
        let keeper = Keeper::new(panics.clone(), shutdown.clone());
        let (alerts, end) = (alerting.alerts.clone(), shutdown.clone());
        tasks.spawn(keeper.keep_and_tell(
            Task::Alerts,
            move || alerting.clone().run(end.clone()),
            move |error| {
                if let Some(options) = &*alerts.borrow() {
                    let problem = format!("their engine has panicked, which is a bug in the collector: {error}");
                    options.health.failed(problem);
                }
            },
        ));
        // The writer outlives the requests: it inserts what the last of them brought.
        let background = CancellationToken::new();
        let keeper = Keeper::new(panics, background.clone());
        let end = background.clone();
        let start = move || storing.clone().run(end.clone());
        tasks.spawn(keeper.clone().keep(Task::Storing, start));
        let end = background.clone();
        let start = move || summarise(Arc::clone(&outcomes), end.clone());
        tasks.spawn(keeper.clone().keep(Task::Summary, start));
        let end = background.clone();
        let batches = ingest.clone();
        let start = move || tend(ingest.clone(), end.clone());
        tasks.spawn(keeper.clone().keep(Task::IngestTending, start));
        let end = background.clone();
        let start = move || Arc::clone(&quotas).keep(end.clone());
        tasks.spawn(keeper.clone().keep(Task::Quotas, start));
        if let Some(certificates) = certificates {
            let end = background.clone();
            let start = move || certificates.clone().watch(end.clone());
            tasks.spawn(keeper.keep(Task::Certificate, start));
        }

        connections.serve(listener, server, shutdown).await;
        if timeout(limits.drain, batches.finished()).await.is_err() {
            tracing::warn!(
                "batches whose senders have gone are not finished after {:?}: leaving them",
                limits.drain
            );
        }
        background.cancel();
        let all = async { while tasks.join_next().await.is_some() {} };
        if timeout(limits.drain + GRACE, all).await.is_err() {
            tracing::warn!("the writer has not finished; what it did not insert stays in the spool");
        }
    }
}

/// A server as its users that may only read see it; the embedded ClickHouse has none.
#[must_use]
pub fn readers(source: &ClickhouseSource) -> Readers<Clickhouse> {
    let ClickhouseSource::Server { url, readers, .. } = source else {
        return Readers::default();
    };
    readers.map(|Reader { user, password }| {
        Clickhouse::at(Endpoint {
            url: url.clone(),
            user: user.clone(),
            password: password.expose().to_owned(),
            confinement: Confinement::Grants,
        })
    })
}

/// As whom people ask ClickHouse.
fn asked_as(source: &ClickhouseSource, clickhouse: &Clickhouse) -> AskedAs {
    match source {
        ClickhouseSource::Embedded { .. } => AskedAs::Owner(clickhouse.clone()),
        ClickhouseSource::Server { .. } => AskedAs::Readers(readers(source)),
    }
}

/// The alert rules of a configuration; `health` is where their engine says how it is.
pub(crate) fn alerts(config: &Config, health: alert::Health) -> Result<Option<alert::Options>, StartError> {
    let Some(alerts) = &config.alerts else { return Ok(None) };
    let webhooks = alerts
        .webhooks
        .iter()
        .map(|url| alert::Webhook::new(url))
        .collect::<Result<_, _>>()?;
    Ok(Some(alert::Options {
        rules: alert::load(&alerts.rules)?,
        webhooks,
        evaluate_every: alerts.evaluate_every,
        health,
    }))
}

/// The way from the spool into the database.
#[derive(Clone)]
struct Storing {
    spool: Spool,
    clickhouse: Clickhouse,
    endpoint: watch::Receiver<Option<Endpoint>>,
    database: watch::Sender<Database>,
    options: WriterOptions,
}

impl Storing {
    /// Brings the tables into shape as soon as the database is there, then moves rows into them.
    async fn run(mut self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = self.migrate() => {}
        }
        writer::run(self.spool, self.clickhouse, self.options, shutdown).await;
    }

    async fn migrate(&mut self) {
        // An error means that nobody is left to name an endpoint; asking says the rest.
        let _ = self.endpoint.wait_for(Option::is_some).await;
        while let Err(error) = store::migrate(&self.clickhouse).await {
            let waiting = Database::Waiting {
                reason: error.to_string(),
            };
            // Once for each reason: a database may be away for long.
            let news = self.database.send_if_modified(|known| {
                let news = *known != waiting;
                *known = waiting;
                news
            });
            if news {
                tracing::warn!(%error, "ClickHouse is not ready; batches are kept in the spool");
            }
            sleep(DATABASE_PAUSE).await;
        }
        self.database.send_replace(Database::Migrated);
    }
}

/// The way from the tables to who is told.
#[derive(Clone)]
struct Alerting {
    alerts: watch::Receiver<Option<alert::Options>>,
    clickhouse: Clickhouse,
    database: watch::Receiver<Database>,
}

impl Alerting {
    /// Evaluates the rules once there are tables to ask; others begin when the ones before have come to their end.
    async fn run(mut self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => return,
            migrated = self.database.wait_for(|database| *database == Database::Migrated) => {
                // An error means that nobody migrates any more: the collector ends.
                if migrated.is_err() {
                    return;
                }
            }
        }
        while !shutdown.is_cancelled() {
            let now = self.alerts.borrow_and_update().clone();
            let stop = shutdown.child_token();
            let engine = async {
                match now {
                    Some(options) => alert::run(options, self.clickhouse.clone(), stop.clone()).await,
                    None => stop.cancelled().await,
                }
            };
            let changed = async {
                // An error means that nobody is left to change them.
                if self.alerts.changed().await.is_err() {
                    shutdown.cancelled().await;
                }
                stop.cancel();
            };
            // The engine ends at once when it is stopped; what it had not recorded the next one evaluates again.
            tokio::join!(engine, async {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = changed => {}
                }
            });
        }
    }
}

/// Looks after ingest now and then.
async fn tend(ingest: Ingest, shutdown: CancellationToken) {
    let mut ticks = interval(TEND_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let ingest = ingest.clone();
        if finished(spawn_blocking(move || ingest.tend())).await.is_none() {
            return;
        }
    }
}

/// Logs the counts now and then, and once more at the end.
async fn summarise(outcomes: Arc<Outcomes>, shutdown: CancellationToken) {
    let mut ticks = interval(SUMMARY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut logged = serde_json::Map::new();
    loop {
        let ended = tokio::select! {
            () = shutdown.cancelled() => true,
            _ = ticks.tick() => false,
        };
        let counts = outcomes.snapshot();
        if counts != logged {
            tracing::info!(outcomes = %serde_json::Value::Object(counts.clone()), "since the start");
            logged = counts;
        }
        if ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_runs_beside_the_requests_goes_on_after_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        let data = [("RUM_DATA".to_owned(), folder.path().display().to_string())];
        let config = Config::load(None, data).unwrap();
        let (_nowhere, endpoint) = watch::channel(None);
        let collector = Collector::open(&config, endpoint).unwrap();
        let (alerts, panics) = (collector.followers.alerts.clone(), collector.panics.clone());
        collector.database.send_replace(Database::Migrated);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(collector.serve(listener, shutdown.clone()));

        let health = alert::Health::new();
        let mut reports = health.subscribe();
        let rules = |evaluate_every| alert::Options {
            rules: Vec::new(),
            webhooks: Vec::new(),
            evaluate_every,
            health: health.clone(),
        };
        let mut says = async |text: &str| {
            let said = reports.wait_for(|report| report.problem.as_ref().is_some_and(|problem| problem.contains(text)));
            drop(timeout(Duration::from_secs(60), said).await.unwrap());
        };
        // No configuration can say this: tokio has no interval of nothing, and panics.
        alerts.send_replace(Some(rules(Duration::ZERO)));
        says("panicked").await;
        assert_eq!(panics.of(Task::Alerts), 1);
        alerts.send_replace(Some(rules(TEND_EVERY)));
        says("the alert log cannot be read").await;
        shutdown.cancel();
        served.await.unwrap();
        let counted = Task::ALL.map(|task| panics.of(task));
        assert_eq!(counted.iter().sum::<u64>(), 1, "{counted:?}");
    }
}
