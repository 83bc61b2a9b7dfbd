//! The configuration as it is written; every field may be left out.

use std::path::PathBuf;

use serde::Deserialize;

use super::quantity::{Bytes, Span};

/// The file, or what the environment says on top of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub(super) listen: Option<String>,
    pub(super) data: Option<PathBuf>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) sdk: RawSdk,
    pub(super) visitors: RawVisitors,
    pub(super) limits: RawLimits,
    pub(super) tls: RawTls,
    pub(super) spool: RawSpool,
    pub(super) clickhouse: RawClickhouse,
    pub(super) apps: Vec<RawApp>,
    pub(super) tokens: Vec<RawToken>,
    pub(super) sql: RawSql,
    pub(super) alerts: RawAlerts,
    pub(super) log: RawLog,
    pub(super) traces: RawTraces,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSdk {
    pub(super) dist: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawVisitors {
    pub(super) address: Option<String>,
    pub(super) geo_database: Option<PathBuf>,
    pub(super) country_header: Option<String>,
    pub(super) region_header: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    pub(super) body_bytes: Option<Bytes>,
    pub(super) decompressed_bytes: Option<Bytes>,
    pub(super) connections: Option<usize>,
    pub(super) connections_per_address: Option<usize>,
    pub(super) batches_at_once: Option<usize>,
    pub(super) batches_waiting: Option<usize>,
    pub(super) address_batches_per_second: Option<u64>,
    pub(super) address_burst: Option<u64>,
    pub(super) header_timeout: Option<Span>,
    pub(super) body_timeout: Option<Span>,
    pub(super) store_timeout: Option<Span>,
    pub(super) drain: Option<Span>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTls {
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSpool {
    pub(super) max_bytes: Option<Bytes>,
    pub(super) segment_bytes: Option<Bytes>,
    pub(super) fsync: Option<String>,
    pub(super) fsync_interval: Option<Span>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawClickhouse {
    pub(super) url: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) read_user: Option<String>,
    pub(super) read_password_file: Option<PathBuf>,
    pub(super) readers: Vec<RawReader>,
    pub(super) confine: Option<bool>,
    pub(super) memory_bytes: Option<Bytes>,
    pub(super) library: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReader {
    pub(super) apps: Vec<String>,
    pub(super) user: String,
    pub(super) password_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApp {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) origins: Vec<String>,
    pub(super) foreign_errors: Option<String>,
    #[serde(default)]
    pub(super) rates: Vec<RawRate>,
    pub(super) rate: Option<i64>,
    #[serde(default)]
    pub(super) pages: Vec<String>,
    pub(super) batches_per_second: Option<u64>,
    pub(super) burst: Option<u64>,
    pub(super) events_per_day: Option<u64>,
    pub(super) bytes_per_day: Option<Bytes>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRate {
    pub(super) version: i64,
    pub(super) share: f64,
    pub(super) errors: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawToken {
    pub(super) name: String,
    pub(super) hash: String,
    pub(super) scopes: Vec<String>,
    pub(super) apps: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSql {
    pub(super) time: Option<Span>,
    pub(super) result_rows: Option<u64>,
    pub(super) answer_bytes: Option<Bytes>,
    pub(super) read_bytes: Option<Bytes>,
    pub(super) memory_bytes: Option<Bytes>,
    pub(super) at_once: Option<usize>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAlerts {
    pub(super) rules: Option<PathBuf>,
    pub(super) webhooks: Vec<String>,
    pub(super) evaluate_every: Option<Span>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    pub(super) level: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTraces {
    pub(super) endpoint: Option<String>,
    pub(super) ratio: Option<f64>,
}
