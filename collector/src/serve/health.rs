//! `/healthz`: the process lives. `/readyz`: every part does its work, each under its own name; `/readyz/NAME` asks one.
//!
//! A load balancer should ask `/readyz/spool`: while ClickHouse is away, batches are kept, and a collector that is taken
//! out for that loses what it would have kept.
//!
//! A part is healthy, degraded (it works, and somebody should look at it) or unhealthy, which is not ready.
//!
//! Details are for who sits at the machine ([`Audience`]); others are told for each part whether it is ready.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::timeout;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Problem;
use super::audience::Audience;
use super::component::{Component, Found, Part, Severity, overall};
use super::condition::{Condition, behind};
use super::recent::Recent;
use super::tls::Certificates;
use crate::alert;
use crate::clock::{self, now_ms};
use crate::config_state::ConfigState;
use crate::ingest::{AppDay, Outcomes, Quotas, Resource};
use crate::problem::{Later, Refused, Unknown};
use crate::store::{Clickhouse, Spool, query};

/// How long the database may take to say that it is there.
const DATABASE_LIMIT: Duration = Duration::from_secs(2);

/// How long its answer holds: anybody may ask, and each question is a query. To ask again sooner changes nothing.
const DATABASE_FRESH: Duration = Duration::from_secs(1);

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
pub struct Health(Arc<Shared>);

struct Shared {
    parts: Parts,
    /// What keeps the database from answering.
    database_problem: Recent<Option<String>>,
}

/// The parts of a [`Health`].
pub struct Parts {
    /// What is on its way into the database.
    pub spool: Spool,
    /// The database itself.
    pub clickhouse: Clickhouse,
    /// How far the database has come.
    pub database: watch::Receiver<Database>,
    /// The alert rules, if there are any.
    pub alerts: watch::Receiver<Option<alert::Options>>,
    /// How far the configuration in force is the one that is written.
    pub config: ConfigState,
    /// What apps have used of the day.
    pub quotas: Arc<Quotas>,
    /// What became of batches and events.
    pub outcomes: Arc<Outcomes>,
    /// The certificate, if there is TLS.
    pub certificates: Option<Certificates>,
}

/// The parts, as `/readyz` names them.
const COMPONENTS: [&str; 6] = ["spool", "clickhouse", "alerts", "quotas", "tls", "configuration"];

/// One of [`COMPONENTS`]: what OpenAPI says of the path is that list.
enum ComponentName {}

impl PartialSchema for ComponentName {
    fn schema() -> RefOr<Schema> {
        let name = ObjectBuilder::new().schema_type(Type::String);
        name.enum_values(Some(COMPONENTS)).into()
    }
}

impl ToSchema for ComponentName {}

