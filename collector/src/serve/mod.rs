//! HTTP: what listens, what every answer carries, and the routes that are not ingest.

mod asker;
mod assets;
mod audience;
mod component;
mod condition;
mod connections;
mod headers;
mod health;
mod login;
mod metrics;
mod observe;
mod openapi;
pub(crate) mod problem;
mod recent;
mod router;
mod schema;
mod sql;
mod tls;

pub use assets::{Assets, AssetsError};
pub use axum::Router;
pub use component::{Component, Severity};
pub use condition::Condition;
pub use connections::Connections;
pub(crate) use headers::RUM_RATE;
pub use headers::Transport;
pub use health::{Database, Health, Parts as HealthParts};
pub use metrics::{Metrics, Parts as MetricsParts};
pub(crate) use observe::{at_hand, is_of, span, with_request};
pub use problem::Problem;
pub use router::{Routes, router};
pub use sql::Sql;
pub use tls::{Certificates, TlsError};
