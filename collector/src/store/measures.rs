//! What the store counts of its own work: commits of the spool, and each table's inserts.

use std::array;
use std::time::Duration;

use super::client::ClickhouseError;
use super::damage::Losses;
use super::exceptions::{Policy, policy};
use super::schema::Table;
use crate::meter::{Counter, Gauge, Histogram, Unit};

/// In µs: a write and a sync of a fast disk, up to one that hangs.
const COMMIT_TIMES: &[u64] = &[
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
];
const COMMIT_BATCHES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// In µs; an insert may take 120 s.
const INSERT_TIMES: &[u64] = &[
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    120_000_000,
];
/// In ms: about a second while all is well, up to a database that was away for a day.
const LAGS: &[u64] = &[
    100, 250, 500, 1_000, 1_500, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000, 21_600_000, 86_400_000,
];

/// All of it, since the start of the process.
#[derive(Debug)]
pub(crate) struct Measures {
    /// What was made durable.
    pub(crate) commits: Commits,
    /// What was lost to damage.
    pub(crate) losses: Losses,
    tables: [Inserts; Table::ALL.len()],
}

impl Measures {
    pub(super) fn new() -> Self {
        Self {
            commits: Commits::new(),
            losses: Losses::default(),
            tables: array::from_fn(|_| Inserts::new()),
        }
    }

    /// A table's inserts.
    pub(crate) const fn table(&self, table: Table) -> &Inserts {
        &self.tables[table.index()]
    }
}

/// Groups of batches that one sync made durable.
#[derive(Debug)]
pub(crate) struct Commits {
    /// How long the write and the sync of a group took.
    pub(crate) time: Histogram,
    /// How many batches a group had.
    pub(crate) batches: Histogram,
    /// Bytes that were made durable, frames' heads included.
    pub(crate) bytes: Counter,
    /// Groups that the disk refused.
    pub(crate) failures: Counter,
}

impl Commits {
    fn new() -> Self {
        Self {
            time: Histogram::new(Unit::Microsecond, COMMIT_TIMES),
            batches: Histogram::new(Unit::One, COMMIT_BATCHES),
            bytes: Counter::default(),
            failures: Counter::default(),
        }
    }

    /// A group is durable.
    pub(super) fn committed(&self, batches: u64, bytes: u64, took: Duration) {
        self.time.observe_time(took);
        self.batches.observe(batches, 1);
        self.bytes.add(bytes);
    }
}

/// A table's way into ClickHouse.
#[derive(Debug)]
pub(crate) struct Inserts {
    /// How long each insert took that succeeded.
    pub(crate) time: Histogram,
    /// Rows that an insert may have now; 0 until the writer has begun.
    pub(crate) size: Gauge,
    /// Rows that ClickHouse has taken.
    pub(crate) rows: Counter,
    /// Their bytes as RowBinary, before compression.
    pub(crate) bytes: Counter,
    failures: [Counter; FailureClass::ALL.len()],
    /// Attempts that were repeated with the same rows.
    pub(crate) retries: Counter,
    /// Rows that went to the dead letters.
    pub(crate) dead_letters: Counter,
    /// For each row, the time from its batch's arrival until ClickHouse (or the dead letters) had it.
    pub(crate) lag: Histogram,
}

impl Inserts {
    fn new() -> Self {
        Self {
            time: Histogram::new(Unit::Microsecond, INSERT_TIMES),
            size: Gauge::default(),
            rows: Counter::default(),
            bytes: Counter::default(),
            failures: Default::default(),
            retries: Counter::default(),
            dead_letters: Counter::default(),
            lag: Histogram::new(Unit::Millisecond, LAGS),
        }
    }

    /// How many attempts failed so.
    pub(crate) const fn failures(&self, class: FailureClass) -> &Counter {
        &self.failures[class as usize]
    }

