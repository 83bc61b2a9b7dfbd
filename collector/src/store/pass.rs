//! One pass over the spool reads for all tables. If each table read for itself, every byte would be read, and its checksum
//! made, nine times.
//!
//! The first table that has stored all that was read leads the next pass: it reads the rows of every table that is there or on
//! its way there, and they wait until their tables fetch them. Until they have, nobody leads another pass, for a while: a table
//! whose insert hangs must not keep the others. Then what it has not fetched is let go of, and it reads alone until it has caught
//! up. So at most two passes are in memory, one that is inserted and one that waits; and as much for each table that reads alone.

use std::array;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::batch_rows::BatchRows;
use super::cursor::Position;
use super::frame;
use super::log::Log;
use super::schema::{Column, Schema, Table};
use super::segment::{self, AHEAD, Next, Reader};

/// How long a pass waits for a table that has not fetched its rows of the one before.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much is read at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadLimits {
    /// Rows of one table; a frame is not divided, so there may be some more.
    pub(super) rows: usize,
    /// Bytes of all tables' rows; likewise.
    pub(super) bytes: usize,
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
            let (_, mut found) = scan.read(log, position, until, &[table], limits)?;
            return found[place].take().ok_or_else(missing);
        }
        let tables = log.in_step(table, [position, from]);
        // Before, for its rows are of no use to anybody any more.
        *found = Found::default();
        self.latest.send_modify(|pass| pass.waiting = 0);
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
    open: Option<(u64, Reader)>,
    payload: Vec<u8>,
    /// Bytes of each table's rows the last time: growing copies.
    sizes: [usize; Table::ALL.len()],
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
            found[table.index()]
                .data
                .reserve(self.sizes[table.index()].min(limits.bytes));
        }
        let (mut rows, mut bytes) = (0, 0);
        let mut schema: Option<Schema> = None;
        let mut next = from;
        let mut filled = Filled::Partly;
        'segments: while let Some((at, end)) = log.locate(next).filter(|(at, _)| *at < until) {
            let end = if at.segment == until.segment {
                end.min(until.offset)
            } else {
                end
            };
            let Some(reader) = reader(&mut self.open, log, at.segment)? else {
                log.damaged(at);
                next = Position { offset: end, ..at };
                continue;
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
                next.offset = match reader.next(next.offset, end, &mut self.payload)? {
                    Next::Frame { next: behind } => {
                        // Looked at as a whole first: of a damaged one no row is taken.
                        match frame::sections(&self.payload, |_| ()) {
                            Ok(head) => {
                                let received_ms = head.received_ms;
                                let _ = frame::sections(&self.payload, |section| {
                                    let table = tables.iter().find(|table| **table as u8 == section.table);
                                    if let Some(table) = table {
                                        let of_table = &mut found[table.index()];
                                        of_table.add(section, received_ms);
                                        rows = rows.max(of_table.ends.len());
                                        bytes += section.data.len();
                                    }
                                });
                            }
                            Err(frame::BadPayload) => log.damaged(next),
                        }
                        behind
                    }
                    Next::Damaged { next: behind } => {
                        log.damaged(next);
                        behind
                    }
                    Next::Torn | Next::End => {
                        log.damaged(next);
                        end
                    }
                };
            }
        }
        // A large frame is rare.
        self.payload.shrink_to(AHEAD);
        if filled == Filled::Partly {
            // Nothing more can be read up to there, whatever has become of it.
            next = next.max(until);
        }
        let schema = schema.unwrap_or_else(Schema::current);
        let mut batches = Found::default();
        for table in tables {
            let Rows { data, ends, arrivals } = std::mem::take(&mut found[table.index()]);
            self.sizes[table.index()] = data.len();
            batches[table.index()] = Some(Batch {
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

fn reader<'a>(open: &'a mut Option<(u64, Reader)>, log: &Log, number: u64) -> io::Result<Option<&'a mut Reader>> {
    if open.as_ref().is_none_or(|(opened, _)| *opened != number) {
        *open = Reader::open(&segment::path(log.folder(), number))?.map(|reader| (number, reader));
    }
    Ok(open.as_mut().map(|(_, reader)| reader))
}

#[cfg(test)]
mod tests;
