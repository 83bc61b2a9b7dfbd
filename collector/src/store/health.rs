//! How the spool is, for `/readyz` and for people.

use super::schema::Table;
use crate::config::Fsync;

/// What keeps a table's rows out of ClickHouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// ClickHouse's exception code, if it answered at all.
    pub code: Option<u32>,
    /// What was said, for people.
    pub message: String,
    /// How many attempts failed in a row.
    pub attempts: u32,
}

/// Why the spool did not take the last frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Since when it takes none, in ms since the epoch.
    pub since_ms: i64,
    /// What has to change.
    pub cause: RefusalCause,
    /// What was said, for people.
    pub message: String,
}

/// What has to change before the spool takes frames again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// There is no room for a frame like the last one.
    Full {
        /// The room that it needs, in bytes.
        needed: u64,
    },
    /// The disk refuses, or the thread that writes has ended.
    Failing,
}

/// How the spool is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolHealth {
    /// Bytes of all segments.
    pub bytes: u64,
    /// At how many bytes the spool is full.
    pub limit_bytes: u64,
    /// What a 204 promises.
    pub fsync: Fsync,
    /// Segments.
    pub segments: usize,
    /// Places where frames were lost to damage: those that the start has found, the segments kept as `.damaged` among them, and those met
    /// since.
    pub damaged: u64,
    /// Bytes of these places.
    pub lost_bytes: u64,
    /// Bytes of an unfinished frame that were cut off at the start.
    pub torn_bytes: u64,
    /// Why the last frame was not taken; `None` once one was, or would be.
    pub refusal: Option<Refusal>,
    /// Each table's way into ClickHouse.
    pub tables: Vec<TableHealth>,
}

impl SpoolHealth {
    /// The oldest arrival that is not in ClickHouse yet, in ms since the epoch, as far as it is known: what was appended
    /// and not yet looked at is missing.
    #[must_use]
    pub fn oldest_ms(&self) -> Option<i64> {
        self.tables.iter().filter_map(|table| table.inserting_since_ms).min()
    }

    /// What keeps a table's rows out of ClickHouse, for the first table that is kept out.
    #[must_use]
    pub fn stall(&self) -> Option<(Table, &Stall)> {
        self.tables
            .iter()
            .find_map(|table| Some((table.table, table.stall.as_ref()?)))
    }
}

/// How one table's rows get into ClickHouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableHealth {
    /// The table.
    pub table: Table,
    /// The oldest arrival among the rows that are being inserted, in ms since the epoch.
    pub inserting_since_ms: Option<i64>,
    /// Whether everything appended has been inserted.
    pub drained: bool,
    /// What keeps its rows out.
    pub stall: Option<Stall>,
}
