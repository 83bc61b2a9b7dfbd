//! A frame: the rows of one batch, as they lie in the spool.
//!
//! The payload, all numbers little-endian:
//!
//! ```text
//! batch id u64 | arrival i64 (ms) | app: length u16, bytes | sections u8
//! a section, folded: table u8 | rows u32 | each row, see `fold`
//! a section, whole:  table u8 | rows u32 | end of each row u32… | RowBinary
//! ```
//!
//! RowBinary has no borders between rows; they are told so that a refused insert can be split.

use std::sync::Arc;

use rum_core::Id;

use super::fold::{fold, unfold};
use super::row::Row;
use super::schema::Table;

/// Room for the rows of a table in a batch, in bytes: most have fewer, and growing copies.
const ROWS: usize = 2 << 10;

/// The longest payload, in bytes, whether its rows are folded or whole. A batch's rows take a small part of it.
pub(super) const MAX_PAYLOAD: usize = 32 << 20;

/// How rows lie in a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each has all its bytes. No longer written, but a spool outlives its collector.
    Whole,
    /// Each says only what the one before it did not.
    Folded,
}

/// The rows of one batch, and what names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The batch, by which a repetition is known.
    pub key: BatchKey,
    /// When the batch arrived, in ms since the epoch.
    pub received_ms: i64,
    /// Events that could not become rows.
    pub left_out: u32,
    sections: Vec<Section>,
}

/// What names a batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchKey {
    /// The app's name.
    pub app: Arc<str>,
    /// The id that its sender gave it.
    pub id: Id,
}

/// The rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    table: Table,
    ends: Vec<u32>,
    data: Vec<u8>,
}

impl Frame {
    /// A frame without rows.
    pub(crate) fn new(app: Arc<str>, id: Id, received_ms: i64) -> Self {
        Self {
            key: BatchKey { app, id },
            received_ms,
            left_out: 0,
            sections: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn push<R: Row>(&mut self, row: &R) {
        let place = self
            .sections
            .iter()
            .position(|section| section.table == R::TABLE)
            .unwrap_or_else(|| {
                self.sections.push(Section {
                    table: R::TABLE,
                    ends: Vec::with_capacity(32),
                    data: Vec::with_capacity(ROWS),
                });
                self.sections.len() - 1
            });
        if let Some(section) = self.sections.get_mut(place) {
            row.encode(&mut section.data);
            // A frame of 4 GiB is refused by the spool, whatever its ends say.
            section.ends.push(u32::try_from(section.data.len()).unwrap_or(u32::MAX));
        }
    }

    /// How many rows it has for `table`.
    #[must_use]
    pub fn rows(&self, table: Table) -> usize {
        self.sections
            .iter()
            .filter(|section| section.table == table)
            .map(|section| section.ends.len())
            .sum()
    }

    /// Bytes of its payload if the rows are whole.
    pub(super) fn whole_length(&self) -> usize {
        let sections = self.sections.iter();
        let rows: usize = sections
            .map(|section| 5 + 4 * section.ends.len() + section.data.len())
            .sum();
        19 + self.app().len() + rows
    }

    /// An app's name is checked by the configuration and far shorter.
    fn app(&self) -> &[u8] {
        let app = self.key.app.as_bytes();
        app.get(..usize::from(u16::MAX)).unwrap_or(app)
    }

    /// What names it, and its payload: of the rows nothing else is left.
    pub(crate) fn into_payload(self) -> (BatchKey, Vec<u8>) {
        let payload = self.encode();
        (self.key, payload)
    }

    /// The payload, with its rows folded.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.whole_length());
        out.extend_from_slice(&self.key.id.0.to_le_bytes());
        out.extend_from_slice(&self.received_ms.to_le_bytes());
        let app = self.app();
        out.extend_from_slice(&(app.len() as u16).to_le_bytes());
        out.extend_from_slice(app);
        out.push(self.sections.len() as u8);
        let mut before: &[u8] = &[];
        for section in &self.sections {
            out.push(section.table as u8);
            out.extend_from_slice(&(section.ends.len() as u32).to_le_bytes());
            let mut start = 0;
            for end in &section.ends {
                let end = *end as usize;
                let row = section.data.get(start..end).unwrap_or_default();
                fold(before, row, &mut out);
                (before, start) = (row, end);
            }
        }
        // It waits for the disk, with many others.
        out.shrink_to_fit();
        out
    }

    /// The payload, with its rows whole.
    #[cfg(test)]
    pub(crate) fn whole(&self) -> Vec<u8> {
        let mut whole = Vec::new();
        unfolded(&self.encode(), &mut whole).unwrap();
        whole
    }
}

/// What a payload says of its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameHead<'a> {
    pub(crate) app: &'a str,
    id: Id,
    pub(crate) received_ms: i64,
}

