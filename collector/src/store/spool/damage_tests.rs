//! What a spool says of bytes that cannot be read: a crash has left them, or stored frames were lost.

use std::fs::{self, File};

use super::tests::{ALL, append, open, options, pass_all, segments, waiting};
use super::*;
use crate::store::segment::{self, FIRST_FRAME};
use crate::store::{Position, cursor};

#[tokio::test]
async fn a_torn_tail_is_cut_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    append(&spool, 1, "first").await.unwrap();
    append(&spool, 2, "second").await.unwrap();
    drop(spool);
    let file = &segments(folder.path())[0];
    let whole = fs::metadata(file).unwrap().len();
    File::options()
        .write(true)
        .open(file)
        .unwrap()
        .set_len(whole - 3)
        .unwrap();

    let spool = open(folder.path());
    let health = spool.health();
    assert!(health.torn_bytes > 0 && health.damaged == 0, "{health:?}");
    assert_eq!(waiting(&spool, &["first", "second"]), [1, 0]);
    // It was not acknowledged as far as this spool knows: the retry is stored.
    assert_eq!(append(&spool, 2, "second").await.unwrap(), Appended::Stored);
    drop(spool);
    assert_eq!(open(folder.path()).health().torn_bytes, 0, "it was cut from the file");
}

#[tokio::test]
async fn a_damaged_frame_costs_itself_and_is_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    for (id, text) in [(1, "first"), (2, "second"), (3, "third")] {
        append(&spool, id, text).await.unwrap();
    }
    drop(spool);
    let file = &segments(folder.path())[0];
    let mut bytes = fs::read(file).unwrap();
    let place = bytes.windows(6).position(|window| window == b"second").unwrap();
    bytes[place] ^= 1;
    fs::write(file, bytes).unwrap();
    let spool = open(folder.path());
    assert_eq!(waiting(&spool, &["first", "second", "third"]), [1, 0, 1]);
    assert_eq!(waiting(&spool, &["third"]), [1]);
    assert_eq!(spool.health().damaged, 1);
}

#[tokio::test]
async fn each_flipped_byte_of_a_segment_costs_at_most_its_frame_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let texts = ["<first>", "<second>", "<third>"];
    let spool = open(folder.path());
    for (id, text) in (1..).zip(texts) {
        append(&spool, id, text).await.unwrap();
    }
    drop(spool);
    let file = &segments(folder.path())[0];
    let whole = fs::read(file).unwrap();
    // Each byte of the frames, also of the last one, which was finished although nothing follows it; and of the headers' some: all of
    // those are tried where nothing else is opened with them.
    let headers = (0..FIRST_FRAME as usize).step_by(331);
    for place in headers.chain(FIRST_FRAME as usize..whole.len()) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        fs::write(file, &bytes).unwrap();
        let spool = open(folder.path());
        let lost = waiting(&spool, &texts).iter().filter(|found| **found == 0).count();
        let health = spool.health();
        let expected = u64::from(place >= FIRST_FRAME as usize);
        assert_eq!(
            (lost as u64, health.damaged, health.torn_bytes),
            (expected, expected, 0),
            "byte {place}: {health:?}"
        );
        drop(spool);
        assert_eq!(fs::read(file).unwrap(), bytes, "byte {place} is kept for people");
        fs::write(file, &whole).unwrap();
    }
}

/// A spool of two segments with two frames each, closed. The second frame of one of them is nothing but sevens, and nothing follows it
/// there; how long it was.
async fn with_a_bad_end(folder: &Path, segment: usize) -> u64 {
    for ids in [[1, 2], [3, 4]] {
        let spool = open(folder);
        for id in ids {
            append(&spool, id, &format!("<{id}>")).await.unwrap();
        }
        drop(spool);
    }
    let files = segments(folder);
    let mut bytes = fs::read(&files[segment]).unwrap();
    let frame = (bytes.len() as u64 - FIRST_FRAME) / 2;
    let end = bytes.len();
    bytes[end - frame as usize..].fill(7);
    fs::write(&files[segment], bytes).unwrap();
    frame
}

#[tokio::test]
async fn what_is_bad_at_the_end_of_a_finished_segment_is_damage_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let frame = with_a_bad_end(folder.path(), 0).await;
    let before = fs::read(&segments(folder.path())[0]).unwrap();
    for start in 1..=2 {
        let spool = open(folder.path());
        let health = spool.health();
        assert_eq!(
            (health.damaged, health.lost_bytes, health.torn_bytes),
            (1, frame, 0),
            "start {start}"
        );
        assert_eq!(waiting(&spool, &["<1>", "<2>", "<3>", "<4>"]), [1, 0, 1, 1]);
        assert_eq!(spool.health().damaged, 1, "the reader has met the same place");
        drop(spool);
        assert!(fs::read(&segments(folder.path())[0]).unwrap() == before);
    }
}

