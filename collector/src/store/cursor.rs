//! How far each table is in the spool, in one small file a table.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::disk;
use super::schema::Table;
use crate::fault::Step;

/// A place in the spool: everything before it is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The segment's number.
    pub segment: u64,
    /// Bytes from the segment's beginning.
    pub offset: u64,
}

/// What is known of a table's cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is there.
    At(Position),
    /// There is no file: nothing of the table was inserted yet.
    Nowhere,
    /// There is a file of this many bytes, which is no cursor.
    Damaged { bytes: u64 },
}

impl Kept {
    /// One that is missing or damaged is the beginning: rows are inserted again, and count once.
    pub(super) fn position(self) -> Position {
        match self {
            Self::At(position) => position,
            Self::Nowhere | Self::Damaged { .. } => Position::default(),
        }
    }
}

/// Reads a table's cursor, without a word about it.
pub(super) fn read(folder: &Path, table: Table) -> Kept {
    let Ok(text) = fs::read(path(folder, table)) else {
        return Kept::Nowhere;
    };
    parse(&text).map_or(
        Kept::Damaged {
            bytes: text.len() as u64,
        },
        Kept::At,
    )
}

/// Where a table is at the start.
pub(super) fn load(folder: &Path, table: Table) -> Position {
    let kept = read(folder, table);
    if let Kept::Damaged { .. } = kept {
        tracing::warn!(
            table = table.name(),
            "the spool's cursor is damaged: what the spool holds is inserted again"
        );
    }
    kept.position()
}

/// Replaces a table's cursor. The rename is atomic; it is not synced, for a cursor that falls back after a power cut only
/// repeats work.
pub(super) fn store(folder: &Path, table: Table, position: Position) -> io::Result<()> {
    let path = path(folder, table);
    let new = path.with_extension("new");
    disk::replace(Step::CursorWrite, &new, print(position).as_bytes())?;
    disk::rename(Step::CursorRename, &new, &path)
}

fn path(folder: &Path, table: Table) -> PathBuf {
    folder.join(file_name(table))
}

/// The name of a table's cursor in the spool's folder.
pub(super) fn file_name(table: Table) -> String {
    format!("{}.cursor", table.name())
}

fn print(Position { segment, offset }: Position) -> String {
    let place = format!("{segment} {offset}");
    format!("{place} {:08x}\n", crc32c::crc32c(place.as_bytes()))
}

fn parse(text: &[u8]) -> Option<Position> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split_ascii_whitespace();
    let position = Position {
        segment: words.next()?.parse().ok()?,
        offset: words.next()?.parse().ok()?,
    };
    (text == print(position)).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path(), Table::Views), Position::default());
        let position = Position {
            segment: 12,
            offset: 34_567,
        };
        store(folder.path(), Table::Views, position).unwrap();
        assert_eq!(load(folder.path(), Table::Views), position);
        assert_eq!(load(folder.path(), Table::Vitals), Position::default());
    }

    #[test]
    fn a_damaged_cursor_is_the_beginning() {
        let good = print(Position {
            segment: 12,
            offset: 34_567,
        });
        for place in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[place] ^= 1;
            assert_eq!(parse(&bad), None, "byte {place}");
            assert_eq!(parse(&good.as_bytes()[..place]), None, "cut at {place}");
        }
    }
}
