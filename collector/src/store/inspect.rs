//! What the spool holds, and what of it is damaged. Nothing is locked and nothing is written, so a collector that uses the
//! spool is not disturbed. Every frame is read.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use super::cursor::{self, Kept, Position};
use super::frame::{FrameHead, Layout, SectionView, WholePayload};
use super::recovery::{self, TornTail};
use super::row_shape::RowShape;
use super::schema::{Schema, Table};
use super::segment::{self, FIRST_FRAME, HEADER_SLOT, Next, Reader};

/// Damaged places that are listed; those beyond are only counted.
const MOST_DAMAGE: usize = 10_000;

/// The spool cannot be looked at.
#[derive(Debug, Error)]
pub enum InspectError {
    /// There is none.
    #[error(
        "there is no spool in {}: no collector has run on this data folder yet; give the --config that yours runs with",
        folder.display()
    )]
    Missing {
        /// Where it would be.
        folder: PathBuf,
    },
    /// The disk refuses.
    #[error("{} cannot be read: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What the spool holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Its folder.
    pub folder: PathBuf,
    /// Its segments, the oldest first.
    pub segments: Vec<SegmentContent>,
    /// How far each table is.
    pub tables: Vec<TableBacklog>,
    /// What is damaged; the first 10,000 places.
    pub damage: Vec<Damage>,
    /// Damaged places beyond those.
    pub further_damage: u64,
    /// Rows that a newer collector wrote, with columns of types that this one does not know. Their frames' checksums hold;
    /// more cannot be said.
    pub unchecked_rows: u64,
}

/// What a segment holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentContent {
    /// Its number.
    pub number: u64,
    /// Whether there may be more.
    pub state: SegmentState,
    /// Bytes of the file, 32,768 of them headers.
    pub bytes: u64,
    /// Frames that can be read: batches.
    pub frames: u64,
    /// The earliest arrival, in ms since the epoch.
    pub first_arrival_ms: Option<i64>,
    /// The latest arrival, in ms since the epoch.
    pub last_arrival_ms: Option<i64>,
    /// Bytes at the end that are no whole frame: one is just being written, or a crash has left it. Nobody was told that
    /// they are kept, and the next start cuts them off.
    pub torn_bytes: u64,
    /// Damaged places.
    pub damaged: u64,
    /// The tables that its schema knows, with what is there of each.
    pub tables: Vec<TableRows>,
}

/// Whether a segment may still grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentState {
    /// Nothing is added any more.
    Sealed,
    /// It is the newest one: a collector that runs adds to it, or has just started and will begin the next.
    Open,
}

/// What a segment holds of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableRows {
    /// The table's name in that segment's schema.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of these rows.
    pub bytes: u64,
}

/// How far a table is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableBacklog {
    /// The table.
    pub table: Table,
    /// Everything before it is in ClickHouse, or in the dead letters.
    pub cursor: Position,
    /// Rows behind the cursor: they are not in ClickHouse yet, as far as the spool knows.
    pub rows: u64,
    /// Bytes of these rows.
    pub bytes: u64,
}

/// A damaged place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The file's name in the spool's folder.
    pub file: String,
    /// The segment's number, if the file is a segment.
    pub segment: Option<u64>,
    /// Where it begins, in bytes from the file's beginning.
    pub offset: u64,
    /// How long it is.
    pub bytes: u64,
    /// What is damaged.
    pub what: DamageKind,
}

/// What is damaged, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DamageKind {
    /// One copy of a segment's header.
    Header,
    /// Both copies of it.
    BothHeaders,
    /// A start has found both copies damaged, and has renamed the file.
    SetAside,
    /// Bytes between two frames, or between the last one and the end.
    Frame,
    /// The rows of a frame, although its checksums hold.
    Rows,
    /// A table's cursor.
    Cursor,
}

impl DamageKind {
    /// What it means, for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Header => "one copy of the header; the other one holds, nothing is lost",
            Self::BothHeaders => "both copies of the header: no frame of this segment can be read",
            Self::SetAside => "a start found both copies of its header damaged, and kept the file for you to look at",
            Self::Frame => "no frame with right checksums: the batches that were here are lost",
            Self::Rows => {
                "a frame whose checksums hold, but not rows of this segment's columns: a bug in the collector"
            }
            Self::Cursor => "no cursor: its table starts at the oldest segment again, and counts once all the same",
        }
    }
}

