//! One table's way through the spool: reads its rows from the cursor on, and moves the cursor.

use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use super::batch_rows::BatchRows;
use super::cursor::Position;
use super::frame;
use super::log::Log;
use super::measures::Inserts;
use super::schema::{Column, Table};
use super::segment::{self, Next, Reader};

/// What the last frame of a read may add to its limit without another allocation, in bytes.
const MARGIN: usize = 64 << 10;

/// How much is read at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadLimits {
    /// Rows; a frame is not divided, so there may be some more.
    pub(super) rows: usize,
    /// Bytes of rows; likewise.
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
    next: Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// As much as may be read at once.
    Full,
    /// All that there is.
    Partly,
}

pub(super) struct Consumer {
    log: Arc<Log>,
    table: Table,
    committed: watch::Receiver<Position>,
    position: Position,
    open: Option<(u64, Reader)>,
    payload: Vec<u8>,
}

impl Consumer {
    pub(super) fn new(log: Arc<Log>, table: Table) -> Self {
        let (committed, position) = (log.committed(), log.position(table));
        Self {
            log,
            table,
            committed,
            position,
            open: None,
            payload: Vec::new(),
        }
    }

    /// Another reader of the same table, which knows nothing but what the log knows.
    pub(super) fn rebuilt(&self) -> Self {
        Self::new(Arc::clone(&self.log), self.table)
    }

    pub(super) fn table(&self) -> Table {
        self.table
    }

    /// What was done with the table so far.
    pub(super) fn measures(&self) -> &Inserts {
        self.log.measures().table(self.table)
    }

    /// Waits until frames lie behind the cursor.
    pub(super) async fn wait(&mut self) {
        let position = self.position;
        // It cannot fail: the sender lives in the log, which this holds.
        let _ = self.committed.wait_for(|committed| *committed > position).await;
    }

    /// Reads on from the cursor, without moving it. Blocks on the disk.
    ///
    /// # Errors
    /// When the disk does not give back what it was given. What can be read but is damaged is passed over and counted.
    pub(super) fn read(&mut self, limits: ReadLimits) -> io::Result<Batch> {
        let committed = *self.committed.borrow();
        let mut next = self.position;
        let mut columns: Vec<Column> = Vec::new();
        let mut arrivals: Vec<(i64, u64)> = Vec::new();
        let (mut data, mut ends) = (Vec::new(), Vec::new());
        let mut filled = Filled::Partly;
        'segments: while let Some((at, end)) = self.log.locate(next) {
            let Some(reader) = Self::reader(&mut self.open, &self.log, at.segment)? else {
                self.log.damaged(at);
                next = Position { offset: end, ..at };
                continue;
            };
            // Once a segment: to compare columns for each frame would cost more than to read it.
            let of_segment = reader.schema.columns(self.table);
            if ends.is_empty() {
                columns = of_segment.to_vec();
                // A vector that grows has, for a moment, both of its sizes.
                let there = usize::try_from(end - at.offset).unwrap_or(limits.bytes);
                data.reserve(limits.bytes.min(there) + MARGIN);
            } else if columns != of_segment {
                filled = Filled::Full;
                break;
            }
            next = at;
            while next.offset < end {
                if ends.len() >= limits.rows || data.len() >= limits.bytes {
                    filled = Filled::Full;
                    break 'segments;
                }
                next.offset = match reader.next(next.offset, end, &mut self.payload)? {
                    Next::Frame { next: behind } => {
                        let before = ends.len();
                        match frame::collect(&self.payload, self.table, &mut data, &mut ends) {
                            Ok(received_ms) if ends.len() > before => {
                                let rows = (ends.len() - before) as u64;
                                match arrivals.last_mut() {
                                    Some((last_ms, n)) if *last_ms == received_ms => *n += rows,
                                    _ => arrivals.push((received_ms, rows)),
                                }
                            }
                            Ok(_) => {}
                            Err(frame::BadPayload) => {
                                ends.truncate(before);
                                data.truncate(ends.last().copied().unwrap_or(0));
                                self.log.damaged(next);
                            }
                        }
                        behind
                    }
                    Next::Damaged { next: behind } => {
                        self.log.damaged(next);
                        behind
                    }
                    Next::Torn | Next::End => {
                        self.log.damaged(next);
                        end
                    }
                };
            }
        }
        if filled == Filled::Partly {
            // Nothing more can be read up to there, whatever has become of it.
            next = next.max(committed);
        }
        if let Some(oldest_ms) = arrivals.iter().map(|(received_ms, _)| *received_ms).min() {
            self.log.inserting(self.table, oldest_ms);
        }
        Ok(Batch {
            columns,
            rows: BatchRows::new(data, ends),
            filled,
            arrivals,
            next,
        })
    }

    /// Moves the cursor behind the rows of `batch`: they are where they belong.
    pub(super) fn advance(&mut self, batch: &Batch) {
        self.position = batch.next;
        self.log.advance(self.table, batch.next);
    }

    /// Tells why the cursor does not move.
    pub(super) fn stalled(&self, code: Option<u32>, message: String) {
        self.log.stalled(self.table, code, message);
    }

    fn reader<'a>(open: &'a mut Option<(u64, Reader)>, log: &Log, number: u64) -> io::Result<Option<&'a mut Reader>> {
        if open.as_ref().is_none_or(|(opened, _)| *opened != number) {
            *open = Reader::open(&segment::path(log.folder(), number))?.map(|reader| (number, reader));
        }
        Ok(open.as_mut().map(|(_, reader)| reader))
    }
}
