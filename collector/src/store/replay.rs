//! Moves cursors back, so that what the spool still holds is inserted again at the next start. Rows replace themselves by
//! their identity: however often they are inserted, they count once.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::cursor::{self, Position};
use super::inspect::{self, InspectError};
use super::recovery;
use super::schema::Table;
use super::segment::FIRST_FRAME;
use super::spool::SpoolError;

/// What is to be inserted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// From this segment on; from the oldest one if absent.
    pub from: Option<u64>,
    /// Rows of this table; of all if absent.
    pub table: Option<Table>,
}

/// Nothing was moved, unless it is [`ReplayError::Cursor`].
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The spool cannot be read.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// A collector is running on it.
    #[error(
        "{} is in use by a running collector, which would not notice: stop it (SIGTERM), replay, and start it again",
        folder.display()
    )]
    Running {
        /// The spool's folder.
        folder: PathBuf,
    },
    /// The folder cannot be taken.
    #[error(transparent)]
    Spool(SpoolError),
    /// There is nothing to be inserted again.
    #[error("{} holds no segment: all that it held is in ClickHouse, and was deleted here", folder.display())]
    Empty {
        /// The spool's folder.
        folder: PathBuf,
    },
    /// There is no such segment.
    #[error("there is no segment {segment} in the spool; it holds {first} to {last}: see `rum-collector spool ls`")]
    NoSuchSegment {
        /// What was asked for.
        segment: u64,
        /// The oldest one.
        first: u64,
        /// The newest one.
        last: u64,
    },
    /// A cursor cannot be written. Those of the tables before it in [`Table::ALL`] were moved; doing it again does no harm.
    #[error("the cursor of {} cannot be written: {source}; free the disk or mend its rights, and replay again", table.name())]
    Cursor {
        /// The table.
        table: Table,
        /// What the system says.
        source: io::Error,
    },
}

/// A cursor that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its table.
    pub table: Table,
    /// Where it was.
    pub before: Position,
    /// Where it is now.
    pub after: Position,
    /// Rows behind it, which the next start inserts.
    pub rows: u64,
    /// Bytes of these rows.
    pub bytes: u64,
}

/// Moves the cursors, and says which. A cursor that is further back already stays: no row is ever passed over.
///
/// # Errors
/// As [`ReplayError`] says; [`ReplayError::Running`] while a collector has the spool.
pub fn replay(folder: &Path, replay: Replay) -> Result<Vec<Moved>, ReplayError> {
    // Also so that no folder is made where none was.
    let segments = inspect::segments(folder)?;
    let _lock = recovery::take(folder).map_err(|error| match error {
        SpoolError::Locked { folder } => ReplayError::Running { folder },
        other => ReplayError::Spool(other),
    })?;
    let (Some(first), Some(last)) = (segments.first().copied(), segments.last().copied()) else {
        return Err(ReplayError::Empty {
            folder: folder.to_owned(),
        });
    };
    let segment = replay.from.unwrap_or(first);
    if !segments.contains(&segment) {
        return Err(ReplayError::NoSuchSegment { segment, first, last });
    }
    let target = Position {
        segment,
        offset: FIRST_FRAME,
    };
    let before = Table::ALL.map(|table| cursor::read(folder, table).position());
    let moves = |table: Table| replay.table.is_none_or(|only| only == table);
    let after = Table::ALL.map(|table| {
        let cursor = before[table.index()];
        if moves(table) { cursor.min(target) } else { cursor }
    });
    let backlog = inspect::inspect_from(folder, after)?.tables;
    let mut moved = Vec::new();
    for (table, before) in backlog.into_iter().zip(before) {
        if table.cursor < before {
            cursor::store(folder, table.table, table.cursor).map_err(|source| ReplayError::Cursor {
                table: table.table,
                source,
            })?;
            moved.push(Moved {
                table: table.table,
                before,
                after: table.cursor,
                rows: table.rows,
                bytes: table.bytes,
            });
        }
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::super::frame::tests::frame_of;
    use super::super::pass::ReadLimits;
    use super::super::{Spool, SpoolOptions};
    use super::*;

    const ALL: ReadLimits = ReadLimits {
        rows: usize::MAX,
        bytes: usize::MAX,
    };

    /// A spool of one frame a run, each in a segment of its own; all but one table have passed everything.
    async fn passed(folder: &Path, but: Table) {
        for id in 1..=3 {
            let spool = Spool::open(SpoolOptions::new(folder.to_owned())).unwrap();
            spool.append(frame_of(id, &["first", "second"])).await.unwrap();
            for table in Table::ALL.into_iter().filter(|table| *table != but) {
                let mut consumer = spool.consumer(table);
                let batch = consumer.read(ALL).unwrap();
                consumer.advance(&batch);
            }
        }
    }

    fn tables(moved: &[Moved]) -> Vec<Table> {
        moved.iter().map(|moved| moved.table).collect()
    }

    #[tokio::test]
    async fn what_was_passed_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        // Its cursor is at the beginning, and keeps the segments.
        passed(folder.path(), Table::Views).await;
        let only_bad = Replay {
            from: Some(2),
            table: Some(Table::ClockBad),
        };
        let moved = replay(folder.path(), only_bad).unwrap();
        assert_eq!(tables(&moved), [Table::ClockBad]);
        assert_eq!((moved[0].rows, moved[0].after.segment), (4, 2));
        let spool = Spool::open(SpoolOptions::new(folder.path().to_owned())).unwrap();
        assert_eq!(spool.consumer(Table::ClockBad).read(ALL).unwrap().rows.len(), 4);
        assert_eq!(spool.consumer(Table::Logs).read(ALL).unwrap().rows.len(), 0);
        drop(spool);

        let moved = replay(folder.path(), Replay::default()).unwrap();
        assert_eq!(moved.len(), Table::ALL.len() - 1, "one is there already: {moved:?}");
        let spool = Spool::open(SpoolOptions::new(folder.path().to_owned())).unwrap();
        assert_eq!(spool.consumer(Table::ClockBad).read(ALL).unwrap().rows.len(), 6);
    }

    #[tokio::test]
    async fn no_cursor_is_moved_on() {
        let folder = tempfile::tempdir().unwrap();
        passed(folder.path(), Table::ClockBad).await;
        let last = Replay {
            from: Some(3),
            table: Some(Table::ClockBad),
        };
        assert!(replay(folder.path(), last).unwrap().is_empty());
        let spool = Spool::open(SpoolOptions::new(folder.path().to_owned())).unwrap();
        assert_eq!(spool.consumer(Table::ClockBad).read(ALL).unwrap().rows.len(), 6);
    }

    #[tokio::test]
    async fn it_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("nowhere");
        let error = replay(&nowhere, Replay::default()).unwrap_err();
        assert!(matches!(error, ReplayError::Inspect(InspectError::Missing { .. })) && !nowhere.exists());
        let error = replay(folder.path(), Replay::default()).unwrap_err();
        assert!(matches!(error, ReplayError::Empty { .. }), "{error}");

        passed(folder.path(), Table::Views).await;
        let beyond = Replay {
            from: Some(9),
            table: None,
        };
        let error = replay(folder.path(), beyond).unwrap_err().to_string();
        assert!(error.contains("holds 1 to 3"), "{error}");

        let _running = Spool::open(SpoolOptions::new(folder.path().to_owned())).unwrap();
        let error = replay(folder.path(), Replay::default()).unwrap_err();
        assert!(matches!(error, ReplayError::Running { .. }) && error.to_string().contains("SIGTERM"));
    }
}