impl Inspection {
    /// Frames that can be read.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.segments.iter().map(|segment| segment.frames).sum()
    }

    /// Rows in these frames.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let tables = self.segments.iter().flat_map(|segment| &segment.tables);
        tables.map(|table| table.rows).sum()
    }

    /// Bytes of all segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Damaged places, listed or not.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damage.len() as u64 + self.further_damage
    }

    fn damaged_at(&mut self, damage: Damage) {
        if self.damage.len() < MOST_DAMAGE {
            self.damage.push(damage);
        } else {
            self.further_damage += 1;
        }
    }
}

/// Reads the spool in `folder`. Segments that a running collector deletes meanwhile are left out.
///
/// # Errors
/// [`InspectError::Missing`] without a folder, [`InspectError::Io`] if the disk refuses. Damage is no error.
pub fn inspect(folder: &Path) -> Result<Inspection, InspectError> {
    let kept = Table::ALL.map(|table| (table, cursor::read(folder, table)));
    let mut inspection = inspect_from(folder, kept.map(|(_, kept)| kept.position()))?;
    for (table, kept) in kept {
        if let Kept::Damaged { bytes } = kept {
            inspection.damaged_at(Damage {
                file: cursor::file_name(table),
                segment: None,
                offset: 0,
                bytes,
                what: DamageKind::Cursor,
            });
        }
    }
    Ok(inspection)
}

/// As [`inspect`], as if the cursors of [`Table::ALL`] were these.
pub(super) fn inspect_from(folder: &Path, cursors: [Position; Table::ALL.len()]) -> Result<Inspection, InspectError> {
    let numbers = segments(folder)?;
    let backlog = |(table, cursor)| TableBacklog {
        table,
        cursor,
        rows: 0,
        bytes: 0,
    };
    let mut inspector = Inspector {
        inspection: Inspection {
            folder: folder.to_owned(),
            segments: Vec::new(),
            tables: Table::ALL.into_iter().zip(cursors).map(backlog).collect(),
            damage: Vec::new(),
            further_damage: 0,
            unchecked_rows: 0,
        },
        tail: TornTail {
            newest: numbers.last().copied(),
            passed: cursors.into_iter().max().unwrap_or_default(),
        },
        payload: Vec::new(),
        whole: Vec::new(),
    };
    inspector.set_aside().map_err(io_error(folder))?;
    for number in &numbers {
        let state = if Some(number) == numbers.last() {
            SegmentState::Open
        } else {
            SegmentState::Sealed
        };
        match inspector.segment(*number, state) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => read.map_err(io_error(&segment::path(folder, *number)))?,
        }
    }
    Ok(inspector.inspection)
}

/// The numbers of the segments in `folder`, in order.
pub(super) fn segments(folder: &Path) -> Result<Vec<u64>, InspectError> {
    recovery::numbers(folder, segment::EXTENSION).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => InspectError::Missing {
            folder: folder.to_owned(),
        },
        _ => io_error(folder)(error),
    })
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> InspectError {
    move |source| InspectError::Io {
        path: path.to_owned(),
        source,
    }
}

struct Inspector {
    inspection: Inspection,
    tail: TornTail,
    payload: Vec<u8>,
    /// The payload with its rows whole.
    whole: Vec<u8>,
}

/// A table of a segment's schema.
struct KnownTable {
    /// Its place in [`SegmentContent::tables`].
    place: usize,
    /// `None` if a type is a newer collector's.
    shape: Option<RowShape>,
}

/// What a frame holds of a table.
struct Part {
    number: u8,
    place: usize,
    rows: u64,
    bytes: u64,
}

impl Inspector {
    /// Segments that a start has set aside.
    fn set_aside(&mut self) -> io::Result<()> {
        let folder = self.inspection.folder.clone();
        for number in recovery::numbers(&folder, recovery::DAMAGED)? {
            let path = segment::path(&folder, number).with_extension(recovery::DAMAGED);
            match fs::metadata(&path) {
                // Somebody has just taken it away.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                file => self.damaged(number, &path, (0, file?.len()), DamageKind::SetAside),
            }
        }
        Ok(())
    }

    fn segment(&mut self, number: u64, state: SegmentState) -> io::Result<()> {
        let path = segment::path(&self.inspection.folder, number);
        // Before anything else is read: what is written from now on does not count.
        let end = fs::metadata(&path)?.len();
        let mut content = SegmentContent {
            number,
            state,
            bytes: end,
            frames: 0,
            first_arrival_ms: None,
            last_arrival_ms: None,
            torn_bytes: 0,
            damaged: 0,
            tables: Vec::new(),
        };
        let before = self.inspection.damaged();
        // A segment that is only being begun has no frame that anybody was told of.
        let headers = if end < FIRST_FRAME {
            Vec::new()
        } else {
            segment::damaged_headers(&path)?
        };
        match Reader::open(&path)? {
            Some(mut reader) => {
                for at in headers {
                    self.damaged(number, &path, (at, HEADER_SLOT as u64), DamageKind::Header);
                }
                self.frames(&mut reader, &path, &mut content)?;
            }
            None if end > FIRST_FRAME => self.damaged(number, &path, (0, end), DamageKind::BothHeaders),
            None => content.torn_bytes = end,
        }
        content.damaged = self.inspection.damaged() - before;
        self.inspection.segments.push(content);
        Ok(())
    }