    /// ClickHouse took rows of so many bytes.
    pub(super) fn inserted(&self, rows: usize, bytes: usize, took: Duration) {
        self.time.observe_time(took);
        self.rows.add(rows as u64);
        self.bytes.add(bytes as u64);
    }

    /// ClickHouse did not take rows.
    pub(super) fn failed(&self, error: &ClickhouseError) {
        self.failures(FailureClass::of(error)).add(1);
    }

    /// Rows that arrived at `received_ms` are where they belong at `now_ms`.
    pub(super) fn arrived(&self, rows: u64, received_ms: i64, now_ms: i64) {
        // A clock that was set back makes no negative time.
        let lag_ms = u64::try_from(now_ms.saturating_sub(received_ms)).unwrap_or(0);
        self.lag.observe(lag_ms, rows);
    }
}

/// Why an insert failed: what the writer does about ClickHouse's code, or that there was no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureClass {
    /// There is no ClickHouse.
    Absent,
    /// The connection failed.
    Unreachable,
    /// The request could not be made, or its answer not be understood.
    Client,
    /// A code that passes by itself.
    Passing,
    /// Too many parts or partitions.
    TooManyParts,
    /// Too much at once.
    TooLarge,
    /// Some row is bad.
    BadRow,
    /// Somebody has to mend something.
    NeedsMending,
    /// A code that nobody has thought of.
    Unlisted,
}

impl FailureClass {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 9] = [
        Self::Absent,
        Self::Unreachable,
        Self::Client,
        Self::Passing,
        Self::TooManyParts,
        Self::TooLarge,
        Self::BadRow,
        Self::NeedsMending,
        Self::Unlisted,
    ];

    /// Its name in metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Unreachable => "unreachable",
            Self::Client => "client",
            Self::Passing => "passing",
            Self::TooManyParts => "too_many_parts",
            Self::TooLarge => "too_large",
            Self::BadRow => "bad_row",
            Self::NeedsMending => "needs_mending",
            Self::Unlisted => "unlisted",
        }
    }

    fn of(error: &ClickhouseError) -> Self {
        match error {
            ClickhouseError::Absent => Self::Absent,
            ClickhouseError::Unreachable(_) | ClickhouseError::TimedOut => Self::Unreachable,
            ClickhouseError::Client(_) => Self::Client,
            ClickhouseError::Refused { code, .. } => match policy(*code) {
                Policy::Retry | Policy::RetryHalf => Self::Passing,
                Policy::SplitByPartition => Self::TooManyParts,
                Policy::Halve => Self::TooLarge,
                Policy::SplitByRow => Self::BadRow,
                Policy::Mend => Self::NeedsMending,
                Policy::Unknown => Self::Unlisted,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_counted_under_its_class_alone() {
        let refused = |code| ClickhouseError::Refused {
            code,
            message: String::new(),
        };
        for (error, class) in [
            (ClickhouseError::Absent, FailureClass::Absent),
            (ClickhouseError::Unreachable("reset".into()), FailureClass::Unreachable),
            (ClickhouseError::TimedOut, FailureClass::Unreachable),
            (ClickhouseError::Client("no url".into()), FailureClass::Client),
            (refused(164), FailureClass::Passing),
            (refused(209), FailureClass::Passing),
            (refused(252), FailureClass::TooManyParts),
            (refused(241), FailureClass::TooLarge),
            (refused(117), FailureClass::BadRow),
            (refused(60), FailureClass::NeedsMending),
            (refused(4_242), FailureClass::Unlisted),
        ] {
            let inserts = Inserts::new();
            inserts.failed(&error);
            for other in FailureClass::ALL {
                let expected = u64::from(other == class);
                assert_eq!(inserts.failures(other).get(), expected, "{error} as {other:?}");
            }
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_lag() {
        let inserts = Inserts::new();
        inserts.arrived(4, 10_000, 9_000);
        inserts.arrived(1, 10_000, 12_000);
        let lag = inserts.lag.snapshot();
        assert_eq!((lag.count, lag.sum), (5, 2.0));
    }
}
