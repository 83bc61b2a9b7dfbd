//! One pass over the spool reads for all tables. If each table read for itself, every byte would be read, and its checksum
//! made, nine times.
//!
//! The first table that has stored all that was read leads the next pass: it reads the rows of every table that is there or on
//! its way there, and they wait until their tables fetch them. Until they have, nobody leads another pass, for a while: a table
//! whose insert hangs must not keep the others. Then what it has not fetched is let go of, and it reads alone until it has caught
//! up.
//!
//! What was read stays in memory until it is inserted, and all of it together has one bound, wherever the tables are: as much as
//! two passes, one that is inserted and one that waits. The more of it is taken, the less is read at once. Nobody waits for room:
//! a table whose insert hangs keeps what it has, and the others go on with what is left, which is never nothing.

use std::array;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::batch_rows::BatchRows;
use super::cursor::Position;
use super::frame::{self, WholePayload};
use super::log::Log;
use super::schema::{Column, Schema, Table};
use super::segment::{self, AHEAD, Next, Reader};

/// How long a pass waits for a table that has not fetched its rows of the one before.
const PATIENCE: Duration = Duration::from_secs(1);

/// Passes' worth of bytes that are in memory at most.
const HELD_PASSES: usize = 2;

/// The part of a pass that may be read however little room there is.
const LEAST_PART: usize = 32;

/// The part of the room that a table takes which reads alone: others may have to.
const ALONE_PART: usize = 4;

/// How much is read at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadLimits {
    /// Rows of one table; a frame is not divided, so there may be some more.
    pub(super) rows: usize,
    /// Bytes of all tables' rows, or those of one frame. Twice as many are in memory at most, and the frame that is being read.
    pub(super) bytes: usize,
}

impl ReadLimits {
    /// What a pass for all tables may read while so many bytes are held.
    fn for_all(self, held: usize) -> Self {
        self.at_most(self.room(held))
    }

    /// What a table may read alone while so many bytes are held.
    fn for_one(self, held: usize) -> Self {
        self.at_most(self.room(held) / ALONE_PART)
    }

    fn at_most(self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes).max(self.least());
        Self { bytes, ..self }
    }

    /// Never nothing: a frame is read if no other one was.
    fn least(self) -> usize {
        (self.bytes / LEAST_PART).max(1)
    }

    /// What is left, but for the least that each table, and a pass that waits for them, may have read in spite of it.
    fn room(self, held: usize) -> usize {
        let spared = self.least() * (Table::ALL.len() + 1);
        let all = self.bytes.saturating_mul(HELD_PASSES);
        all.saturating_sub(spared).saturating_sub(held)
    }
}

/// Bytes of rows that were read, until they are dropped.
#[derive(Debug)]
struct Held {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Held {
    fn new(bytes: usize, all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(bytes, Ordering::Relaxed);
        let all = Arc::clone(all);
        Self { bytes, all }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Rows that belong into one insert.
#[derive(Debug)]
pub(super) struct Batch {
    /// What the rows consist of: an older segment may have had fewer columns.
    pub(super) columns: Vec<Column>,
    pub(super) rows: BatchRows,
    /// Whether a limit was reached, so that there may be more.
    pub(super) filled: Filled,
    /// When how many of the rows arrived, in ms since the epoch.
    pub(super) arrivals: Vec<(i64, u64)>,
    /// The cursor, once these rows are in.
    pub(super) next: Position,
    _held: Held,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// As much as may be read at once.
    Full,
    /// All that there is.
    Partly,
}

/// The latest pass, and who reads.
#[derive(Debug, Default)]
pub(super) struct Passes {
    state: Mutex<State>,
    latest: watch::Sender<Extent>,
}

/// Where the latest pass begins and ends, and how many tables have not fetched what it has for them.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    from: Position,
    to: Position,
    waiting: usize,
}

#[derive(Debug, Default)]
struct State {
    scan: Scan,
    /// What the latest pass has found, until it is fetched.
    found: Found,
}

/// Rows by table.
type Found = [Option<Batch>; Table::ALL.len()];

impl Passes {
    /// Waits until a table at `position` has something to fetch, or may lead.
    pub(super) async fn turn(&self, position: Position) {
        let mut latest = self.latest.subscribe();
        let free = latest.wait_for(|pass| position < pass.to || pass.waiting == 0);
        // Either way it is the table's turn.
        let _ = timeout(PATIENCE, free).await;
    }