impl FrameHead<'_> {
    /// What names the batch.
    pub(crate) fn key(&self) -> BatchKey {
        BatchKey {
            app: self.app.into(),
            id: self.id,
        }
    }
}

/// A payload is not what [`Frame::encode`] writes, although its checksum holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame is not readable")]
pub(crate) struct BadPayload;

/// Reads the part that names the batch.
pub(crate) fn head(payload: &[u8]) -> Result<FrameHead<'_>, BadPayload> {
    Payload(payload).head()
}

/// A payload whose rows are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WholePayload<'a>(&'a [u8]);

impl<'a> WholePayload<'a> {
    /// The payload as it is, or unfolded into `room`.
    ///
    /// # Errors
    /// It is not what was written, or would be longer than [`MAX_PAYLOAD`].
    pub(super) fn of(payload: &'a [u8], layout: Layout, room: &'a mut Vec<u8>) -> Result<Self, BadPayload> {
        match layout {
            Layout::Whole => Ok(Self(payload)),
            Layout::Folded => {
                unfolded(payload, room)?;
                Ok(Self(room))
            }
        }
    }

    /// Shows each table's rows to `each`. If it fails, it may have shown some.
    pub(crate) fn sections(self, mut each: impl FnMut(SectionView<'a>)) -> Result<FrameHead<'a>, BadPayload> {
        let mut rest = Payload(self.0);
        let head = rest.head()?;
        for _ in 0..rest.number::<1>()? {
            let table = rest.number::<1>()? as u8;
            let rows = rest.number::<4>()? as usize;
            let (ends, odd) = rest.bytes(rows.checked_mul(4).ok_or(BadPayload)?)?.as_chunks();
            debug_assert!(odd.is_empty(), "a multiple of four was asked for");
            let mut section = SectionView { table, ends, data: &[] };
            if !section.ends().is_sorted() {
                return Err(BadPayload);
            }
            section.data = rest.bytes(section.ends().next_back().unwrap_or(0))?;
            each(section);
        }
        if rest.0.is_empty() { Ok(head) } else { Err(BadPayload) }
    }
}

/// Makes `whole` the payload with its rows whole.
fn unfolded(payload: &[u8], whole: &mut Vec<u8>) -> Result<(), BadPayload> {
    let mut rest = Payload(payload);
    rest.head()?;
    let sections = rest.number::<1>()?;
    whole.clear();
    let (head, _) = payload
        .split_at_checked(payload.len() - rest.0.len())
        .ok_or(BadPayload)?;
    whole.extend_from_slice(head);
    let mut before = 0..0;
    for _ in 0..sections {
        whole.extend_from_slice(rest.0.get(..5).ok_or(BadPayload)?);
        let (_table, rows) = (rest.number::<1>()?, rest.number::<4>()? as usize);
        let ends = whole.len();
        // Each row is told by three bytes at least.
        if rows > rest.0.len() / 3 || ends + 4 * rows > MAX_PAYLOAD {
            return Err(BadPayload);
        }
        let base = ends + 4 * rows;
        whole.resize(base, 0);
        for at in (ends..base).step_by(4) {
            before = unfold(&mut rest.0, before, whole, MAX_PAYLOAD).ok_or(BadPayload)?;
            let end = ((before.end - base) as u32).to_le_bytes();
            whole.get_mut(at..at + 4).ok_or(BadPayload)?.copy_from_slice(&end);
        }
    }
    if rest.0.is_empty() { Ok(()) } else { Err(BadPayload) }
}

/// The rows of one table, where they lie in a payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SectionView<'a> {
    /// The table's number, see [`Table`].
    pub(crate) table: u8,
    ends: &'a [[u8; 4]],
    /// All rows, one after the other.
    pub(crate) data: &'a [u8],
}

impl<'a> SectionView<'a> {
    /// The end of each row in `data`.
    pub(crate) fn ends(self) -> impl DoubleEndedIterator<Item = usize> + 'a {
        self.ends.iter().map(|end| u32::from_le_bytes(*end) as usize)
    }

