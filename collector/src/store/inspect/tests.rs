//! A spool on a real disk, and what is said of it: whole, torn, flipped, in use.

use super::*;
use crate::store::frame::tests::frame_of;
use crate::store::segment::{Payload, Writer, sync_data};
use crate::store::{Spool, SpoolOptions};

const TEXT: &str = "a text";

/// A spool with a segment of `frames` frames.
async fn spool(folder: &Path, frames: u64) -> Spool {
    let spool = Spool::open(SpoolOptions::new(folder.to_owned())).unwrap();
    for id in 0..frames {
        spool.append(frame_of(id, &[TEXT, "another"])).await.unwrap();
    }
    spool
}

/// The one segment of a spool, and its file.
fn only(folder: &Path) -> (SegmentContent, PathBuf) {
    let mut segments = inspect(folder).unwrap().segments;
    assert_eq!(segments.len(), 1, "{segments:?}");
    let content = segments.remove(0);
    let path = segment::path(folder, content.number);
    (content, path)
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 0x40;
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn check(folder: &Path, expected: &[(u64, u64, DamageKind)]) {
    let inspection = inspect(folder).unwrap();
    let found: Vec<_> = inspection
        .damage
        .iter()
        .map(|damage| (damage.offset, damage.bytes, damage.what))
        .collect();
    assert_eq!(found, expected, "{inspection:#?}");
}

#[tokio::test]
async fn what_a_running_spool_holds_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), 3).await;
    let mut consumer = spool.consumer(Table::ClockBad);
    spool.append(frame_of(3, &["last"])).await.unwrap();

    let inspection = inspect(folder.path()).unwrap();
    let (content, path) = only(folder.path());
    assert_eq!(content.state, SegmentState::Open);
    assert_eq!((content.frames, content.torn_bytes, content.damaged), (4, 0, 0));
    assert_eq!(content.bytes, fs::metadata(path).unwrap().len());
    assert_eq!(
        (content.first_arrival_ms, content.last_arrival_ms),
        (Some(1_000), Some(1_000))
    );
    let names: Vec<_> = content.tables.iter().map(|table| table.table.as_str()).collect();
    assert_eq!(names, Table::ALL.map(Table::name));
    let bad = &content.tables[Table::ClockBad.index()];
    assert_eq!((bad.rows, inspection.rows(), inspection.frames()), (7, 7, 4));

    let behind = |inspection: &Inspection| {
        let table = &inspection.tables[Table::ClockBad.index()];
        (table.rows, table.bytes)
    };
    assert_eq!(behind(&inspection), (7, bad.bytes));
    let batch = consumer
        .read(crate::store::pass::ReadLimits {
            rows: 1,
            bytes: usize::MAX,
        })
        .unwrap();
    consumer.advance(&batch);
    assert_eq!(behind(&inspect(folder.path()).unwrap()).0, 5, "one frame has passed");
    check(folder.path(), &[]);
}

#[tokio::test]
async fn a_flipped_byte_is_told_with_its_frame() {
    let folder = tempfile::tempdir().unwrap();
    drop(spool(folder.path(), 3).await);
    let (content, path) = only(folder.path());
    let frame = (content.bytes - FIRST_FRAME) / 3;
    let second = FIRST_FRAME + frame;
    let place = usize::try_from(second).unwrap();
    // In its magic, its length, its checksums and its payload.
    for at in [0, 9, 13, 17, 40] {
        flip(&path, place + at);
        check(folder.path(), &[(second, frame, DamageKind::Frame)]);
        assert_eq!(only(folder.path()).0.frames, 2);
        flip(&path, place + at);
    }
    check(folder.path(), &[]);
}

#[tokio::test]
async fn headers_are_checked_both() {
    let folder = tempfile::tempdir().unwrap();
    drop(spool(folder.path(), 1).await);
    let (content, path) = only(folder.path());
    let slot = HEADER_SLOT as u64;
    flip(&path, 20);
    check(folder.path(), &[(0, slot, DamageKind::Header)]);
    flip(&path, 20);
    flip(&path, HEADER_SLOT + 20);
    check(folder.path(), &[(slot, slot, DamageKind::Header)]);
    assert_eq!(only(folder.path()).0.frames, 1);
    flip(&path, 20);
    check(folder.path(), &[(0, content.bytes, DamageKind::BothHeaders)]);

    // The next start keeps the file under another name.
    drop(spool(folder.path(), 0).await);
    check(folder.path(), &[(0, content.bytes, DamageKind::SetAside)]);
}

