//! The store with a real ClickHouse.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

mod durable;
mod fixture;
mod front;
mod marks;
mod metrics;
mod older_spool;
mod reading;
mod reports;
mod sampling;
#[path = "../support/mod.rs"]
mod support;
mod visitors;
mod writing;