#[tokio::test]
async fn what_is_bad_at_the_end_of_the_newest_segment_is_torn_unless_a_cursor_has_passed_it() {
    let folder = tempfile::tempdir().unwrap();
    let frame = with_a_bad_end(folder.path(), 1).await;
    let file = segments(folder.path()).remove(1);
    let bad = fs::read(&file).unwrap();
    let number = segment::number(&file, segment::EXTENSION).unwrap();
    let end = bad.len() as u64;
    for (passed, damaged, torn) in [(end, frame, 0), (end - 1, frame, 0), (end - frame, 0, frame)] {
        let position = Position {
            segment: number,
            offset: passed,
        };
        cursor::store(&folder.path().join("spool"), Table::Vitals, position).unwrap();
        let health = open(folder.path()).health();
        assert_eq!((health.lost_bytes, health.torn_bytes), (damaged, torn), "{passed}");
        let length = fs::metadata(&file).unwrap().len();
        assert_eq!(length, end - torn, "{passed}");
        fs::write(&file, &bad).unwrap();
    }
}

#[tokio::test]
async fn a_loss_stays_counted_when_its_segment_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let frame = with_a_bad_end(folder.path(), 0).await;
    let spool = open(folder.path());
    pass_all(&spool);
    assert!(segments(folder.path()).is_empty());
    let health = spool.health();
    assert_eq!((health.damaged, health.lost_bytes), (1, frame));
    drop(spool);
    // What a start cannot find any more is for Prometheus to remember.
    assert_eq!(open(folder.path()).health().damaged, 0);
}

#[tokio::test]
async fn damage_that_happens_while_the_spool_is_open_is_counted_with_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    for (id, text) in [(1, "<1>"), (2, "<2>"), (3, "<3>")] {
        append(&spool, id, text).await.unwrap();
    }
    let file = &segments(folder.path())[0];
    let mut bytes = fs::read(file).unwrap();
    let frame = (bytes.len() - FIRST_FRAME as usize) / 3;
    bytes[FIRST_FRAME as usize + frame..][..frame].fill(7);
    fs::write(file, bytes).unwrap();
    assert_eq!(waiting(&spool, &["<1>", "<2>", "<3>"]), [1, 0, 1]);
    let health = spool.health();
    assert_eq!((health.damaged, health.lost_bytes), (1, frame as u64));
}

#[tokio::test]
async fn what_the_disk_does_not_give_waits_and_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.segment_bytes = FIRST_FRAME + 1;
    let spool = Spool::open(options).unwrap();
    for (id, text) in [(1, "<first>"), (2, "<second>"), (3, "<third>")] {
        append(&spool, id, text).await.unwrap();
    }
    let second = segments(folder.path()).remove(1);
    let aside = second.with_extension("aside");
    fs::rename(&second, &aside).unwrap();
    // It can be opened, and not read.
    fs::create_dir(&second).unwrap();
    let mut consumer = spool.consumer(Table::ClockBad);
    let before = consumer.read(ALL).unwrap();
    assert_eq!(before.rows.len(), 1, "what lies before it goes its way");
    consumer.advance(&before);
    for _ in 0..2 {
        let error = consumer.read(ALL).unwrap_err().to_string();
        assert!(error.starts_with("segment 2 at "), "{error}");
    }
    fs::remove_dir(&second).unwrap();
    fs::rename(&aside, &second).unwrap();
    assert_eq!(consumer.read(ALL).unwrap().rows.len(), 2);
    assert_eq!(spool.health().damaged, 0);
}

#[tokio::test]
async fn frames_before_a_place_that_the_disk_does_not_give_go_their_way() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    for (id, text) in [(1, "<first>"), (2, "<second>"), (3, "<third>")] {
        append(&spool, id, text).await.unwrap();
    }
    let file = segments(folder.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(whole.len() as u64 - 3)
        .unwrap();
    let mut consumer = spool.consumer(Table::ClockBad);
    let before = consumer.read(ALL).unwrap();
    assert_eq!(before.rows.len(), 2);
    consumer.advance(&before);
    assert!(consumer.read(ALL).is_err());
    fs::write(&file, &whole).unwrap();
    assert_eq!(consumer.read(ALL).unwrap().rows.len(), 1);
    assert_eq!(spool.health().damaged, 0);
}
