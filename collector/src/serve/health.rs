//! `/healthz`: the process lives. `/readyz`: every part does its work, each under its own name; `/readyz/NAME` asks one.
//!
//! A load balancer should ask `/readyz/spool`: while ClickHouse is away, batches are kept, and a collector that is taken
//! out for that loses what it would have kept.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Problem;
use crate::alert;
use crate::ingest::Outcomes;
use crate::store::{Clickhouse, Spool, query};

/// How long the database may take to say that it is there.
const DATABASE_LIMIT: Duration = Duration::from_secs(2);

/// How far the database has come since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// Not asked yet, or not there.
    Waiting {
        /// What the last attempt said.
        reason: String,
    },
    /// Its tables are as this collector needs them.
    Migrated,
}

/// What `/readyz` looks at; a handle.
#[derive(Clone)]
pub struct Health(Arc<Parts>);

/// See [`Health`].
pub struct Parts {
    /// What is on its way into the database.
    pub spool: Spool,
    /// The database itself.
    pub clickhouse: Clickhouse,
    /// How far the database has come.
    pub database: watch::Receiver<Database>,
    /// The alert rules, if there are any.
    pub alerts: Option<alert::Health>,
    /// What became of batches and events.
    pub outcomes: Arc<Outcomes>,
}

/// How one part is.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// What keeps it from its work; `None` if it does it.
    pub problem: Option<String>,
    /// More about it.
    pub detail: Value,
}

impl Component {
    fn json(&self) -> Value {
        let mut json = self.detail.clone();
        json["ready"] = self.problem.is_none().into();
        if let Some(problem) = &self.problem {
            json["problem"] = problem.as_str().into();
        }
        json
    }
}

/// The parts, as `/readyz` names them.
const COMPONENTS: [&str; 3] = ["spool", "clickhouse", "alerts"];

impl Health {
    /// Looks at these.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// How the part called `name` is; `None` if there is no such part.
    pub async fn component(&self, name: &str) -> Option<Component> {
        match name {
            "spool" => Some(self.spool()),
            "clickhouse" => Some(self.clickhouse().await),
            "alerts" => Some(self.alerts()),
            _ => None,
        }
    }

    fn spool(&self) -> Component {
        let health = self.0.spool.health();
        let full = health.bytes >= health.limit_bytes;
        Component {
            problem: full.then(|| "it is full: batches are answered 503".to_owned()),
            detail: json!({
                "bytes": health.bytes,
                "limit_bytes": health.limit_bytes,
                "segments": health.segments,
                "damaged": health.damaged,
                "torn_bytes": health.torn_bytes,
                "oldest_ms": health.oldest_ms(),
                "drained": health.tables.iter().all(|table| table.drained),
            }),
        }
    }

    async fn clickhouse(&self) -> Component {
        let problem = self.database_problem().await;
        let stalls = self
            .0
            .spool
            .health()
            .tables
            .into_iter()
            .filter_map(|table| Some((table.table, table.stall?)));
        let stalls: serde_json::Map<_, _> = stalls
            .map(|(table, stall)| {
                let json = json!({ "code": stall.code, "message": stall.message, "attempts": stall.attempts });
                (table.name().to_owned(), json)
            })
            .collect();
        let stalled = stalls
            .keys()
            .next()
            .map(|table| format!("rows of {table} cannot be inserted"));
        Component {
            problem: problem.or(stalled),
            detail: json!({ "stalls": stalls }),
        }
    }

    async fn database_problem(&self) -> Option<String> {
        if let Database::Waiting { reason } = &*self.0.database.borrow() {
            return Some(reason.clone());
        }
        match timeout(DATABASE_LIMIT, query::ping(&self.0.clickhouse)).await {
            Ok(answer) => answer.err().map(|error| error.to_string()),
            Err(_) => Some(format!("no answer within {} s", DATABASE_LIMIT.as_secs())),
        }
    }

    fn alerts(&self) -> Component {
        let Some(health) = &self.0.alerts else {
            return Component {
                problem: None,
                detail: json!({ "rules": "none" }),
            };
        };
        let report = health.report();
        let waiting = report
            .last_round
            .is_none()
            .then(|| "the rules have not been evaluated yet".to_owned());
        Component {
            problem: report.problem.or(waiting),
            detail: json!({ "last_round": report.last_round.map(|at| at.to_string()) }),
        }
    }
}

/// The routes.
pub(super) fn routes(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(all))
        .route("/readyz/{component}", get(one))
        .with_state(health)
}

async fn all(State(health): State<Health>) -> Response {
    let mut components = serde_json::Map::new();
    let mut ready = true;
    for name in COMPONENTS {
        if let Some(component) = health.component(name).await {
            ready &= component.problem.is_none();
            components.insert(name.to_owned(), component.json());
        }
    }
    let outcomes = health.0.outcomes.snapshot();
    answer(
        ready,
        &json!({ "ready": ready, "components": components, "outcomes": outcomes }),
    )
}

async fn one(State(health): State<Health>, Path(name): Path<String>) -> Response {
    match health.component(&name).await {
        Some(component) => answer(component.problem.is_none(), &component.json()),
        None => {
            let message = format!("no part is called so; there are {}", COMPONENTS.join(", "));
            Problem::new(StatusCode::NOT_FOUND, "unknown_component", message).into_response()
        }
    }
}

fn answer(ready: bool, json: &Value) -> Response {
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")],
        json.to_string(),
    )
        .into_response()
}
