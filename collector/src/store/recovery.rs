//! What a start does with what the last run left: takes the folder, cuts a torn tail, finds the latest batches and what is damaged.
//! It reads the whole spool once.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::cursor::{self, Position};
use super::damage::Damage;
use super::disk;
use super::frame::{self, BatchKey};
use super::schema::Table;
use super::segment::{self, FIRST_FRAME, Newer, Next, Reader, Sync};
use super::share::Held;
use super::spool::SpoolError;
use crate::fault::{self, Step};
use crate::{durable_file, folder_lock};

/// The extension of a segment without a readable header, which is kept for people.
pub(super) const DAMAGED: &str = "damaged";

/// What the folder holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The segments.
    pub(super) segments: BTreeMap<u64, FoundSegment>,
    /// The latest batches, the oldest first.
    pub(super) batches: Vec<BatchKey>,
    /// Where frames are damaged, and segments that are set aside.
    pub(super) damaged: Vec<Damage>,
    /// Bytes of an unfinished frame that were cut off.
    pub(super) torn_bytes: u64,
}

/// What a segment holds.
#[derive(Debug)]
pub(super) struct FoundSegment {
    /// Where its frames end.
    pub(super) end: u64,
    /// Whose they are.
    pub(super) held: Held,
}

/// Where a crash may have left a frame half written.
#[derive(Clone, Copy, Debug)]
pub(super) struct TornTail {
    /// The newest segment: a segment is finished before the next one is begun.
    pub(super) newest: Option<u64>,
    /// How far the cursor is that is farthest: up to there frames were whole.
    pub(super) passed: Position,
}

impl TornTail {
    /// Whether bytes at `at` that are no frame, with none behind them, may be one: nobody was told that it is kept. Everywhere else
    /// such bytes are damage, and stay for people to look at.
    pub(super) fn may_be_at(self, at: Position) -> bool {
        Some(at.segment) == self.newest && at >= self.passed
    }
}

