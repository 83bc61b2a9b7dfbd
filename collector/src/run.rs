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
use crate::clock;
use crate::config::{ClickhouseSource, Config, Limits, Reader, Source};
use crate::config_state::ConfigState;
use crate::ingest::{Ingest, IngestError, IngestParts, Outcomes, Quotas};
use crate::log::Log;
use crate::reload::{Followers, Reloader};
use crate::serve::{
    self, Assets, AssetsError, Certificates, Connections, Database, Health, HealthParts, Metrics, MetricsParts, Router,
    Routes, Sql, TlsError,
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
    router: Router,
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
        let access = Access::new(config.tokens.clone(), config.trusted_proxies.clone());
        let sql = Sql::new(
            access.clone(),
            asked(&config.clickhouse, &clickhouse),
            config.sql.clone(),
            config.limits.body_timeout,
        );
        let restarts = Arc::new(Restarts::default());
        let connections = Connections::new(config, certificates.clone());
        let metrics = Metrics::new(MetricsParts {
            ingest: &ingest,
            outcomes: Arc::clone(&outcomes),
            spool: spool.clone(),
            health: health.clone(),
            sql: sql.clone(),
            restarts: Arc::clone(&restarts),
            connections: connections.clone(),
        });
        let router = serve::router(Routes {
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
            router,
        })
    }

    /// Everything that is answered, for callers that need no socket.
    pub fn router(&self) -> Router {
        self.router.clone()
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
            router,
            restarts: _,
        } = self;
        // The writer outlives the requests: it inserts what the last of them brought.
        let background = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(watch_rules(
            alerts.subscribe(),
            clickhouse.clone(),
            database.subscribe(),
            shutdown.clone(),
        ));
        let storing = Storing {
            spool,
            clickhouse,
            endpoint,
            database,
            drain: limits.drain,
        };
        tasks.spawn(storing.run(background.clone()));
        tasks.spawn(summarise(outcomes, background.clone()));
        tasks.spawn(tend(ingest, background.clone()));
        tasks.spawn(quotas.keep(background.clone()));
        if let Some(certificates) = certificates {
            tasks.spawn(certificates.watch(background.clone()));
        }

        connections.serve(listener, router, shutdown).await;
        background.cancel();
        let all = async { while tasks.join_next().await.is_some() {} };
        if timeout(limits.drain + GRACE, all).await.is_err() {
            tracing::warn!("the writer has not finished; what it did not insert stays in the spool");
        }
    }
}

/// A server as its user that may only read sees it; `None` of the embedded ClickHouse, and without such a user.
#[must_use]
pub fn reader(source: &ClickhouseSource) -> Option<Clickhouse> {
    let ClickhouseSource::Server { url, reader, .. } = source else {
        return None;
    };
    let Reader { user, password } = reader.as_ref()?;
    Some(Clickhouse::at(Endpoint {
        url: url.clone(),
        user: user.clone(),
        password: password.expose().to_owned(),
        confinement: Confinement::Grants,
    }))
}

/// ClickHouse as people ask it.
fn asked(source: &ClickhouseSource, clickhouse: &Clickhouse) -> Option<Clickhouse> {
    match source {
        ClickhouseSource::Embedded { .. } => Some(clickhouse.clone()),
        ClickhouseSource::Server { .. } => reader(source),
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
struct Storing {
    spool: Spool,
    clickhouse: Clickhouse,
    endpoint: watch::Receiver<Option<Endpoint>>,
    database: watch::Sender<Database>,
    drain: Duration,
}

impl Storing {
    /// Brings the tables into shape as soon as the database is there, then moves rows into them.
    async fn run(mut self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = self.migrate() => {}
        }
        let options = WriterOptions {
            drain: self.drain,
            ..WriterOptions::default()
        };
        writer::run(self.spool, self.clickhouse, options, shutdown).await;
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

/// Evaluates the rules once there are tables to ask; others begin when the ones before have come to their end.
async fn watch_rules(
    mut alerts: watch::Receiver<Option<alert::Options>>,
    clickhouse: Clickhouse,
    mut database: watch::Receiver<Database>,
    shutdown: CancellationToken,
) {
    tokio::select! {
        () = shutdown.cancelled() => return,
        migrated = database.wait_for(|database| *database == Database::Migrated) => {
            // An error means that nobody migrates any more: the collector ends.
            if migrated.is_err() {
                return;
            }
        }
    }
    while !shutdown.is_cancelled() {
        let now = alerts.borrow_and_update().clone();
        let stop = shutdown.child_token();
        let engine = async {
            match now {
                Some(options) => alert::run(options, clickhouse.clone(), stop.clone()).await,
                None => stop.cancelled().await,
            }
        };
        let changed = async {
            // An error means that nobody is left to change them.
            if alerts.changed().await.is_err() {
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
        // An error means that the collector is ending.
        if spawn_blocking(move || ingest.tend()).await.is_err() {
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
