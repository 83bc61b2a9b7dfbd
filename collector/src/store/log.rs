//! What the spool's parts know together: its segments, each table's cursor, and what keeps a cursor from moving.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::cursor::{self, Position};
use super::disk;
use super::health::{Refusal, RefusalCause, SpoolHealth, Stall, TableHealth};
use super::measures::Measures;
use super::pass::Passes;
use super::recovery::Found;
use super::schema::Table;
use super::segment::{self, FIRST_FRAME};
use crate::config::Fsync;
use crate::fault::Step;

/// Damaged places that are told apart; beyond them the count stands still.
const DAMAGES: usize = 10_000;

/// The spool's state, shared by the thread that appends and the tasks that read.
#[derive(Debug)]
pub(super) struct Log {
    folder: PathBuf,
    /// Held for as long as the spool is open: two writers would delete each other's segments.
    lock_file: File,
    state: Mutex<State>,
    /// Up to where frames are durable.
    committed: watch::Sender<Position>,
    /// Why the last frame was not taken, if it was not.
    refusal: watch::Sender<Option<Refusal>>,
    measures: Measures,
    passes: Passes,
}

#[derive(Debug, Default)]
struct State {
    segments: BTreeMap<u64, Segment>,
    tables: [TableState; Table::ALL.len()],
    damaged: BTreeSet<Position>,
    torn_bytes: u64,
}

#[derive(Debug)]
struct Segment {
    /// Bytes of the file.
    bytes: u64,
    /// Where its durable frames end.
    end: u64,
    sealed: Sealed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sealed {
    Yes,
    No,
}

#[derive(Debug, Default)]
struct TableState {
    position: Position,
    /// The oldest arrival of rows that are being inserted, in ms since the epoch.
    inserting_since_ms: Option<i64>,
    stall: Option<Stall>,
}

impl State {
    fn damage(&mut self, at: Position) {
        if self.damaged.len() < DAMAGES && self.damaged.insert(at) {
            tracing::error!(
                segment = at.segment,
                offset = at.offset,
                "the spool is damaged here: frames are lost"
            );
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // A process that another thread is just starting has this one's open files until it runs its own program: closing the
        // file alone would leave the lock to it for as long. What cannot be unlocked is unlocked by the end of the process.
        let _ = self.lock_file.unlock();
    }
}

impl Log {
    /// Takes up what was found in `folder`, whose lock file `lock` is.
    pub(super) fn new(folder: &Path, lock: File, found: &Found) -> Self {
        let mut state = State {
            torn_bytes: found.torn_bytes,
            ..State::default()
        };
        for table in Table::ALL {
            state.tables[table.index()].position = cursor::load(folder, table);
        }
        for (number, end) in &found.segments {
            state.segments.insert(
                *number,
                Segment {
                    bytes: *end,
                    end: *end,
                    sealed: Sealed::Yes,
                },
            );
        }
        found.damaged.iter().for_each(|place| state.damage(*place));
        let last = state.segments.iter().rfind(|(_, segment)| segment.end > FIRST_FRAME);
        let committed = last.map(|(number, segment)| Position {
            segment: *number,
            offset: segment.end,
        });
        let log = Self {
            folder: folder.to_owned(),
            lock_file: lock,
            state: Mutex::new(state),
            committed: watch::Sender::new(committed.unwrap_or_default()),
            refusal: watch::Sender::new(None),
            measures: Measures::new(),
            passes: Passes::default(),
        };
        log.delete_passed(&mut log.lock());
        log
    }

    /// A number that neither a segment (also one set aside) nor a cursor has.
    pub(super) fn next_number(&self) -> u64 {
        let state = self.lock();
        let cursors = state.tables.iter().map(|table| table.position.segment);
        let damaged = state.damaged.iter().map(|place| place.segment);
        let known = cursors.chain(damaged).chain(state.segments.keys().copied());
        known.max().unwrap_or(0) + 1
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was done so far.
    pub(super) fn measures(&self) -> &Measures {
        &self.measures
    }

    /// What reads the segments.
    pub(super) fn passes(&self) -> &Passes {
        &self.passes
    }

    /// Bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.lock().segments.values().map(|segment| segment.bytes).sum()
    }

    /// Up to where frames are durable.
    pub(super) fn committed_now(&self) -> Position {
        *self.committed.borrow()
    }

    /// Follows the end of what is durable.
    pub(super) fn committed(&self) -> watch::Receiver<Position> {
        self.committed.subscribe()
    }

    /// A segment was begun, or grew: frames up to `end` are durable.
    pub(super) fn grown(&self, number: u64, end: u64) {
        self.lock().segments.insert(
            number,
            Segment {
                bytes: end,
                end,
                sealed: Sealed::No,
            },
        );
        if end > FIRST_FRAME {
            self.committed.send_replace(Position {
                segment: number,
                offset: end,
            });
        }
    }

    /// A frame was not taken at `now_ms`.
    pub(super) fn refused(&self, cause: RefusalCause, message: String, now_ms: i64) {
        self.refusal.send_modify(|refusal| {
            let since_ms = refusal.as_ref().map_or(now_ms, |refusal| refusal.since_ms);
            *refusal = Some(Refusal {
                since_ms,
                cause,
                message,
            });
        });
    }

