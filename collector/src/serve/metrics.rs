//! `/metrics`: everything that is counted, in Prometheus' text format. Whoever counts keeps plain numbers and knows nothing
//! of this; here they are gathered when they are asked for, and get their names.
//!
//! It tells how much traffic there is and how each app's is, so it is for who asks from the machine itself, or with a token
//! ([`Audience`]).

mod access;
mod config;
mod connections;
mod exposition;
mod ingest;
mod process;
mod quotas;
mod store;
mod traffic;

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::task::spawn_blocking;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::exposition::Family;
pub(super) use self::traffic::Traffic;
use super::Problem;
use super::audience::Audience;
use super::connections::Connections;
use super::health::Health;
use super::sql::Sql;
use crate::background::{Panics, Task};
use crate::clock;
use crate::ingest::{Ingest, Outcomes};
use crate::problem::{Later, Refused, Unknown};
use crate::store::{Restarts, Spool};

/// Everything that is counted; a handle.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    traffic: Arc<Traffic>,
    outcomes: Arc<Outcomes>,
    ingest: Ingest,
    spool: Spool,
    health: Health,
    sql: Sql,
    restarts: Arc<Restarts>,
    panics: Panics,
    connections: Connections,
}

/// What [`Metrics`] tell of.
pub struct Parts<'a> {
    /// What came in.
    pub ingest: &'a Ingest,
    /// What became of it.
    pub outcomes: Arc<Outcomes>,
    /// What is on its way into the database.
    pub spool: Spool,
    /// How all parts are.
    pub health: Health,
    /// What people ask.
    pub sql: Sql,
    /// How often the embedded database was started anew.
    pub restarts: Arc<Restarts>,
    /// How often what runs beside the requests has panicked.
    pub panics: Panics,
    /// What comes in by what.
    pub connections: Connections,
}

impl Metrics {
    /// Of these.
    #[must_use]
    pub fn new(parts: Parts<'_>) -> Self {
        let Parts {
            ingest,
            outcomes,
            spool,
            health,
            sql,
            restarts,
            panics,
            connections,
        } = parts;
        Self(Arc::new(Shared {
            traffic: Arc::new(Traffic::new()),
            outcomes,
            ingest: ingest.clone(),
            spool,
            health,
            sql,
            restarts,
            panics,
            connections,
        }))
    }

    /// Where the router counts requests.
    pub(super) fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.0.traffic)
    }

    /// The page.
    ///
    /// # Errors
    /// When a number is larger than the format's integers, or the collector is ending.
    async fn page(&self) -> Result<String, fmt::Error> {
        let Shared {
            traffic,
            outcomes,
            ingest,
            spool,
            health,
            sql,
            restarts,
            panics,
            connections,
        } = &*self.0;
        let mut families = vec![build()];
        families.extend(connections::families(connections));
        families.extend(traffic.families());
        families.extend(ingest::families(outcomes, &ingest.usage()));
        families.extend(quotas::families(
            &ingest.quotas().today(),
            |app| ingest.waiting(app),
            |app| spool.held(app),
        ));
        families.extend(access::families(sql));
        let now_ms = clock::now_ms();
        let spool = spool.clone();
        let from_disk = spawn_blocking(move || (store::families(&spool, now_ms), process::families()));
        let (of_store, of_process) = from_disk.await.map_err(|_| fmt::Error)?;
        families.extend(of_store);
        families.push(of_restarts(restarts));
        families.push(of_panics(panics));
        families.extend(components(health).await);
        families.extend(config::families(health.config()));
        families.extend(of_process);
        exposition::text(families)
    }
}

/// The routes.
pub(super) fn routes(metrics: Metrics) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(answer)).with_state(metrics)
}

/// Everything that is counted, for Prometheus.
///
/// On the machine itself (a loopback address, without a proxy's headers), or for a token of the scope `read` for all apps.
#[utoipa::path(
    get, path = "/metrics", tag = "operating",
    security((), ("token" = []), ("login" = [])),
    responses(
        (status = 200, description = "Prometheus' text format.", body = String, content_type = "text/plain"),
        (status = 401, response = Unknown),
        (status = 403, response = Refused),
        (status = 429, response = Later),
    )
)]
async fn answer(State(metrics): State<Metrics>, audience: Audience) -> Response {
    match audience {
        Audience::Public => Problem::new(
            StatusCode::FORBIDDEN,
            "operators_only",
            "metrics are told on the collector's own machine, without a proxy's headers, or to a token of the scope read for all \
             apps",
        )
        .into_response(),
        Audience::Operator => match metrics.page().await {
            Ok(page) => (
                [(CONTENT_TYPE, exposition::MEDIA_TYPE)],
                page,
            )
                .into_response(),
            Err(_) => {
                let message = "the metrics cannot be written, which is a bug in the collector".to_owned();
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message).into_response()
            }
        },
    }
}

fn build() -> Family {
    Family::gauge("rum_build_info", "1, with the version of the collector.")
        .sample([("version", env!("CARGO_PKG_VERSION"))], true)
}

fn of_restarts(restarts: &Restarts) -> Family {
    let family = Family::counter(
        "rum_clickhouse_restarts_total",
        "Times that the embedded ClickHouse ended unasked and was started again, by why.",
    );
    restarts
        .by_reason()
        .into_iter()
        .fold(family, |family, (reason, count)| {
            family.sample([("reason", reason)], count)
        })
}

fn of_panics(panics: &Panics) -> Family {
    let family = Family::counter(
        "rum_task_panics_total",
        "Panics of what runs beside the requests: each is a bug in the collector, and the task started again.",
    );
    Task::ALL.into_iter().fold(family, |family, task| {
        family.sample([("task", task.name())], panics.of(task))
    })
}

/// What `/readyz` tells, as numbers.
async fn components(health: &Health) -> Vec<Family> {
    let mut ready = Family::gauge(
        "rum_component_ready",
        "1 while a part of the collector does its work, as /readyz tells.",
    );
    let mut degraded = Family::gauge(
        "rum_component_degraded",
        "1 while a part does its work and needs somebody's attention, as /readyz tells.",
    );
    for (name, component) in health.components().await {
        ready = ready.sample([("component", name)], component.is_ready());
        degraded = degraded.sample([("component", name)], component.is_degraded());
    }
    let answers = health.database_problem().await.is_none();
    let up = Family::gauge(
        "rum_clickhouse_up",
        "1 while ClickHouse answers, the embedded one or a server.",
    );
    vec![up.sample([], answers), ready, degraded]
}