#[tokio::test]
async fn a_torn_tail_is_damage_only_where_a_frame_was() {
    let folder = tempfile::tempdir().unwrap();
    let running = spool(folder.path(), 2).await;
    let (content, path) = only(folder.path());
    let frame = (content.bytes - FIRST_FRAME) / 2;
    let last = FIRST_FRAME + frame;
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(content.bytes - 1).unwrap();
    check(folder.path(), &[]);
    assert_eq!(only(folder.path()).0.torn_bytes, frame - 1);

    // A cursor has passed it: it was whole once.
    let mut consumer = running.consumer(Table::Views);
    file.set_len(content.bytes).unwrap();
    let batch = consumer
        .read(crate::store::pass::ReadLimits {
            rows: usize::MAX,
            bytes: usize::MAX,
        })
        .unwrap();
    consumer.advance(&batch);
    file.set_len(content.bytes - 1).unwrap();
    check(folder.path(), &[(last, frame - 1, DamageKind::Frame)]);
    drop(running);

    // So it is where another segment follows.
    let folder = tempfile::tempdir().unwrap();
    for number in [1, 2] {
        let mut writer = Writer::create(folder.path(), number, &Schema::current(), sync_data()).unwrap();
        writer
            .append(&[&Payload::new(frame_of(number, &[TEXT]).encode())])
            .unwrap();
        // Dropped, it cuts off what is behind its length.
        writer.length -= 1;
    }
    let inspection = inspect(folder.path()).unwrap();
    let damaged: Vec<_> = inspection.segments.iter().map(|segment| segment.damaged).collect();
    assert_eq!(damaged, [1, 0], "{inspection:#?}");
    assert!(inspection.segments[1].torn_bytes > 0);
}

#[tokio::test]
async fn rows_that_are_none_are_damage_although_the_checksums_hold() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), 1, &Schema::current(), sync_data()).unwrap();
    let whole = frame_of(1, &[TEXT]).encode();
    let mut longer = frame_of(2, &[TEXT]).encode();
    longer.push(0);
    // The row's text says that it is longer than its row.
    let mut text = frame_of(3, &[TEXT]).encode();
    let length = text.len() - TEXT.len() - 1;
    text[length] += 1;
    // The first row begins as the one before it, and there is none.
    let mut folded = frame_of(4, &[TEXT]).encode();
    let row = crate::store::frame::head(&folded).unwrap().app.len() + 24;
    folded[row] += 1;
    let payloads = [whole, longer, text, folded, b"no payload".to_vec()].map(Payload::new);
    writer.append(&payloads.each_ref()).unwrap();
    let inspection = inspect(folder.path()).unwrap();
    assert_eq!((inspection.frames(), inspection.rows()), (1, 1));
    let kinds: Vec<_> = inspection.damage.iter().map(|damage| damage.what).collect();
    assert_eq!(kinds, [DamageKind::Rows; 4]);
}

#[tokio::test]
async fn a_damaged_cursor_is_told() {
    let folder = tempfile::tempdir().unwrap();
    drop(spool(folder.path(), 1).await);
    let path = folder.path().join("views.cursor");
    fs::write(&path, "3 40000 00000000\n").unwrap();
    check(folder.path(), &[(0, 17, DamageKind::Cursor)]);
}

#[test]
fn without_a_spool_it_says_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let error = inspect(&folder.path().join("spool")).unwrap_err();
    assert!(matches!(error, InspectError::Missing { .. }) && error.to_string().contains("--config"));
    assert_eq!(inspect(folder.path()).unwrap().frames(), 0);
}

#[test]
fn a_segment_that_is_being_begun_is_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    drop(Writer::create(folder.path(), 1, &Schema::current(), sync_data()).unwrap());
    let path = segment::path(folder.path(), 1);
    let whole = fs::read(&path).unwrap();
    for length in [0, 100, HEADER_SLOT, HEADER_SLOT + 100, whole.len()] {
        fs::write(&path, &whole[..length]).unwrap();
        check(folder.path(), &[]);
    }
}