    /// A frame was taken, or would have been.
    pub(super) fn accepted(&self) {
        self.refusal.send_if_modified(|refusal| refusal.take().is_some());
    }

    /// Follows why frames are not taken.
    pub(super) fn refusal(&self) -> watch::Receiver<Option<Refusal>> {
        self.refusal.subscribe()
    }

    /// Nothing will be added to a segment any more.
    pub(super) fn seal(&self, number: u64) {
        let mut state = self.lock();
        if let Some(segment) = state.segments.get_mut(&number) {
            segment.sealed = Sealed::Yes;
            // A file that was given up may be longer than its durable part.
            let length = fs::metadata(segment::path(&self.folder, number)).map_or(segment.end, |file| file.len());
            segment.bytes = length.max(segment.end);
        }
        self.delete_passed(&mut state);
    }

    /// Where to read on from `position`: its segment's durable end, or the beginning of a later segment.
    pub(super) fn locate(&self, position: Position) -> Option<(Position, u64)> {
        let state = self.lock();
        for (number, segment) in state.segments.range(position.segment..) {
            let from = if *number == position.segment {
                position.offset.max(FIRST_FRAME)
            } else {
                FIRST_FRAME
            };
            if from < segment.end {
                return Some((
                    Position {
                        segment: *number,
                        offset: from,
                    },
                    segment.end,
                ));
            }
        }
        None
    }

    pub(super) fn position(&self, table: Table) -> Position {
        self.lock().tables[table.index()].position
    }

    /// `table`, and the others that stand at one of `places` and are not stalled there.
    pub(super) fn in_step(&self, table: Table, places: [Position; 2]) -> Vec<Table> {
        let state = self.lock();
        let comes = |other: &Table| {
            let TableState { position, stall, .. } = &state.tables[other.index()];
            *other == table || (places.contains(position) && stall.is_none())
        };
        Table::ALL.into_iter().filter(comes).collect()
    }

    /// Rows of `table` are on their way.
    pub(super) fn inserting(&self, table: Table, since_ms: i64) {
        self.lock().tables[table.index()].inserting_since_ms = Some(since_ms);
    }

    /// An attempt to insert rows of `table` failed.
    pub(super) fn stalled(&self, table: Table, code: Option<u32>, message: String) {
        let stall = &mut self.lock().tables[table.index()].stall;
        let attempts = stall.as_ref().map_or(0, |stall| stall.attempts).saturating_add(1);
        *stall = Some(Stall {
            code,
            message,
            attempts,
        });
    }

    /// Everything of `table` up to `position` is where it belongs.
    pub(super) fn advance(&self, table: Table, position: Position) {
        {
            let mut state = self.lock();
            state.tables[table.index()] = TableState {
                position,
                ..TableState::default()
            };
            self.delete_passed(&mut state);
        }
        if let Err(error) = cursor::store(&self.folder, table, position) {
            // Worth no more than a warning: after a restart rows are inserted again, and count once.
            tracing::warn!(table = table.name(), %error, "the spool's cursor cannot be written");
        }
    }

    /// A frame cannot be read.
    pub(super) fn damaged(&self, at: Position) {
        self.lock().damage(at);
    }

    /// Deletes the sealed segments that every cursor has passed.
    fn delete_passed(&self, state: &mut State) {
        let passed = state
            .tables
            .iter()
            .map(|table| table.position)
            .min()
            .unwrap_or_default();
        state.segments.retain(|number, segment| {
            let end = Position {
                segment: *number,
                offset: segment.end,
            };
            let empty = segment.end <= FIRST_FRAME;
            if segment.sealed == Sealed::No || (end > passed && !empty) {
                return true;
            }
            let path = segment::path(&self.folder, *number);
            match disk::remove(Step::SegmentDelete, &path) {
                Ok(()) => false,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "a spool segment cannot be deleted");
                    true
                }
            }
        });
    }

    pub(super) fn health(&self, limit_bytes: u64, fsync: Fsync) -> SpoolHealth {
        let committed = *self.committed.borrow();
        let refusal = self.refusal.borrow().clone();
        let state = self.lock();
        let bytes = state.segments.values().map(|segment| segment.bytes).sum();
        // Segments have gone since: nobody may have tried again, for a collector that is not ready gets no batches.
        let has_room = |cause| matches!(cause, RefusalCause::Full { needed } if bytes + needed <= limit_bytes);
        SpoolHealth {
            bytes,
            limit_bytes,
            fsync,
            refusal: refusal.filter(|refusal| !has_room(refusal.cause)),
            segments: state.segments.len(),
            damaged: state.damaged.len(),
            torn_bytes: state.torn_bytes,
            tables: Table::ALL
                .into_iter()
                .map(|table| {
                    let TableState {
                        position,
                        inserting_since_ms,
                        stall,
                    } = &state.tables[table.index()];
                    TableHealth {
                        table,
                        inserting_since_ms: *inserting_since_ms,
                        drained: *position >= committed,
                        stall: stall.clone(),
                    }
                })
                .collect(),
        }
    }
}