/// Makes the folder if it is missing, and takes it until the lock file is closed.
pub(super) fn take(folder: &Path) -> Result<File, SpoolError> {
    let not_writable = |reason| SpoolError::NotWritable {
        folder: folder.to_owned(),
        reason: Arc::new(reason),
    };
    fs::create_dir_all(folder).map_err(not_writable)?;
    durable_file::sync_folder_of(folder).map_err(not_writable)?;
    let lock = File::create(folder.join("lock")).map_err(not_writable)?;
    match folder_lock::take(&lock) {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(SpoolError::Locked {
            folder: folder.to_owned(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(SpoolError::io("locking the folder", folder, source)),
    }
}

/// Looks through the folder, from the newest segment back; the keys of the latest `batches` batches are found, and somewhat more. What is
/// found is durable, if there is a `sync`.
pub(super) fn look(folder: &Path, batches: usize, sync: Option<&Sync>) -> Result<Found, SpoolError> {
    let failed = |doing| move |source| SpoolError::io(doing, folder, source);
    let listed = |kind| numbers(folder, kind).map_err(failed("listing the segments"));
    let numbers = listed(segment::EXTENSION)?;
    let cursors = Table::ALL.map(|table| cursor::read(folder, table).position());
    let mut search = Search {
        batches,
        sync,
        tail: TornTail {
            newest: numbers.last().copied(),
            passed: cursors.into_iter().max().unwrap_or_default(),
        },
        found: Found::default(),
    };
    // Also of earlier starts: as long as they lie there, nobody has looked at what was lost.
    for number in listed(DAMAGED)? {
        let path = segment::path(folder, number).with_extension(DAMAGED);
        // Somebody may just be taking it away.
        let bytes = fs::metadata(path).map_or(0, |file| file.len());
        search.found.damaged.push(Damage::whole(number, bytes));
    }
    for number in numbers.into_iter().rev() {
        let path = segment::path(folder, number);
        let in_file = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let recovered = search.segment(&path, number).map_err(in_file);
        recovered.map_err(failed("recovering a segment"))?;
    }
    search.found.batches.reverse();
    Ok(search.found)
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

/// Whether what a segment holds is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Synced {
    Yes,
    No,
}

struct Search<'a> {
    batches: usize,
    sync: Option<&'a Sync>,
    tail: TornTail,
    found: Found,
}

impl Search<'_> {
    fn segment(&mut self, path: &Path, number: u64) -> io::Result<()> {
        let bytes = fs::metadata(path)?.len();
        let Some(mut reader) = Reader::open(path)? else {
            return self.set_aside(path, number, bytes);
        };
        // Rows of a table that nobody here takes out would go uncounted.
        if reader.schema.is_newer() {
            return Err(Newer.into());
        }
        let synced = self.sync(path);
        let segment = self.frames(&mut reader, number, bytes, synced);
        let end = segment.end;
        if end < bytes {
            fault::step(Step::TailCut, || File::options().write(true).open(path)?.set_len(end))?;
            let torn = bytes - end;
            tracing::warn!(path = %path.display(), bytes = torn, "cut an unfinished frame off the spool");
            self.found.torn_bytes += torn;
        }
        self.found.segments.insert(number, segment);
        Ok(())
    }

    /// Makes durable what a process had written that was killed before its sync: a batch that counts as seen is answered.
    fn sync(&self, path: &Path) -> Synced {
        let Some(sync) = self.sync else { return Synced::Yes };
        let synced = File::open(path).and_then(|file| disk::sync(Step::SegmentSync, (path, &file), sync));
        match synced {
            Ok(()) => Synced::Yes,
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "a segment cannot be synced: its batches are taken again if they come again");
                Synced::No
            }
        }
    }

    /// Reads a whole segment, up to its torn tail if it has one.
    fn frames(&mut self, reader: &mut Reader, number: u64, bytes: u64, synced: Synced) -> FoundSegment {
        let wants_batches = synced == Synced::Yes && self.found.batches.len() < self.batches;
        let (mut batches, mut held) = (Vec::new(), Held::default());
        let mut payload = Vec::new();
        let mut offset = FIRST_FRAME.min(bytes);
        let end = loop {
            let at = Position {
                segment: number,
                offset,
            };
            let next = match reader.next(offset, bytes, &mut payload) {
                Err(error) => {
                    // What the disk does not give now, the writer will ask for again.
                    tracing::error!(segment = number, offset, %error, "a spool segment cannot be read further");
                    self.found.damaged.push(Damage::between(at, bytes));
                    break bytes;
                }
                Ok(Next::Frame { next }) => {
                    if let Ok(head) = frame::head(&payload) {
                        held.add(head.app, next - offset);
                        if wants_batches {
                            batches.push(head.key());
                        }
                    }
                    next
                }
                Ok(Next::Damaged { next }) => {
                    self.found.damaged.push(Damage::between(at, next));
                    next
                }
                Ok(Next::Torn) if self.tail.may_be_at(at) => break offset,
                Ok(Next::Torn) => {
                    self.found.damaged.push(Damage::between(at, bytes));
                    bytes
                }
                Ok(Next::End) => break bytes,
            };
            offset = next;
        };
        // The newest comes first until all segments are read.
        self.found.batches.extend(batches.into_iter().rev());
        FoundSegment { end, held }
    }

    /// A file without a readable header: if it never got further than its header, nothing in it was acknowledged.
    fn set_aside(&mut self, path: &Path, number: u64, bytes: u64) -> io::Result<()> {
        if bytes <= FIRST_FRAME {
            return disk::remove(Step::EmptyDelete, path);
        }
        tracing::error!(path = %path.display(), "both headers of a spool segment are damaged: it is kept as .damaged");
        self.found.damaged.push(Damage::whole(number, bytes));
        disk::rename(Step::SegmentAside, path, &path.with_extension(DAMAGED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::frame::tests::frame_of;
    use crate::store::schema::Schema;
    use crate::store::segment::{Payload, Writer, sync_data};

    /// A segment of three frames.
    fn segment(folder: &Path) -> u64 {
        let mut writer = Writer::create(folder, 1, &Schema::current(), sync_data()).unwrap();
        let payloads = [1, 2, 3].map(|id| Payload::new(frame_of(id, &["text"]).encode()));
        writer.append(&payloads.each_ref()).unwrap();
        writer.length
    }

    #[test]
    fn a_place_that_cannot_be_read_does_not_keep_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let length = segment(folder.path());
        let mut search = Search {
            batches: 10,
            sync: None,
            tail: TornTail {
                newest: Some(1),
                passed: Position::default(),
            },
            found: Found::default(),
        };
        let mut reader = Reader::open(&segment::path(folder.path(), 1)).unwrap().unwrap();
        // There the disk gives less than was written.
        let segment = search.frames(&mut reader, 1, length + 100, Synced::Yes);
        assert_eq!(segment.end, length + 100, "nothing is cut off");
        assert_eq!((search.found.batches.len(), search.found.damaged.len()), (3, 1));
    }

    #[test]
    fn what_cannot_be_synced_does_not_count_as_seen() {
        let folder = tempfile::tempdir().unwrap();
        segment(folder.path());
        let failing: Sync = Arc::new(|_| Err(io::Error::other("the disk is gone")));
        for (sync, batches) in [(None, 3), (Some(&sync_data()), 3), (Some(&failing), 0)] {
            let found = look(folder.path(), 10, sync).unwrap();
            assert_eq!((found.batches.len(), found.segments.len()), (batches, 1));
        }
    }

    #[test]
    fn a_segment_that_the_disk_does_not_give_stays_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = segment::path(folder.path(), 7);
        // It can be opened, and not read.
        fs::create_dir(&path).unwrap();
        let error = look(folder.path(), 10, None).unwrap_err().to_string();
        assert!(error.contains("000000000007.segment"), "{error}");
        assert!(path.exists());
    }

    #[test]
    fn a_segment_with_a_table_of_a_newer_collector_stays_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let schema: Schema = serde_json::from_str(r#"{"tables":[{"number":250,"name":"new","columns":[]}]}"#).unwrap();
        drop(Writer::create(folder.path(), 7, &schema, sync_data()).unwrap());
        let error = look(folder.path(), 10, None).unwrap_err().to_string();
        assert!(error.contains("000000000007.segment: a newer collector"), "{error}");
        assert!(segment::path(folder.path(), 7).exists());
    }
}