    /// Each row.
    pub(crate) fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        let starts = std::iter::once(0).chain(self.ends());
        // The ends were looked at before: none is beyond the data.
        starts
            .zip(self.ends())
            .filter_map(move |(start, end)| self.data.get(start..end))
    }
}

/// What is left of a payload.
struct Payload<'a>(&'a [u8]);

impl<'a> Payload<'a> {
    fn head(&mut self) -> Result<FrameHead<'a>, BadPayload> {
        let id = Id(self.number::<8>()?);
        let received_ms = self.number::<8>()?.cast_signed();
        let length = self.number::<2>()? as usize;
        let app = std::str::from_utf8(self.bytes(length)?).map_err(|_| BadPayload)?;
        Ok(FrameHead { app, id, received_ms })
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], BadPayload> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(BadPayload)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn number<const BYTES: usize>(&mut self) -> Result<u64, BadPayload> {
        let bytes = self.bytes(BYTES)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::store::row::ClockBadRow;
    use crate::store::rowbinary::{Low, Millis};
    use proptest::prelude::*;

    /// Appends the rows of `table` to `data` and their ends to `ends`; when the batch arrived.
    pub(crate) fn collect(
        payload: &[u8],
        table: Table,
        data: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<i64, BadPayload> {
        let mut room = Vec::new();
        let head = WholePayload::of(payload, Layout::Folded, &mut room)?.sections(|section| {
            if section.table == table as u8 {
                let base = data.len();
                ends.extend(section.ends().map(|end| base + end));
                data.extend_from_slice(section.data);
            }
        })?;
        Ok(head.received_ms)
    }

    /// A frame of `clock_bad` rows, which can hold any text.
    pub(crate) fn frame_of(id: u64, texts: &[&str]) -> Frame {
        let mut frame = Frame::new("shop".into(), Id(id), 1_000);
        for (ordinal, row) in (0..).zip(texts) {
            frame.push(&ClockBadRow {
                app: Low("shop"),
                ver: 1,
                recv_ts: Millis(1_000),
                skew_ms: 0,
                view_id: Id(id),
                table: Low("views"),
                kind: Low("view"),
                ordinal,
                row,
            });
        }
        frame
    }

    /// A frame with a row of that many bytes for each table; what rows consist of does not matter to who only carries them.
    pub(crate) fn frame_for_all(id: u64, bytes: usize) -> Frame {
        let mut frame = Frame::new("shop".into(), Id(id), 1_000);
        frame.sections = Table::ALL
            .map(|table| Section {
                table,
                ends: vec![bytes as u32],
                data: vec![0; bytes],
            })
            .into();
        frame
    }

    #[test]
    fn rows_come_back_with_their_borders() {
        let payload = frame_of(7, &["first", "second, longer"]).encode();
        let head = head(&payload).unwrap();
        let key = head.key();
        assert_eq!((&*key.app, key.id, head.received_ms), ("shop", Id(7), 1_000));
        let (mut data, mut ends) = (vec![0xff; 3], vec![3]);
        collect(&payload, Table::ClockBad, &mut data, &mut ends).unwrap();
        assert_eq!(ends.len(), 3);
        assert!(data[..ends[1]].ends_with(b"first") && data[..ends[2]].ends_with(b"second, longer"));
        assert_eq!(data.len(), ends[2]);
    }

    #[test]
    fn rows_of_other_tables_are_passed_over() {
        let payload = frame_of(7, &["row"]).encode();
        let (mut data, mut ends) = (Vec::new(), Vec::new());
        collect(&payload, Table::Views, &mut data, &mut ends).unwrap();
        assert_eq!((data.len(), ends.len()), (0, 0));
    }

    #[test]
    fn how_long_it_is_whole_is_known_before() {
        for texts in [&[][..], &["row"], &["first", "second", "third"]] {
            let frame = frame_of(7, texts);
            assert_eq!(frame.whole_length(), frame.whole().len(), "{texts:?}");
        }
    }

    /// A payload with one section of rows, folded.
    fn payload_of(rows: u32, folded: &[u8]) -> Vec<u8> {
        let mut payload = frame_of(7, &[]).encode();
        *payload.last_mut().unwrap() = 1;
        payload.push(Table::ClockBad as u8);
        payload.extend_from_slice(&rows.to_le_bytes());
        payload.extend_from_slice(folded);
        payload
    }

    #[test]
    fn what_no_collector_wrote_is_refused_before_it_takes_memory() {
        let mut whole = Vec::new();
        let row = |length: usize| {
            let mut row = Vec::new();
            crate::store::fold::fold(&[], &vec![b'x'; length], &mut row);
            row
        };
        // The second is the first once more.
        let twice = |length: usize| {
            let mut again = row(length);
            crate::store::fold::fold(&vec![b'x'; length], &vec![b'x'; length], &mut again);
            again
        };
        assert_eq!(unfolded(&payload_of(2, &twice(1 << 20)), &mut whole), Ok(()));
        let room = whole.capacity();
        for (what, payload) in [
            (
                "rows that are too long together",
                payload_of(2, &twice(MAX_PAYLOAD / 2)),
            ),
            ("more rows than bytes", payload_of(u32::MAX, &row(10))),
            ("a row too many", payload_of(2, &row(10))),
            ("a row too few", payload_of(1, &twice(10))),
            (
                "too many empty rows",
                payload_of(MAX_PAYLOAD as u32 / 4, &vec![0; MAX_PAYLOAD]),
            ),
        ] {
            assert_eq!(unfolded(&payload, &mut whole), Err(BadPayload), "{what}");
            assert!(
                whole.capacity() <= room.max(MAX_PAYLOAD),
                "{what}: {}",
                whole.capacity()
            );
        }
    }

    proptest! {
        #[test]
        fn no_payload_makes_the_reader_fall(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = head(&payload);
            let _ = collect(&payload, Table::Views, &mut Vec::new(), &mut Vec::new());
        }

        #[test]
        fn no_damage_makes_the_reader_fall(
            damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..130_u8), 1..5),
        ) {
            let mut payload = frame_of(7, &["first", "second", "third, longer"]).encode();
            for (place, byte) in damage {
                *place.get_mut(&mut payload) = byte;
            }
            let _ = head(&payload);
            let _ = collect(&payload, Table::ClockBad, &mut Vec::new(), &mut Vec::new());
        }

        #[test]
        fn a_cut_payload_is_refused(at in 0_usize..100) {
            let payload = frame_of(7, &["first", "second"]).encode();
            prop_assume!(at < payload.len());
            prop_assert!(collect(&payload[..at], Table::ClockBad, &mut Vec::new(), &mut Vec::new()).is_err());
        }
    }
}
