//! The crate against the real libchdb, through the `clickhouse` crate and over plain HTTP. Without
//! libchdb every test here fails, and says how to get it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests, and what they share"
)]

mod exchanges;
mod inserts;
mod lifecycle;
mod queries;
mod stuck;
mod support;
#[cfg(target_os = "linux")]
mod walls;