impl Health {
    /// Looks at these.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            database_problem: Recent::new(DATABASE_FRESH),
        }))
    }

    /// How the part called `name` is; `None` if there is no such part.
    pub async fn component(&self, name: &str) -> Option<Component> {
        let begun = Instant::now();
        let (severity, found) = match name {
            "spool" => (Severity::Critical, self.spool()),
            "clickhouse" => (Severity::Bearable, self.clickhouse().await),
            "alerts" => (Severity::Bearable, self.alerts()),
            "quotas" => (Severity::Bearable, self.quotas()),
            "tls" => (Severity::Critical, self.tls()),
            "configuration" => (Severity::Bearable, self.configuration()),
            _ => return None,
        };
        let Found { condition, detail } = found;
        Some(Component {
            condition,
            severity,
            took: begun.elapsed(),
            detail,
        })
    }

    /// How all parts are, by their names.
    pub async fn components(&self) -> Vec<(&'static str, Component)> {
        let mut components = Vec::new();
        for name in COMPONENTS {
            components.extend(self.component(name).await.map(|component| (name, component)));
        }
        components
    }

    fn spool(&self) -> Found {
        let Parts { spool, quotas, .. } = &self.0.parts;
        let (health, over_share) = (spool.health(), spool.shares().over(quotas.apps()));
        let has_room = |app: &Arc<str>| spool.held(app) > 0 && !over_share.contains(app);
        let others = quotas.apps().iter().any(has_room);
        let refusal = health
            .refusal
            .as_ref()
            .map(|refusal| json!({ "since_ms": refusal.since_ms, "message": refusal.message }));
        Found {
            condition: Condition::of_spool(&health, &over_share, others),
            detail: json!({
                "bytes": health.bytes,
                "limit_bytes": health.limit_bytes,
                "fsync": health.fsync.name(),
                "segments": health.segments,
                "damaged": health.damaged,
                "lost_bytes": health.lost_bytes,
                "torn_bytes": health.torn_bytes,
                "refusal": refusal,
                "over_share": over_share.iter().map(|app| &**app).collect::<Vec<_>>(),
                "oldest_ms": health.oldest_ms(),
                "drained": health.tables.iter().all(|table| table.drained),
            }),
        }
    }

    async fn clickhouse(&self) -> Found {
        let problem = self.database_problem().await;
        let health = self.0.parts.spool.health();
        let behind = health.oldest_ms().and_then(|oldest_ms| behind(oldest_ms, now_ms()));
        let stalls = health
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
        Found {
            condition: match (problem.or(stalled), behind) {
                (Some(problem), _) => Condition::Unhealthy(problem),
                (None, Some(behind)) => Condition::Degraded(behind),
                (None, None) => Condition::Healthy,
            },
            detail: json!({ "stalls": stalls }),
        }
    }

    /// What keeps the database from answering; it is asked once a second at most.
    pub(super) async fn database_problem(&self) -> Option<String> {
        let Shared {
            parts,
            database_problem,
        } = &*self.0;
        if let Database::Waiting { reason } = &*parts.database.borrow() {
            return Some(reason.clone());
        }
        let ping = async {
            match timeout(DATABASE_LIMIT, query::ping(&parts.clickhouse)).await {
                Ok(answer) => answer.err().map(|error| error.to_string()),
                Err(_) => Some(format!("no answer within {} s", DATABASE_LIMIT.as_secs())),
            }
        };
        database_problem.get(ping).await
    }

    fn quotas(&self) -> Found {
        let apps = self.0.parts.quotas.today();
        let of_app = |day: &AppDay| {
            let of = |resource: Resource, used: u64| json!({ "used": used, "limit": resource.limit(&day.quota) });
            let json = json!({
                "events": of(Resource::Events, day.events),
                "bytes": of(Resource::Bytes, day.bytes),
            });
            (day.app.to_string(), json)
        };
        let detail: serde_json::Map<_, _> = apps.iter().map(of_app).collect();
        Found {
            condition: Condition::of_quotas(&apps),
            detail: json!({ "today": detail }),
        }
    }

    fn tls(&self) -> Found {
        let Some(certificates) = &self.0.parts.certificates else {
            return Found {
                condition: Condition::Healthy,
                detail: json!({ "certificate": "none" }),
            };
        };
        Found {
            condition: certificates.condition(clock::now()),
            detail: json!({ "expires": certificates.until().to_string() }),
        }
    }

    fn configuration(&self) -> Found {
        let report = self.0.parts.config.report();
        Found {
            condition: report.problem.map_or(Condition::Healthy, Condition::Degraded),
            detail: json!({
                "last_success": report.last_success.to_string(),
                "needs_restart": report.needs_restart,
            }),
        }
    }

    /// How far the configuration in force is the one that is written.
    pub(super) fn config(&self) -> &ConfigState {
        &self.0.parts.config
    }

    fn alerts(&self) -> Found {
        let health = self
            .0
            .parts
            .alerts
            .borrow()
            .as_ref()
            .map(|alerts| alerts.health.clone());
        let Some(health) = health else {
            return Found {
                condition: Condition::Healthy,
                detail: json!({ "rules": "none" }),
            };
        };
        let report = health.report();
        let waiting = report
            .last_round
            .is_none()
            .then(|| "the rules have not been evaluated yet".to_owned());
        Found {
            condition: report
                .problem
                .or(waiting)
                .map_or(Condition::Healthy, Condition::Unhealthy),
            detail: json!({ "last_round": report.last_round.map(|at| at.to_string()) }),
        }
    }
}

/// The routes.
pub(super) fn routes(health: Health) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(lives))
        .routes(routes!(all))
        .routes(routes!(one))
        .with_state(health)
}

/// All parts, and the whole.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// Whether every part does its work.
    ready: bool,
    /// The parts, by their names.
    components: BTreeMap<&'static str, Part>,
    /// `healthy`, `degraded` or `unhealthy`: the last only if a critical part is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    state: Option<&'static str>,
    /// What became of all batches and events since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = BTreeMap<String, u64>)]
    outcomes: Option<Map<String, Value>>,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operating", responses((status = 200, description = "It does.", body = String, content_type = "text/plain")))]