    /// The rows of `table` from `position` on. Blocks on the disk.
    pub(super) fn read(&self, log: &Log, table: Table, position: Position, limits: ReadLimits) -> io::Result<Batch> {
        // A scan that panicked has changed nothing: what is known of its file is right.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { scan, found } = &mut *state;
        let place = table.index();
        let Extent { from, to, .. } = *self.latest.borrow();
        if position < to {
            let own = if position == from { found[place].take() } else { None };
            if let Some(batch) = own {
                self.latest.send_modify(|pass| pass.waiting -= 1);
                return Ok(batch);
            }
            // At most as far as the others are, and never over a place where they begin: so it gets in step.
            let until = if position < from { from } else { to };
            let limits = limits.for_one(scan.held());
            let (_, mut found) = scan.read(log, position, until, &[table], limits)?;
            return found[place].take().ok_or_else(missing);
        }
        let tables = log.in_step(table, [position, from]);
        // Before, for its rows are of no use to anybody any more.
        *found = Found::default();
        self.latest.send_modify(|pass| pass.waiting = 0);
        let limits = limits.for_all(scan.held());
        let (to, all) = scan.read(log, position, log.committed_now(), &tables, limits)?;
        *found = all;
        let own = found[place].take();
        self.latest.send_replace(Extent {
            from: position,
            to,
            waiting: found.iter().flatten().count(),
        });
        own.ok_or_else(missing)
    }
}

fn missing() -> io::Error {
    io::Error::other("a table was not read for")
}

/// Reads segments.
#[derive(Debug, Default)]
struct Scan {
    payload: Vec<u8>,
    /// The payload with its rows whole.
    whole: Vec<u8>,
    /// Bytes of each table's rows the last time: growing copies.
    sizes: [usize; Table::ALL.len()],
    /// Bytes of all rows that are in memory.
    held: Arc<AtomicUsize>,
}

/// What a scan has found for a table.
#[derive(Debug, Default)]
struct Rows {
    data: Vec<u8>,
    ends: Vec<usize>,
    arrivals: Vec<(i64, u64)>,
}

impl Rows {
    fn add(&mut self, section: frame::SectionView<'_>, received_ms: i64) {
        let base = self.data.len();
        let before = self.ends.len();
        self.ends.extend(section.ends().map(|end| base + end));
        self.data.extend_from_slice(section.data);
        let rows = (self.ends.len() - before) as u64;
        match self.arrivals.last_mut() {
            Some((last_ms, n)) if *last_ms == received_ms => *n += rows,
            _ => self.arrivals.push((received_ms, rows)),
        }
    }
}

impl Scan {
    fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// The rows of `tables` from `from` until `until`, and how far they go.
    fn read(
        &mut self,
        log: &Log,
        from: Position,
        until: Position,
        tables: &[Table],
        limits: ReadLimits,
    ) -> io::Result<(Position, Found)> {
        let mut found: [Rows; Table::ALL.len()] = array::from_fn(|_| Rows::default());
        for table in tables {
            // Somewhat more than of late: to grow is to copy, and what is not written to takes no memory.
            let last = self.sizes[table.index()];
            found[table.index()].data.reserve((last + last / 4).min(limits.bytes));
        }
        let (mut rows, mut bytes) = (0, 0);
        // For no longer than this: a file that is deleted keeps its room on the disk for as long as somebody has it open.
        let mut open = None;
        let mut schema: Option<Schema> = None;
        let mut next = from;
        let mut filled = Filled::Partly;
        'segments: while let Some((at, end)) = log.locate(next).filter(|(at, _)| *at < until) {
            let end = if at.segment == until.segment {
                end.min(until.offset)
            } else {
                end
            };
            let reader = match reader(&mut open, log, at.segment) {
                Ok(Some(reader)) => reader,
                Ok(None) => {
                    log.damaged(at);
                    next = Position { offset: end, ..at };
                    continue;
                }
                // What lies before it goes its way first.
                Err(_) if next > from => {
                    filled = Filled::Full;
                    break;
                }
                Err(error) => return Err(unreadable(at, &error)),
            };
            match &schema {
                // Once a segment: to compare columns for each frame would cost more than to read it.
                Some(schema) if rows > 0 && *schema != *reader.schema => {
                    filled = Filled::Full;
                    break;
                }
                _ => schema = Some((*reader.schema).clone()),
            }
            next = at;
            while next.offset < end {
                if rows >= limits.rows || bytes >= limits.bytes {
                    filled = Filled::Full;
                    break 'segments;
                }
                next.offset = match reader.next(next.offset, end, &mut self.payload) {
                    Err(_) if next > from => {
                        filled = Filled::Full;
                        break 'segments;
                    }
                    Err(error) => return Err(unreadable(next, &error)),
                    Ok(Next::Frame { next: behind }) => {
                        // Looked at in full first: of a damaged one no row is taken.
                        let mut of_frame = 0;
                        let payload = WholePayload::of(&self.payload, reader.layout, &mut self.whole);
                        let read = payload.and_then(|payload| {
                            let head = payload.sections(|section| {
                                if wanted(tables, section).is_some() {
                                    of_frame += section.data.len();
                                }
                            })?;
                            Ok((head.received_ms, payload))
                        });
                        match read {
                            Ok(_) if bytes > 0 && bytes + of_frame > limits.bytes => {
                                filled = Filled::Full;
                                break 'segments;
                            }
                            Ok((received_ms, payload)) => {
                                let _ = payload.sections(|section| {
                                    if let Some(table) = wanted(tables, section) {
                                        let of_table = &mut found[table.index()];
                                        of_table.add(section, received_ms);
                                        rows = rows.max(of_table.ends.len());
                                    }
                                });
                                bytes += of_frame;
                            }
                            Err(frame::BadPayload) => log.damaged(next),
                        }
                        behind
                    }
                    Ok(Next::Damaged { next: behind }) => {
                        log.damaged(next);
                        behind
                    }
                    Ok(Next::Torn | Next::End) => {
                        log.damaged(next);
                        end
                    }
                };
            }
        }
        // A large frame is rare.
        self.payload.shrink_to(AHEAD);
        self.whole.shrink_to(AHEAD);
        if filled == Filled::Partly {
            // Nothing more can be read up to there, whatever has become of it.
            next = next.max(until);
        }
        let schema = schema.unwrap_or_else(Schema::current);
        let mut batches = Found::default();
        for table in tables {
            let Rows { data, ends, arrivals } = std::mem::take(&mut found[table.index()]);
            let size = &mut self.sizes[table.index()];
            *size = data.len().max(*size - *size / 8);
            batches[table.index()] = Some(Batch {
                _held: Held::new(data.len(), &self.held),
                columns: schema.columns(*table).to_vec(),
                rows: BatchRows::new(data, ends),
                filled,
                arrivals,
                next,
            });
        }
        Ok((next, batches))
    }
}

/// The disk does not give what is at a position.
fn unreadable(at: Position, error: &io::Error) -> io::Error {
    let Position { segment, offset } = at;
    io::Error::new(error.kind(), format!("segment {segment} at {offset}: {error}"))
}

/// Whose rows a section holds, if it is one of these tables.
fn wanted<'a>(tables: &'a [Table], section: frame::SectionView<'_>) -> Option<&'a Table> {
    tables.iter().find(|table| **table as u8 == section.table)
}

fn reader<'a>(open: &'a mut Option<(u64, Reader)>, log: &Log, number: u64) -> io::Result<Option<&'a mut Reader>> {
    if open.as_ref().is_none_or(|(opened, _)| *opened != number) {
        *open = Reader::open(&segment::path(log.folder(), number))?.map(|reader| (number, reader));
    }
    Ok(open.as_mut().map(|(_, reader)| reader))
}

#[cfg(test)]
mod tests;
