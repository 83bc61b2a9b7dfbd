//! The store: from enriched batches to rows in ClickHouse, and back out as answers. The only part that knows SQL.
//!
//! ```text
//! rows      EnrichedBatch  -> Frame          pure
//! spool     Frame          -> on disk        then the batch is acknowledged
//! writer    spool          -> ClickHouse     at least once; rows replace themselves by identity
//! query     ClickHouse     -> answers
//! ```

pub(crate) mod alert_state;
mod batch_rows;
mod client;
mod clock;
mod commit;
mod consumer;
mod cursor;
mod dead_letters;
mod exceptions;
mod frame;
mod health;
mod log;
mod migrate;
pub mod query;
mod recovery;
mod row;
mod rowbinary;
pub mod rows;
mod schema;
mod seen;
mod segment;
mod spool;
pub mod writer;

pub use client::{Clickhouse, ClickhouseError, Endpoint};
pub use frame::{BatchKey, Frame};
pub use health::{Refusal, RefusalCause, SpoolHealth, Stall, TableHealth};
pub use migrate::{MigrateError, Migrated, migrate};
pub use schema::{Column, Table};
pub use spool::{Appended, Spool, SpoolError, SpoolOptions};