async fn lives() -> &'static str {
    "ok\n"
}

/// Whether every part does its work.
///
/// Details are told on the machine itself (a loopback address, without a proxy's headers) and to tokens of the scope `read` for all
/// apps.
#[utoipa::path(
    get, path = "/readyz", tag = "operating",
    security((), ("token" = []), ("login" = [])),
    responses(
        (status = 200, description = "Every part does.", body = Readiness),
        (status = 503, description = "A part does not.", body = Readiness, headers(("Retry-After" = u32, description = "When to ask again, in seconds"))),
        (status = 401, response = Unknown),
        (status = 429, response = Later),
    )
)]
async fn all(State(health): State<Health>, audience: Audience) -> Response {
    let components = health.components().await;
    let ready = components.iter().all(|(_, component)| component.is_ready());
    let told = audience == Audience::Operator;
    let readiness = Readiness {
        ready,
        components: components
            .iter()
            .map(|(name, component)| (*name, component.part(audience)))
            .collect(),
        state: told.then(|| overall(components.iter().map(|(_, component)| component))),
        outcomes: told.then(|| health.0.parts.outcomes.snapshot()),
    };
    answer(ready, &readiness)
}

/// Whether one part does its work.
///
/// A load balancer should ask `spool`: while ClickHouse is away, batches are kept.
#[utoipa::path(
    get, path = "/readyz/{component}", tag = "operating",
    params(("component" = inline(ComponentName), Path, description = "One part")),
    security((), ("token" = []), ("login" = [])),
    responses(
        (status = 200, description = "It does.", body = Part),
        (status = 503, description = "It does not.", body = Part, headers(("Retry-After" = u32, description = "When to ask again, in seconds"))),
        (status = 401, response = Unknown),
        (status = 404, response = Refused),
        (status = 429, response = Later),
    )
)]
async fn one(State(health): State<Health>, audience: Audience, name: Result<Path<String>, PathRejection>) -> Response {
    // What is no text is the name of none.
    let name = name.map(|Path(name)| name).unwrap_or_default();
    match health.component(&name).await {
        Some(component) => answer(component.is_ready(), &component.part(audience)),
        None => {
            let message = format!("no part is called so; there are {}", COMPONENTS.join(", "));
            Problem::new(StatusCode::NOT_FOUND, "unknown_component", message).into_response()
        }
    }
}

fn answer(ready: bool, told: &impl Serialize) -> Response {
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let headers = [(CONTENT_TYPE, "application/json")];
    // It does not fail: its keys are texts.
    let json = serde_json::to_string(told).unwrap_or_default();
    let mut response = (status, headers, json).into_response();
    if !ready {
        let seconds = HeaderValue::from(DATABASE_FRESH.as_secs());
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::Router;
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::Apps;
    use crate::store::{Confinement, Endpoint, SpoolOptions};

    #[tokio::test]
    async fn many_who_ask_at_once_cost_the_database_one_query() {
        let queries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&queries);
        let database = Router::new().fallback(async move || {
            counted.fetch_add(1, Ordering::Relaxed);
            "1\n1\n"
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, database).await });
        let folder = tempfile::tempdir().unwrap();
        let health = Health::new(Parts {
            spool: Spool::open(SpoolOptions::new(folder.path().to_owned())).unwrap(),
            clickhouse: Clickhouse::at(Endpoint {
                url,
                user: "rum".into(),
                password: String::new(),
                confinement: Confinement::Grants,
            }),
            database: watch::channel(Database::Migrated).1,
            alerts: watch::channel(None).1,
            config: ConfigState::new(),
            quotas: Arc::new(Quotas::open(
                &Apps::default(),
                folder.path().join("day.json"),
                jiff::Timestamp::now(),
            )),
            outcomes: Arc::default(),
            certificates: None,
        });
        let asked: tokio::task::JoinSet<_> = (0..20)
            .map(|_| {
                let health = health.clone();
                async move { health.component("clickhouse").await.unwrap().condition }
            })
            .collect();
        for condition in asked.join_all().await {
            assert_eq!(condition, Condition::Healthy);
        }
        assert_eq!(queries.load(Ordering::Relaxed), 1);
    }
}
