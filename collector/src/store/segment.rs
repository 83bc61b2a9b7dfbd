//! A segment: one file of the spool. A header, stored twice, then frames. Over 500 lines with its tests, for who reads the bytes
//! must agree with who writes them.
//!
//! ```text
//! header  "RUMSPOOL" | format u16 | frame magic u64 | schema: length u32, bytes | crc32c u32   (each copy in its slot)
//! frame   magic u64 | length u32 | crc32c of these | crc32c of the payload | payload
//! ```
//!
//! The schema is JSON, compressed with zstd since format 2; the rows in the payloads are folded since format 3. All numbers are little-endian. The magic is random for each segment, so a payload cannot forge it: after a bad frame
//! the reader looks for the next place where magic and checksums hold.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk;
use super::frame::{Layout, MAX_PAYLOAD};
use super::schema::Schema;
use crate::fault::Step;

const SIGNATURE: &[u8; 8] = b"RUMSPOOL";

/// What the bytes of the schema and of the payloads are, by the header's format. Only the newest is written, but a spool outlives its
/// collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The schema is JSON, and rows are whole.
    Plain = 1,
    /// The schema is compressed: names of columns repeat, and their tables grow.
    Compressed = 2,
    /// Rows are folded as well.
    Folded = 3,
}

impl Format {
    fn known(number: u16) -> Option<Self> {
        [Self::Plain, Self::Compressed, Self::Folded]
            .into_iter()
            .find(|format| *format as u16 == number)
    }

    fn layout(self) -> Layout {
        match self {
            Self::Plain | Self::Compressed => Layout::Whole,
            Self::Folded => Layout::Folded,
        }
    }

    fn pack(self, schema: &Schema) -> io::Result<Vec<u8>> {
        let json = serde_json::to_vec(schema)?;
        match self {
            Self::Plain => Ok(json),
            Self::Compressed | Self::Folded => zstd::bulk::compress(&json, zstd::DEFAULT_COMPRESSION_LEVEL),
        }
    }

    fn unpack(self, bytes: &[u8]) -> Option<Schema> {
        match self {
            Self::Plain => serde_json::from_slice(bytes).ok(),
            Self::Compressed | Self::Folded => {
                serde_json::from_slice(&zstd::bulk::decompress(bytes, MAX_SCHEMA).ok()?).ok()
            }
        }
    }
}

/// Bytes of JSON that a schema has at most.
const MAX_SCHEMA: usize = 1 << 20;

/// The place of one copy of the header, in bytes; a test holds the current schema against it.
pub(super) const HEADER_SLOT: usize = 16 * 1024;

/// Where the copies of the header begin.
const COPIES: [u64; 2] = [0, HEADER_SLOT as u64];

/// Where the first frame begins.
pub(super) const FIRST_FRAME: u64 = 2 * HEADER_SLOT as u64;

/// Bytes of a frame before its payload.
pub(super) const FRAME_HEADER: usize = 20;

/// The extension of a segment's file.
pub(super) const EXTENSION: &str = "segment";

/// How much is read ahead of the frame that was asked for, in bytes: frames are short, and each of them would be two calls of
/// the system.
pub(super) const AHEAD: usize = 128 << 10;

/// How much is read at once while looking for the next frame, in bytes.
const SCAN_WINDOW: usize = 1 << 20;

/// Makes bytes durable. A test replaces it to see what a failing disk does.
pub(super) type Sync = Arc<dyn Fn(&File) -> io::Result<()> + Send + std::marker::Sync>;

/// `fdatasync`.
pub(super) fn sync_data() -> Sync {
    Arc::new(File::sync_data)
}

/// The file of a segment.
pub(super) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.{EXTENSION}"))
}

