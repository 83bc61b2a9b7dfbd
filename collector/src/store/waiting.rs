//! How long what is in the spool has been waiting, read from the spool itself: nothing has to be kept for it while batches
//! come in, and it is right after a restart, too.

use std::collections::BTreeMap;
use std::io;

use super::cursor::Position;
use super::frame;
use super::log::Log;
use super::schema::Table;
use super::segment::{self, Next, Reader};

/// Places at which a frame is looked for; behind so much damage the age is not known.
const PLACES: usize = 16;

/// When the oldest batch arrived that a table's cursor has not passed, in ms since the epoch; `None` if there is none, an
/// error if it cannot be read. Blocks on the disk.
pub(super) fn since(log: &Log) -> Vec<(Table, io::Result<Option<i64>>)> {
    // Cursors are mostly at the same place.
    let mut known = BTreeMap::new();
    let since = Table::ALL.map(|table| {
        let position = log.position(table);
        let found = match known.get(&position) {
            Some(found) => Ok(*found),
            None => first_from(log, position),
        };
        if let Ok(found) = &found {
            known.insert(position, *found);
        }
        (table, found)
    });
    since.into()
}

/// The arrival of the first frame from `position` on.
fn first_from(log: &Log, position: Position) -> io::Result<Option<i64>> {
    let mut payload = Vec::new();
    let mut next = position;
    for _ in 0..PLACES {
        let Some((at, end)) = log.locate(next) else {
            return Ok(None);
        };
        let offset = match Reader::open(&segment::path(log.folder(), at.segment)) {
            Ok(Some(mut reader)) => match reader.next(at.offset, end, &mut payload)? {
                Next::Frame { next } => match frame::head(&payload) {
                    Ok(head) => return Ok(Some(head.received_ms)),
                    Err(frame::BadPayload) => next,
                },
                Next::Damaged { next } => next,
                Next::Torn | Next::End => end,
            },
            Ok(None) => end,
            // Every cursor has passed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => end,
            Err(error) => return Err(error),
        };
        next = Position { offset, ..at };
    }
    Err(io::ErrorKind::InvalidData.into())
}
