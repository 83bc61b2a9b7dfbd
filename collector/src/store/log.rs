//! What the spool's parts know together: its segments, each table's cursor, and what keeps a cursor from moving.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::cursor::{self, Position};
use super::damage::{Damage, Damages};
use super::disk;
use super::health::{Refusal, RefusalCause, SpoolHealth, Stall, TableHealth};
use super::measures::Measures;
use super::pass::Passes;
use super::recovery::{Found, FoundSegment};
use super::schema::Table;
use super::segment::{self, FIRST_FRAME, FRAME_HEADER};
use super::share::{Held, Shares};
use crate::clock;
use crate::config::Fsync;
use crate::fault::Step;

/// A disk that has not answered for so long might as well refuse: with the default of `limits.store_timeout` every batch that waited for it
/// has been answered 503.
const UNANSWERED: Duration = Duration::from_secs(10);

/// The spool's state, shared by the thread that appends and the tasks that read.
#[derive(Debug)]
pub(super) struct Log {
    folder: PathBuf,
    /// Held for as long as the spool is open: two writers would delete each other's segments.
    lock_file: File,
    /// At how many bytes it is full.
    limit_bytes: u64,
    state: Mutex<State>,
    /// Up to where frames are durable.
    committed: watch::Sender<Position>,
    /// Why the last frame was not taken, if it was not.
    refusal: watch::Sender<Option<Refusal>>,
    /// Since when the thread that appends waits for the disk, if it does.
    disk_since: Mutex<Option<Instant>>,
    /// Which apps have more of it than they should.
    shares: Shares,
    measures: Measures,
    passes: Passes,
}

#[derive(Debug, Default)]
struct State {
    segments: BTreeMap<u64, Segment>,
    /// Whose the frames of all segments are.
    held: Held,
    tables: [TableState; Table::ALL.len()],
    damages: Damages,
    torn_bytes: u64,
}

