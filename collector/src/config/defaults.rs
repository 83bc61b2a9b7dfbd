//! Every default of the configuration.

use std::time::Duration;

use super::{Fsync, Limits, SpoolLimits, SqlLimits};

/// Loopback: a new collector is not open to the world before somebody says so.
pub(super) const LISTEN: &str = "127.0.0.1:4318";
pub(super) const DATA: &str = "./data";
pub(super) const DIST: &str = "js-wrapper/dist";
/// Libchdb rests at about 0.35 GiB; this leaves room for merges and a handful of queries.
pub(super) const CLICKHOUSE_MEMORY_BYTES: u64 = 1536 << 20;
pub(super) const CLICKHOUSE_USER: &str = "default";
pub(super) const EVALUATE_EVERY: Duration = Duration::from_secs(30);

pub(super) const LOG_LEVEL: &str = "info";
pub(super) const TRACES_RATIO: f64 = 0.01;

pub(super) const LIMITS: Limits = Limits {
    // Pages send at most 60,000 bytes; other senders may join a few of those.
    body_bytes: 256 << 10,
    decompressed_bytes: 2 << 20,
    connections: 1_024,
    connections_per_address: connections_per_address(1_024),
    // More than commit together on a fast disk, and few enough for the worst batch: its rows may take 32 MiB.
    batches_at_once: 32,
    // A few seconds of work. Who waits longer is better told to come back: a page has kept its batch.
    batches_waiting: 512,
    // None, as for apps; the OpenTelemetry collector and Vector come without limits, too. A limit that nobody chose loses
    // what somebody counted on: behind a proxy all visitors have its address, and behind an office's router hundreds have
    // one. What a noisy app may cost the others is bounded without it, by the fair queues.
    address_rate: None,
    header_timeout: Duration::from_secs(15),
    body_timeout: Duration::from_secs(15),
    // A commit takes milliseconds; a disk that needs seconds is as good as full.
    store_timeout: Duration::from_secs(10),
    drain: Duration::from_secs(5),
};

/// A quarter: it takes several to fill the house, and one office's router has enough. Where there are few places one may have
/// them all, since a browser has six.
pub(super) const fn connections_per_address(connections: usize) -> usize {
    let quarter = connections / 4;
    if quarter > 16 { quarter } else { 16 }
}
/// What Redis' log and others have: few notice a second.
pub(super) const FSYNC_INTERVAL: Duration = Duration::from_secs(1);

pub(super) const SPOOL: SpoolLimits = SpoolLimits {
    max_bytes: 4 << 30,
    segment_bytes: 32 << 20,
    fsync: Fsync::Batch,
};

/// Two statements at once, with their memory, leave a third of the embedded ClickHouse's to the writer and to rules.
pub(super) const SQL: SqlLimits = SqlLimits {
    time: Duration::from_secs(30),
    result_rows: 1_000_000,
    answer_bytes: 64 << 20,
    read_bytes: 20 << 30,
    memory_bytes: 512 << 20,
    at_once: 2,
};
