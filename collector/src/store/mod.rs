//! The store: from enriched batches to rows in ClickHouse, and back out as answers. The only part that knows SQL.
//!
//! ```text
//! rows      EnrichedBatch  -> Frame          pure
//! spool     Frame          -> on disk        then the batch is acknowledged
//! writer    spool          -> ClickHouse     at least once; rows replace themselves by identity
//! marks     hours of them  -> ClickHouse     then the cursor moves
//! query     ClickHouse     -> answers
//! sql       a stranger's statement -> wall -> answer
//! ```
//!
//! Beside it, for people: `inspect` says what the spool holds and what is damaged, `replay` moves its cursors back, `retry`
//! inserts dead letters again.

pub(crate) mod alert_state;
mod answers;
mod batch_rows;
mod client;
mod clock;
mod commit;
mod consumer;
mod cursor;
mod damage;
pub mod dead_letters;
mod disk;
mod exceptions;
mod fold;
mod frame;
pub mod grants;
mod health;
mod insert_size;
pub mod inspect;
mod log;
mod marks;
mod measures;
mod migrate;
mod pass;
pub mod query;
mod recovery;
pub mod replay;
mod restarts;
pub mod retry;
mod row;
mod row_shape;
mod rowbinary;
pub mod rows;
mod schema;
mod seen;
mod segment;
mod share;
mod spool;
pub mod sql;
mod waiting;
mod wall;
pub mod writer;

pub use client::{Clickhouse, ClickhouseError, Confinement, Endpoint};
pub(crate) use clock::{NEWEST_START_MS, OLDEST_START_MS};
pub use cursor::Position;
pub use frame::{BatchKey, Frame};
pub use health::{Refusal, RefusalCause, SpoolHealth, Stall, TableHealth};
pub(crate) use measures::{FailureClass, Measures};
pub use migrate::{MigrateError, Migrated, migrate};
pub use restarts::Restarts;
pub use schema::{Column, Table};
pub use share::Shares;
pub use spool::{Appended, Spool, SpoolError, SpoolOptions};
pub use wall::Forbidden;