    fn frames(&mut self, reader: &mut Reader, path: &Path, content: &mut SegmentContent) -> io::Result<()> {
        let (number, mut end) = (content.number, content.bytes);
        let schema = Arc::clone(&reader.schema);
        let known = tables(&schema, content);
        let mut offset = FIRST_FRAME.min(end);
        loop {
            let met = match reader.next(offset, end, &mut self.payload) {
                // The collector has just cut off what nobody was told is kept; what is before that is still to be looked at.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let left = fs::metadata(path)?.len();
                    if left >= end {
                        return Ok(());
                    }
                    end = left;
                    continue;
                }
                met => met?,
            };
            let at = Position {
                segment: number,
                offset,
            };
            match met {
                Next::Frame { next } => {
                    if !self.frame(at, reader.layout, &known, content) {
                        self.damaged(number, path, (offset, next - offset), DamageKind::Rows);
                    }
                    offset = next;
                }
                Next::Damaged { next } => {
                    self.damaged(number, path, (offset, next - offset), DamageKind::Frame);
                    offset = next;
                }
                Next::Torn if self.tail.may_be_at(at) => {
                    content.torn_bytes = end - offset;
                    return Ok(());
                }
                Next::Torn => {
                    self.damaged(number, path, (offset, end - offset), DamageKind::Frame);
                    return Ok(());
                }
                Next::End => return Ok(()),
            }
        }
    }

    /// Counts the frame at `at`, whose payload was read; whether its rows can be read.
    fn frame(
        &mut self,
        at: Position,
        layout: Layout,
        known: &BTreeMap<u8, KnownTable>,
        content: &mut SegmentContent,
    ) -> bool {
        let (mut parts, mut unchecked, mut fits) = (Vec::new(), 0, true);
        let payload = WholePayload::of(&self.payload, layout, &mut self.whole);
        let count = |section: SectionView<'_>| {
            let Some(KnownTable { place, shape }) = known.get(&section.table) else {
                fits = false;
                return;
            };
            let rows = section.rows().count() as u64;
            match shape {
                Some(shape) => fits &= section.rows().all(|row| shape.fits(row)),
                None => unchecked += rows,
            }
            parts.push(Part {
                number: section.table,
                place: *place,
                rows,
                bytes: section.data.len() as u64,
            });
        };
        let head = payload.and_then(|payload| payload.sections(count));
        let (Ok(FrameHead { received_ms, .. }), true) = (head, fits) else {
            return false;
        };
        content.frames += 1;
        content.first_arrival_ms = Some(content.first_arrival_ms.map_or(received_ms, |ms| ms.min(received_ms)));
        content.last_arrival_ms = Some(content.last_arrival_ms.map_or(received_ms, |ms| ms.max(received_ms)));
        self.inspection.unchecked_rows += unchecked;
        for Part {
            number,
            place,
            rows,
            bytes,
        } in parts
        {
            if let Some(table) = content.tables.get_mut(place) {
                table.rows += rows;
                table.bytes += bytes;
            }
            let mut tables = self.inspection.tables.iter_mut();
            if let Some(table) = tables.find(|table| table.table as u8 == number && table.cursor <= at) {
                table.rows += rows;
                table.bytes += bytes;
            }
        }
        true
    }

    fn damaged(&mut self, segment: u64, path: &Path, (offset, bytes): (u64, u64), what: DamageKind) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.inspection.damaged_at(Damage {
            file: name.to_string_lossy().into_owned(),
            segment: Some(segment),
            offset,
            bytes,
            what,
        });
    }
}

/// The tables of `schema` by their numbers; `content` gets one entry for each.
fn tables(schema: &Schema, content: &mut SegmentContent) -> BTreeMap<u8, KnownTable> {
    let mut known = BTreeMap::new();
    for table in schema.tables() {
        let place = content.tables.len();
        content.tables.push(TableRows {
            table: table.name.clone(),
            rows: 0,
            bytes: 0,
        });
        let shape = RowShape::of(&table.columns);
        known.insert(table.number, KnownTable { place, shape });
    }
    known
}

#[cfg(test)]
mod tests;
