//! HTTP: what listens, what every answer carries, and the routes that are not ingest.

mod asked_as;
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
mod recent;
mod router;
mod schema;
mod server;
mod sql;
mod tls;

pub use asked_as::AskedAs;
pub use assets::{Assets, AssetsError};
pub use axum::Router;
pub use component::{Component, Severity};
pub use condition::Condition;
pub use connections::Connections;
pub use headers::Transport;
pub use health::{Database, Health, Parts as HealthParts};
pub use metrics::{Metrics, Parts as MetricsParts};
pub use router::{Routes, server};
pub use server::Server;
pub use sql::Sql;
pub use tls::{Certificates, TlsError};

pub use crate::problem::Problem;