/// The number of a segment's file with this extension; `None` for other files.
pub(super) fn number(path: &Path, extension: &str) -> Option<u64> {
    if path.extension()? != extension {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

/// What a frame carries, and its checksum. That is made where the bytes were: they are still in the core's cache there.
#[derive(Debug)]
pub(super) struct Payload {
    bytes: Vec<u8>,
    crc: u32,
}

impl Payload {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let crc = crc32c::crc32c(&bytes);
        Self { bytes, crc }
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that its frame takes.
    pub(super) fn frame_length(&self) -> u64 {
        (FRAME_HEADER + self.len()) as u64
    }
}

/// What stands before a payload.
fn frame_header(magic: u64, payload: &Payload) -> [u8; FRAME_HEADER] {
    let mut header = [0; FRAME_HEADER];
    let (covered, crcs) = header.split_at_mut(12);
    let (own_crc, crc) = crcs.split_at_mut(4);
    covered[..8].copy_from_slice(&magic.to_le_bytes());
    covered[8..].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    own_crc.copy_from_slice(&crc32c::crc32c(covered).to_le_bytes());
    crc.copy_from_slice(&payload.crc.to_le_bytes());
    header
}

/// A segment that is being written.
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    sync: Sync,
    /// Its number.
    pub(super) number: u64,
    /// What its frames begin with.
    pub(super) magic: u64,
    /// Bytes that are acknowledged or may be, header included.
    pub(super) length: u64,
}

impl Writer {
    /// Begins a segment: when this returns, the file and its name are durable.
    pub(super) fn create(folder: &Path, number: u64, schema: &Schema, sync: Sync) -> io::Result<Self> {
        Self::create_in(Format::Folded, folder, number, schema, sync)
    }

    /// Begins one of `format`: a test writes what an older collector left.
    pub(super) fn create_in(
        format: Format,
        folder: &Path,
        number: u64,
        schema: &Schema,
        sync: Sync,
    ) -> io::Result<Self> {
        let path = path(folder, number);
        let magic = rand::random();
        // A file that is there already is somebody's, and stays.
        let mut file = disk::create(Step::SegmentCreate, &path)?;
        let mut begin = || {
            let slot = encode_header(format, magic, schema)?;
            let mut copies = [IoSlice::new(&slot), IoSlice::new(&slot)];
            disk::write(Step::HeaderWrite, (&path, &mut file), &mut copies)?;
            disk::sync(Step::HeaderSync, (&path, &file), &sync)?;
            disk::sync_folder(Step::FolderSync, folder)
        };
        match begin() {
            Ok(()) => Ok(Self {
                path,
                file,
                sync,
                number,
                magic,
                length: FIRST_FRAME,
            }),
            Err(error) => {
                // Nothing was acknowledged from it; what stays behind is recognised as empty at the next start.
                let _ = disk::remove(Step::EmptyDelete, &path);
                Err(error)
            }
        }
    }

    /// Writes a frame of each payload and makes them durable. After an error the file must not be used any more.
    pub(super) fn append(&mut self, payloads: &[&Payload]) -> io::Result<()> {
        self.write(payloads)?;
        self.sync()?;
        self.keep(payloads);
        Ok(())
    }

    /// Writes a frame of each payload, which a later [`sync`](Self::sync) makes durable. Likewise after an error.
    pub(super) fn append_unsynced(&mut self, payloads: &[&Payload]) -> io::Result<()> {
        self.write(payloads)?;
        self.keep(payloads);
        Ok(())
    }

    /// Makes durable what was written. After an error the file must not be used any more: pages that a failed sync dropped would
    /// make the next sync succeed, which proves nothing.
    pub(super) fn sync(&self) -> io::Result<()> {
        disk::sync(Step::AppendSync, (&self.path, &self.file), &self.sync)
    }

    fn write(&mut self, payloads: &[&Payload]) -> io::Result<()> {
        let headers: Vec<_> = payloads
            .iter()
            .map(|payload| frame_header(self.magic, payload))
            .collect();
        // From where they are: a group may be as large as all that may wait.
        let pieces = headers.iter().zip(payloads);
        let mut pieces: Vec<_> = pieces
            .flat_map(|(header, payload)| [IoSlice::new(header), IoSlice::new(&payload.bytes)])
            .collect();
        disk::write(Step::AppendWrite, (&self.path, &mut self.file), &mut pieces)
    }

    fn keep(&mut self, payloads: &[&Payload]) {
        self.length += payloads.iter().map(|payload| payload.frame_length()).sum::<u64>();
    }
}

impl Drop for Writer {
    /// What an append left behind that failed half-way is cut off, as well as it goes: nobody was told that it is there.
    fn drop(&mut self) {
        let longer = self.file.metadata().is_ok_and(|file| file.len() > self.length);
        if longer && let Err(error) = self.file.set_len(self.length) {
            tracing::warn!(segment = self.number, %error, "an unfinished frame stays at the end of a spool segment");
        }
    }
}

fn encode_header(format: Format, magic: u64, schema: &Schema) -> io::Result<Vec<u8>> {
    let schema = format.pack(schema)?;
    let mut slot = Vec::with_capacity(HEADER_SLOT);
    slot.extend_from_slice(SIGNATURE);
    slot.extend_from_slice(&(format as u16).to_le_bytes());
    slot.extend_from_slice(&magic.to_le_bytes());
    slot.extend_from_slice(&(schema.len() as u32).to_le_bytes());
    slot.extend_from_slice(&schema);
    let crc = crc32c::crc32c(&slot);
    slot.extend_from_slice(&crc.to_le_bytes());
    if slot.len() > HEADER_SLOT {
        return Err(io::Error::other("the schema does not fit into the header of a segment"));
    }
    slot.resize(HEADER_SLOT, 0);
    Ok(slot)
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    format: Format,
    magic: u64,
    schema: Schema,
}

/// A segment is whole, but says more than this collector knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a newer collector has written it: start that one, and let it drain the spool (`rum-collector spool ls`)")]
pub(super) struct Newer;

impl From<Newer> for io::Error {
    fn from(newer: Newer) -> Self {
        Self::new(io::ErrorKind::Unsupported, newer)
    }
}

/// What the slot says, if its checksum holds.
fn decode_header(slot: &[u8]) -> Option<Result<Header, Newer>> {
    let (format, rest) = slot.strip_prefix(SIGNATURE)?.split_first_chunk()?;
    let (magic, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (schema, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let (crc, _) = rest.split_first_chunk()?;
    let covered = slot.len() - rest.len();
    if crc32c::crc32c(slot.get(..covered)?) != u32::from_le_bytes(*crc) {
        return None;
    }
    let known = Format::known(u16::from_le_bytes(*format)).and_then(|format| {
        Some(Header {
            format,
            magic: u64::from_le_bytes(*magic),
            schema: format.unpack(schema)?,
        })
    });
    Some(known.ok_or(Newer))
}

/// The header at `at`; `None` if it is damaged, or the file is too short.
fn read_header(file: &File, at: u64) -> io::Result<Option<Header>> {
    let mut slot = vec![0; HEADER_SLOT];
    match file.read_exact_at(&mut slot, at) {
        Ok(()) => Ok(decode_header(&slot).transpose()?),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the copies of a segment's header lie that cannot be read: one of them does no harm.
pub(super) fn damaged_headers(path: &Path) -> io::Result<Vec<u64>> {
    let file = File::open(path)?;
    let mut damaged = Vec::new();
    for at in COPIES {
        if read_header(&file, at)?.is_none() {
            damaged.push(at);
        }
    }
    Ok(damaged)
}

/// How many bytes lie between `offset` and the next whole frame behind it, or the end.
pub(super) fn bytes_until_next(path: &Path, offset: u64, end: u64) -> io::Result<u64> {
    let next = match Reader::open(path)? {
        Some(mut reader) => reader.next(offset, end, &mut Vec::new())?,
        None => Next::Torn,
    };
    Ok(match next {
        Next::Frame { next } | Next::Damaged { next } => next.saturating_sub(offset),
        Next::Torn | Next::End => end.saturating_sub(offset),
    })
}

/// A segment that is being read.
#[derive(Debug)]
pub(super) struct Reader {
    file: File,
    magic: u64,
    /// How rows lie in its payloads.
    pub(super) layout: Layout,
    /// What its rows look like.
    pub(super) schema: Arc<Schema>,
    ahead: Ahead,
}

/// Bytes of a file that were read before they were asked for.
#[derive(Debug, Default)]
struct Ahead {
    start: u64,
    bytes: Vec<u8>,
}

impl Ahead {
    /// Fills `out` with what is at `offset`. Nothing from `end` on is read: it may not be written yet.
    fn read(&mut self, file: &File, out: &mut [u8], offset: u64, end: u64) -> io::Result<()> {
        if out.len() > AHEAD {
            return file.read_exact_at(out, offset);
        }
        if self.known(offset, out.len()).is_none() {
            let length = AHEAD.min(usize::try_from(end.saturating_sub(offset)).unwrap_or(AHEAD));
            self.bytes.resize(length.max(out.len()), 0);
            self.start = offset;
            if file.read_exact_at(&mut self.bytes, offset).is_err() {
                // What was asked for may lie before the place that cannot be read.
                self.bytes.clear();
                return file.read_exact_at(out, offset);
            }
        }
        match self.known(offset, out.len()) {
            Some(known) => out.copy_from_slice(known),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    fn known(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(length)?)
    }
}

/// What lies at an offset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A frame, whose payload is in the buffer; the next one begins at `next`.
    Frame { next: u64 },
    /// Bytes that are no frame, up to the next frame or the end.
    Damaged { next: u64 },
    /// Bytes that are no frame, and none follows: what a crash may leave of a frame that nobody was told of.
    Torn,
    /// Nothing.
    End,
}

impl Reader {
    /// Opens a segment. `None`: both copies of the header are damaged.
    ///
    /// # Errors
    /// When no copy holds, and the disk does not give one of them; and [`Newer`].
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        let mut failed = None;
        for at in COPIES {
            match read_header(&file, at) {
                Ok(Some(Header { format, magic, schema })) => {
                    return Ok(Some(Self {
                        file,
                        magic,
                        layout: format.layout(),
                        schema: Arc::new(schema),
                        ahead: Ahead::default(),
                    }));
                }
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        // What the disk does not give may be whole, and come another time.
        failed.map_or(Ok(None), Err)
    }

    /// Reads what begins at `offset`; bytes from `end` on do not count.
    pub(super) fn next(&mut self, offset: u64, end: u64, payload: &mut Vec<u8>) -> io::Result<Next> {
        if offset >= end {
            return Ok(Next::End);
        }
        match self.frame(offset, end, payload)? {
            Place::Frame { next } => Ok(Next::Frame { next }),
            Place::BadPayload { next } => Ok(Next::Damaged { next }),
            Place::Nothing => Ok(match self.find(offset + 1, end, payload)? {
                Some(next) => Next::Damaged { next },
                None if self.was_finished(offset, end, payload)? => Next::Damaged { next: end },
                None => Next::Torn,
            }),
        }
    }

    /// Whether what lies from `offset` to `end` is a frame but for its own header: its payload is whole, so nothing broke off while it
    /// was written.
    fn was_finished(&mut self, offset: u64, end: u64, payload: &mut Vec<u8>) -> io::Result<bool> {
        let body = offset + FRAME_HEADER as u64;
        let length = usize::try_from(end.saturating_sub(body)).unwrap_or(usize::MAX);
        // Nothing has a checksum of zeros, and zeros are what a file system may leave.
        if length == 0 || length > MAX_PAYLOAD {
            return Ok(false);
        }
        let mut header = [0; FRAME_HEADER];
        self.ahead.read(&self.file, &mut header, offset, end)?;
        let [.., a, b, c, d] = header;
        payload.resize(length, 0);
        self.ahead.read(&self.file, payload, body, end)?;
        Ok(crc32c::crc32c(payload) == u32::from_le_bytes([a, b, c, d]))
    }

    fn frame(&mut self, offset: u64, end: u64, payload: &mut Vec<u8>) -> io::Result<Place> {
        let body = offset + FRAME_HEADER as u64;
        if body > end {
            return Ok(Place::Nothing);
        }
        let mut header = [0; FRAME_HEADER];
        self.ahead.read(&self.file, &mut header, offset, end)?;
        let Some(FrameHeader { length, crc }) = FrameHeader::read(&header, self.magic) else {
            return Ok(Place::Nothing);
        };
        let next = body + length as u64;
        if length > MAX_PAYLOAD || next > end {
            return Ok(Place::Nothing);
        }
        payload.resize(length, 0);
        self.ahead.read(&self.file, payload, body, end)?;
        // The length has its own checksum, so the next frame is known even if this payload is bad.
        Ok(if crc32c::crc32c(payload) == crc {
            Place::Frame { next }
        } else {
            Place::BadPayload { next }
        })
    }

    /// The first frame from `from` on that is whole.
    fn find(&mut self, from: u64, end: u64, payload: &mut Vec<u8>) -> io::Result<Option<u64>> {
        let magic = self.magic.to_le_bytes();
        let mut window = Vec::new();
        let mut start = from;
        while start + FRAME_HEADER as u64 <= end {
            window.resize(SCAN_WINDOW.min(usize::try_from(end - start).unwrap_or(usize::MAX)), 0);
            self.file.read_exact_at(&mut window, start)?;
            for (place, bytes) in (0..).zip(window.windows(magic.len())) {
                let found = bytes == magic && matches!(self.frame(start + place, end, payload)?, Place::Frame { .. });
                if found {
                    return Ok(Some(start + place));
                }
            }
            // A magic across the border is seen whole by the next window.
            start += (window.len() + 1 - magic.len()) as u64;
        }
        Ok(None)
    }
}

enum Place {
    Frame { next: u64 },
    BadPayload { next: u64 },
    Nothing,
}

struct FrameHeader {
    length: usize,
    crc: u32,
}

impl FrameHeader {
    fn read(header: &[u8; FRAME_HEADER], magic: u64) -> Option<Self> {
        let (covered, rest) = header.split_first_chunk::<12>()?;
        let (own_crc, rest) = rest.split_first_chunk()?;
        let (crc, _) = rest.split_first_chunk()?;
        let (found, length) = covered.split_first_chunk()?;
        let (length, _) = length.split_first_chunk()?;
        let holds = u64::from_le_bytes(*found) == magic && crc32c::crc32c(covered) == u32::from_le_bytes(*own_crc);
        holds.then(|| Self {
            length: u32::from_le_bytes(*length) as usize,
            crc: u32::from_le_bytes(*crc),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a segment of `payloads` and gives its path and bytes.
    fn segment(folder: &Path, payloads: impl Fn(u64) -> Vec<Vec<u8>>) -> (PathBuf, Vec<u8>) {
        let mut writer = Writer::create(folder, 1, &Schema::current(), sync_data()).unwrap();
        let payloads = payloads(writer.magic);
        let payloads: Vec<_> = payloads.into_iter().map(Payload::new).collect();
        writer.append(&payloads.iter().collect::<Vec<_>>()).unwrap();
        let path = path(folder, 1);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len() as u64, writer.length);
        (path, bytes)
    }

    /// All payloads of the file, and how many bytes were lost in how many places.
    fn read(path: &Path) -> (Vec<Vec<u8>>, usize) {
        let mut reader = Reader::open(path).unwrap().unwrap();
        let end = std::fs::metadata(path).unwrap().len();
        let (mut payloads, mut lost, mut offset, mut payload) = (Vec::new(), 0, FIRST_FRAME, Vec::new());
        loop {
            match reader.next(offset, end, &mut payload).unwrap() {
                Next::Frame { next } => {
                    payloads.push(payload.clone());
                    offset = next;
                }
                Next::Damaged { next } => {
                    lost += 1;
                    offset = next;
                }
                Next::Torn => return (payloads, lost + 1),
                Next::End => return (payloads, lost),
            }
        }
    }

    fn three(_: u64) -> Vec<Vec<u8>> {
        vec![b"first".to_vec(), Vec::new(), b"third, longer".to_vec()]
    }

    #[test]
    fn frames_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = segment(folder.path(), three);
        assert_eq!(read(&path), (three(0), 0));
        assert_eq!(
            Reader::open(&path).unwrap().unwrap().schema.as_ref(),
            &Schema::current()
        );
        assert_eq!(number(&path, EXTENSION), Some(1));
        assert_eq!(number(Path::new("cursor.views"), EXTENSION), None);
    }

    #[test]
    fn any_flipped_byte_costs_at_most_its_frame_and_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = segment(folder.path(), three);
        let all = three(0);
        let file = File::options().write(true).open(&path).unwrap();
        for place in FIRST_FRAME as usize..bytes.len() {
            file.write_all_at(&[bytes[place] ^ 0x40], place as u64).unwrap();
            let (payloads, lost) = read(&path);
            file.write_all_at(&bytes[place..=place], place as u64).unwrap();
            assert_eq!(lost, 1, "byte {place}");
            assert_eq!(payloads.len(), all.len() - lost, "byte {place}");
            assert!(payloads.iter().all(|payload| all.contains(payload)), "byte {place}");
        }
    }

    #[test]
    fn no_flipped_byte_of_a_header_costs_anything() {
        let folder = tempfile::tempdir().unwrap();
        // A small schema, for it is read 32,768 times.
        let schema: Schema = serde_json::from_str(r#"{"tables":[]}"#).unwrap();
        let mut writer = Writer::create(folder.path(), 1, &schema, sync_data()).unwrap();
        let payloads = [b"first".to_vec(), b"second".to_vec()].map(Payload::new);
        writer.append(&payloads.each_ref()).unwrap();
        let path = path(folder.path(), 1);
        let bytes = std::fs::read(&path).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        for place in 0..FIRST_FRAME as usize {
            file.write_all_at(&[bytes[place] ^ 0x40], place as u64).unwrap();
            let (payloads, lost) = read(&path);
            file.write_all_at(&bytes[place..=place], place as u64).unwrap();
            assert_eq!((payloads.len(), lost), (2, 0), "byte {place}");
        }
    }

    #[test]
    fn a_payload_that_holds_the_magic_or_a_whole_frame_is_only_a_payload() {
        let folder = tempfile::tempdir().unwrap();
        let payloads = |magic: u64| {
            let mut forged = b"before".to_vec();
            forged.extend(frame_header(magic ^ 1, &Payload::new(b"forged".to_vec())));
            forged.extend(b"forged");
            vec![magic.to_le_bytes().repeat(3), forged, b"last".to_vec()]
        };
        let (path, bytes) = segment(folder.path(), payloads);
        assert_eq!(read(&path).0.len(), 3);
        // With its first frame's header broken, the search passes over the magics inside its payload.
        let mut broken = bytes;
        broken[FIRST_FRAME as usize] ^= 1;
        std::fs::write(&path, &broken).unwrap();
        let (payloads, lost) = read(&path);
        assert_eq!((payloads.len(), lost), (2, 1));
        assert_eq!(payloads[1], b"last");
    }

    #[test]
    fn a_torn_tail_is_told_from_damage() {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = segment(folder.path(), three);
        for cut in 1..33 {
            std::fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            let mut reader = Reader::open(&path).unwrap().unwrap();
            let end = (bytes.len() - cut) as u64;
            let last = bytes.len() as u64 - Payload::new(b"third, longer".to_vec()).frame_length();
            assert_eq!(reader.next(last, end, &mut Vec::new()).unwrap(), Next::Torn, "{cut}");
        }
    }

    #[test]
    fn a_frame_that_was_finished_is_no_torn_tail_whichever_byte_of_it_is_flipped() {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = segment(folder.path(), three);
        let end = bytes.len() as u64;
        let last = end - Payload::new(b"third, longer".to_vec()).frame_length();
        for place in last as usize..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 0x40;
            std::fs::write(&path, flipped).unwrap();
            let mut reader = Reader::open(&path).unwrap().unwrap();
            let met = reader.next(last, end, &mut Vec::new()).unwrap();
            assert_eq!(met, Next::Damaged { next: end }, "byte {place}");
            assert_eq!(bytes_until_next(&path, last, end).unwrap(), end - last);
        }
        // A file system may know a length before it knows the bytes.
        for length in 1..40 {
            let zeros = [&bytes[..last as usize], &vec![0; length]].concat();
            std::fs::write(&path, &zeros).unwrap();
            let mut reader = Reader::open(&path).unwrap().unwrap();
            let met = reader.next(last, zeros.len() as u64, &mut Vec::new()).unwrap();
            assert_eq!(met, Next::Torn, "{length} zeros");
        }
    }

    #[test]
    fn the_search_crosses_its_windows() {
        let folder = tempfile::tempdir().unwrap();
        for length in [SCAN_WINDOW - 21, SCAN_WINDOW - 17, SCAN_WINDOW, SCAN_WINDOW + 5] {
            let folder = tempfile::tempdir_in(folder.path()).unwrap();
            let (path, mut bytes) = segment(folder.path(), |_| vec![vec![7; length], b"after".to_vec()]);
            bytes[FIRST_FRAME as usize] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(read(&path), (vec![b"after".to_vec()], 1), "{length}");
        }
    }

    #[test]
    fn a_file_without_a_header_is_no_segment() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path(), 3);
        for length in [0, 100, HEADER_SLOT, 3 * HEADER_SLOT] {
            std::fs::write(&path, vec![0; length]).unwrap();
            assert!(Reader::open(&path).unwrap().is_none(), "{length}");
        }
    }

    #[test]
    fn the_schema_leaves_room_in_its_header() {
        let schema = Format::Compressed.pack(&Schema::current()).unwrap();
        assert!(schema.len() < HEADER_SLOT / 2, "{} bytes", schema.len());
    }

    #[test]
    fn headers_of_every_format_are_read() {
        let schema: Schema = serde_json::from_str(
            r#"{"tables":[{"number":5,"name":"actions","columns":[{"name":"retention","sql_type":"UInt16"}]}]}"#,
        )
        .unwrap();
        for format in [Format::Plain, Format::Compressed, Format::Folded] {
            let slot = encode_header(format, 7, &schema).unwrap();
            let (magic, schema) = (7, schema.clone());
            assert_eq!(decode_header(&slot), Some(Ok(Header { format, magic, schema })));
        }
    }

    #[test]
    fn a_newer_segment_is_told_from_a_damaged_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut bytes) = segment(folder.path(), three);
        let length = bytes[18..22].try_into().unwrap();
        let covered = 22 + u32::from_le_bytes(length) as usize;
        bytes[SIGNATURE.len()] = 4;
        std::fs::write(&path, &bytes).unwrap();
        // The other copy holds.
        assert!(Reader::open(&path).unwrap().is_some());
        let (_, second) = bytes.split_at_mut(HEADER_SLOT);
        second[SIGNATURE.len()] = 4;
        std::fs::write(&path, &bytes).unwrap();
        assert!(Reader::open(&path).unwrap().is_none(), "the checksums do not hold");
        for copy in COPIES {
            let slot = &mut bytes[usize::try_from(copy).unwrap()..];
            let crc = crc32c::crc32c(&slot[..covered]).to_le_bytes();
            slot[covered..covered + 4].copy_from_slice(&crc);
        }
        std::fs::write(&path, &bytes).unwrap();
        let error = Reader::open(&path).unwrap_err();
        assert!(error.to_string().contains("newer collector"), "{error}");
    }

    #[test]
    fn what_the_disk_does_not_give_is_not_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path(), 1);
        // It can be opened, and not read.
        std::fs::create_dir(&path).unwrap();
        assert!(Reader::open(&path).is_err());
        assert!(damaged_headers(&path).is_err());
    }

    #[test]
    fn what_lies_before_an_unreadable_place_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = segment(folder.path(), three);
        let mut reader = Reader::open(&path).unwrap().unwrap();
        // There the disk gives less than was written.
        let end = bytes.len() as u64 + 100;
        let (mut payload, mut offset) = (Vec::new(), FIRST_FRAME);
        for expected in three(0) {
            let Next::Frame { next } = reader.next(offset, end, &mut payload).unwrap() else {
                panic!("no frame at {offset}")
            };
            assert_eq!(payload, expected);
            offset = next;
        }
        assert!(reader.next(offset, end, &mut payload).is_err());
    }

    #[test]
    fn a_file_in_the_way_of_a_segment_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = segment(folder.path(), three);
        assert!(Writer::create(folder.path(), 1, &Schema::current(), sync_data()).is_err());
        assert!(std::fs::read(&path).unwrap() == bytes);
    }
}