#[derive(Debug)]
struct Segment {
    /// Bytes of the file.
    bytes: u64,
    /// Where its durable frames end.
    end: u64,
    sealed: Sealed,
    /// Whose its frames are.
    held: Held,
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
    fn bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.bytes).sum()
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
    /// Takes up what was found in `folder`, whose lock file `lock` is. It is full at `limit_bytes`.
    pub(super) fn new(folder: &Path, lock: File, limit_bytes: u64, found: &Found) -> Self {
        let mut state = State {
            torn_bytes: found.torn_bytes,
            ..State::default()
        };
        for table in Table::ALL {
            state.tables[table.index()].position = cursor::load(folder, table);
        }
        for (number, FoundSegment { end, held }) in &found.segments {
            state.held.add_all(held);
            state.segments.insert(
                *number,
                Segment {
                    bytes: *end,
                    end: *end,
                    sealed: Sealed::Yes,
                    held: held.clone(),
                },
            );
        }
        let measures = Measures::new();
        for damage in &found.damaged {
            state.damages.add(*damage, &measures.losses);
        }
        let last = state.segments.iter().rfind(|(_, segment)| segment.end > FIRST_FRAME);
        let committed = last.map(|(number, segment)| Position {
            segment: *number,
            offset: segment.end,
        });
        let log = Self {
            folder: folder.to_owned(),
            lock_file: lock,
            limit_bytes,
            state: Mutex::new(state),
            committed: watch::Sender::new(committed.unwrap_or_default()),
            refusal: watch::Sender::new(None),
            disk_since: Mutex::new(None),
            shares: Shares::default(),
            measures,
            passes: Passes::default(),
        };
        log.delete_passed(&mut log.lock());
        log
    }

    /// A number that neither a segment (also one set aside) nor a cursor has.
    pub(super) fn next_number(&self) -> u64 {
        let state = self.lock();
        let cursors = state.tables.iter().map(|table| table.position.segment);
        let known = cursors
            .chain(state.damages.segments())
            .chain(state.segments.keys().copied());
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
        self.lock().bytes()
    }

    /// Bytes of the frames of `app`.
    pub(super) fn held(&self, app: &str) -> u64 {
        self.lock().held.of(app)
    }

    /// Which apps have more of it than they should.
    pub(super) fn shares(&self) -> Shares {
        self.shares.clone()
    }

    /// Up to where frames are durable.
    pub(super) fn committed_now(&self) -> Position {
        *self.committed.borrow()
    }

    /// Follows the end of what is durable.
    pub(super) fn committed(&self) -> watch::Receiver<Position> {
        self.committed.subscribe()
    }

    /// A segment was begun.
    pub(super) fn begun(&self, number: u64, end: u64) {
        let segment = Segment {
            bytes: end,
            end,
            sealed: Sealed::No,
            held: Held::default(),
        };
        self.lock().segments.insert(number, segment);
    }

    /// A segment grew: frames up to `end` are durable, and the new ones are of these apps.
    pub(super) fn grown(&self, number: u64, end: u64, more: &Held) {
        {
            let mut state = self.lock();
            state.held.add_all(more);
            if let Some(segment) = state.segments.get_mut(&number) {
                (segment.bytes, segment.end) = (end, end);
                segment.held.add_all(more);
            }
            self.share(&state);
        }
        self.committed.send_replace(Position {
            segment: number,
            offset: end,
        });
    }

    /// Tells who has more than its share, now that it holds more or less.
    fn share(&self, state: &State) {
        let free = self.limit_bytes.saturating_sub(state.bytes());
        self.shares.tell(state.held.over(free));
    }

    /// Bytes of the longest payload for which there is room in an empty spool.
    pub(super) fn longest_payload(&self) -> usize {
        let others = FIRST_FRAME + FRAME_HEADER as u64;
        usize::try_from(self.limit_bytes.saturating_sub(others)).unwrap_or(usize::MAX)
    }

    /// Does something that waits for the disk, for the thread that appends.
    pub(super) fn with_disk<T>(&self, work: impl FnOnce() -> T) -> T {
        let since = |since| *self.disk_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
        since(Some(Instant::now()));
        let done = work();
        since(None);
        done
    }

    /// That the disk has not answered for long, if it has not at `now`.
    fn unanswered(&self, now: Instant) -> Option<Refusal> {
        let since = *self.disk_since.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = now.saturating_duration_since(since?);
        (waits >= UNANSWERED).then(|| Refusal {
            since_ms: clock::now_ms() - waits.as_millis() as i64,
            cause: RefusalCause::Failing,
            message: format!("the disk has not answered for {} s", waits.as_secs()),
        })
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

    /// A frame cannot be read. Blocks on the disk.
    pub(super) fn damaged(&self, at: Position) {
        let end = {
            let state = self.lock();
            if state.damages.knows(at) {
                return;
            }
            state.segments.get(&at.segment).map_or(at.offset, |segment| segment.end)
        };
        let path = segment::path(&self.folder, at.segment);
        let bytes = segment::bytes_until_next(&path, at.offset, end).unwrap_or_else(|error| {
            tracing::warn!(path = %path.display(), %error, "how much is damaged cannot be read, and counts as nothing");
            0
        });
        self.lock().damages.add(Damage { at, bytes }, &self.measures.losses);
    }

    /// Deletes the sealed segments that every cursor has passed.
    fn delete_passed(&self, state: &mut State) {
        let State {
            segments,
            held,
            tables,
            damages,
            ..
        } = state;
        let passed = tables.iter().map(|table| table.position).min().unwrap_or_default();
        segments.retain(|number, segment| {
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
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "a spool segment cannot be deleted");
                    true
                }
                _ => {
                    damages.forget(*number);
                    held.take_all(&segment.held);
                    false
                }
            }
        });
        self.share(state);
    }

    /// How it is at `now`.
    pub(super) fn health(&self, fsync: Fsync, now: Instant) -> SpoolHealth {
        let committed = *self.committed.borrow();
        let refusal = self.refusal.borrow().clone();
        let state = self.lock();
        let (bytes, limit_bytes) = (state.bytes(), self.limit_bytes);
        // Segments have gone since: nobody may have tried again, for a collector that is not ready gets no batches.
        let has_room = |cause| matches!(cause, RefusalCause::Full { needed } if bytes + needed <= limit_bytes);
        SpoolHealth {
            bytes,
            limit_bytes,
            fsync,
            refusal: refusal
                .filter(|refusal| !has_room(refusal.cause))
                .or_else(|| self.unanswered(now)),
            segments: state.segments.len(),
            damaged: self.measures.losses.places.get(),
            lost_bytes: self.measures.losses.bytes.get(),
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
