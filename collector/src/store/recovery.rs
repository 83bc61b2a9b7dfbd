//! What a start does with what the last run left: takes the folder, cuts torn tails, finds the latest batches.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::cursor::Position;
use super::disk;
use super::frame::{self, BatchKey};
use super::segment::{self, FIRST_FRAME, Next, Reader};
use super::spool::SpoolError;
use crate::fault::{self, Step};
use crate::folder_lock;

/// The extension of a segment without a readable header, which is kept for people.
pub(super) const DAMAGED: &str = "damaged";

/// What the folder holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The segments: where the frames of each end.
    pub(super) segments: BTreeMap<u64, u64>,
    /// The latest batches, the oldest first.
    pub(super) batches: Vec<BatchKey>,
    /// Where frames are damaged, as far as it was read; the beginnings of segments that are set aside.
    pub(super) damaged: Vec<Position>,
    /// Bytes of unfinished frames that were cut off.
    pub(super) torn_bytes: u64,
}

/// Makes the folder if it is missing, and takes it until the lock file is closed.
pub(super) fn take(folder: &Path) -> Result<File, SpoolError> {
    let failed = |doing| move |source| SpoolError::io(doing, folder, source);
    fs::create_dir_all(folder).map_err(failed("making the folder"))?;
    let lock = File::create(folder.join("lock")).map_err(failed("making the lock file"))?;
    match folder_lock::take(&lock) {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(SpoolError::Locked {
            folder: folder.to_owned(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(SpoolError::io("locking the folder", folder, source)),
    }
}

/// Looks through the folder, from the newest segment back until `batches` batches are known. Older segments are read by
/// the writer alone: only the last one of a run can have a torn tail, and the start after that run has cut it.
pub(super) fn look(folder: &Path, batches: usize) -> Result<Found, SpoolError> {
    let listed = |kind| numbers(folder, kind).map_err(|source| SpoolError::io("listing the segments", folder, source));
    let numbers = listed(segment::EXTENSION)?;
    let mut found = Found::default();
    // Also of earlier starts: as long as they lie there, nobody has looked at what was lost.
    found.damaged.extend(listed(DAMAGED)?.into_iter().map(beginning));
    for number in numbers.into_iter().rev() {
        look_at(folder, number, batches, &mut found)
            .map_err(|source| SpoolError::io("recovering a segment", folder, source))?;
    }
    found.batches.reverse();
    Ok(found)
}

/// The numbers of the files with this extension, in order.
pub(super) fn numbers(folder: &Path, extension: &str) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        numbers.extend(segment::number(&entry?.path(), extension));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn look_at(folder: &Path, number: u64, batches: usize, found: &mut Found) -> io::Result<()> {
    let path = segment::path(folder, number);
    let bytes = fs::metadata(&path)?.len();
    let Some(mut reader) = Reader::open(&path)? else {
        return set_aside(&path, number, bytes, found);
    };
    let newest = found.segments.is_empty();
    let mut end = bytes;
    if newest || found.batches.len() < batches {
        end = scan(&mut reader, number, bytes, found)?;
        if end < bytes {
            fault::step(Step::TailCut, || File::options().write(true).open(&path)?.set_len(end))?;
            tracing::warn!(path = %path.display(), bytes = bytes - end, "cut an unfinished frame off the spool");
            found.torn_bytes += bytes - end;
        }
    }
    found.segments.insert(number, end);
    Ok(())
}

/// Reads a whole segment; where its frames end.
fn scan(reader: &mut Reader, number: u64, bytes: u64, found: &mut Found) -> io::Result<u64> {
    let mut batches = Vec::new();
    let mut payload = Vec::new();
    let mut offset = FIRST_FRAME.min(bytes);
    let end = loop {
        match reader.next(offset, bytes, &mut payload)? {
            Next::Frame { next } => {
                batches.extend(frame::head(&payload).map(|head| head.key()));
                offset = next;
            }
            Next::Damaged { next } => {
                found.damaged.push(Position {
                    segment: number,
                    offset,
                });
                offset = next;
            }
            Next::Torn | Next::End => break offset,
        }
    };
    // The newest comes first until all segments are read.
    found.batches.extend(batches.into_iter().rev());
    Ok(end)
}

/// A file without a readable header: if it never got further than its header, nothing in it was acknowledged.
fn set_aside(path: &Path, number: u64, bytes: u64, found: &mut Found) -> io::Result<()> {
    if bytes <= FIRST_FRAME {
        return disk::remove(Step::EmptyDelete, path);
    }
    tracing::error!(path = %path.display(), "both headers of a spool segment are damaged: it is kept as .damaged");
    found.damaged.push(beginning(number));
    disk::rename(Step::SegmentAside, path, &path.with_extension(DAMAGED))
}

fn beginning(segment: u64) -> Position {
    Position { segment, offset: 0 }
}
