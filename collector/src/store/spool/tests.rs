//! The spool on a real disk: what it keeps, what it survives, what it refuses.

use super::*;
use crate::store::batch_rows::BatchRows;
use crate::store::frame::tests::{collect, frame_of};
use crate::store::inspect::inspect;
use crate::store::pass::ReadLimits;
use crate::store::schema::Schema;
use crate::store::segment::{self, FIRST_FRAME, Format, Payload, Writer};
use futures_util::FutureExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

pub(super) const ALL: ReadLimits = ReadLimits {
    rows: usize::MAX,
    bytes: usize::MAX,
};

pub(super) fn options(folder: &Path) -> SpoolOptions {
    SpoolOptions::new(folder.join("spool"))
}

pub(super) fn open(folder: &Path) -> Spool {
    Spool::open(options(folder)).unwrap()
}

pub(super) async fn append(spool: &Spool, id: u64, text: &str) -> Result<Appended, SpoolError> {
    spool.append(frame_of(id, &[text])).await
}

/// How often each text stands in what the table's cursor has not passed.
pub(super) fn waiting(spool: &Spool, texts: &[&str]) -> Vec<usize> {
    let batch = spool.consumer(Table::ClockBad).read(ALL).unwrap();
    let data = batch.rows.data();
    let count = |text: &&str| {
        data.windows(text.len())
            .filter(|window| *window == text.as_bytes())
            .count()
    };
    texts.iter().map(count).collect()
}

/// Moves every cursor behind all that there is.
pub(super) fn pass_all(spool: &Spool) {
    for table in Table::ALL {
        let mut consumer = spool.consumer(table);
        // What an earlier pass has read may not be all.
        while !spool.health().tables[table.index()].drained {
            let batch = consumer.read(ALL).unwrap();
            consumer.advance(&batch);
        }
    }
}

pub(super) fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder.join("spool"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "segment"))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn what_is_appended_is_in_the_file_before_the_call_returns() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    assert_eq!(append(&spool, 1, "first").await.unwrap(), Appended::Stored);
    // As a killed process leaves it: another spool finds it in a copy of the files.
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("spool")).unwrap();
    let file = &segments(folder.path())[0];
    std::fs::copy(file, copy.path().join("spool").join(file.file_name().unwrap())).unwrap();
    assert_eq!(waiting(&open(copy.path()), &["first"]), [1]);
}

#[tokio::test]
async fn a_batch_is_stored_once_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    assert_eq!(append(&spool, 1, "first").await.unwrap(), Appended::Stored);
    assert_eq!(append(&spool, 1, "first").await.unwrap(), Appended::Duplicate);
    drop(spool);
    let spool = open(folder.path());
    assert_eq!(append(&spool, 1, "first").await.unwrap(), Appended::Duplicate);
    assert_eq!(append(&spool, 2, "second").await.unwrap(), Appended::Stored);
    assert_eq!(waiting(&spool, &["first", "second"]), [1, 1]);
}

#[tokio::test]
async fn cursors_survive_and_passed_segments_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    append(&spool, 1, "first").await.unwrap();
    pass_all(&spool);
    append(&spool, 2, "second").await.unwrap();
    assert_eq!(waiting(&spool, &["first", "second"]), [0, 1]);
    drop(spool);

    let spool = open(folder.path());
    assert_eq!(waiting(&spool, &["first", "second"]), [0, 1]);
    append(&spool, 3, "third").await.unwrap();
    assert_eq!(segments(folder.path()).len(), 2);
    let mut consumer = spool.consumer(Table::ClockBad);
    let batch = consumer.read(ALL).unwrap();
    consumer.advance(&batch);
    assert_eq!(segments(folder.path()).len(), 2, "the other cursors have not passed it");
    pass_all(&spool);
    assert_eq!(segments(folder.path()).len(), 1, "the one that is being written stays");
    assert!(spool.health().tables.iter().all(|table| table.drained));
}

#[tokio::test]
async fn a_full_spool_refuses_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.max_bytes = 4 * FIRST_FRAME;
    options.segment_bytes = FIRST_FRAME + 1;
    let spool = Spool::open(options).unwrap();
    let long = "x".repeat(1_000);
    let mut stored = 0;
    let error = loop {
        match append(&spool, stored, &long).await {
            Ok(appended) => assert_eq!(appended, Appended::Stored),
            Err(error) => break error,
        }
        stored += 1;
    };
    assert!(error.is_full(), "{error}");
    assert!(stored > 1 && spool.health().bytes <= 4 * FIRST_FRAME);
    let before = segments(folder.path()).len();
    let refusal = spool.health().refusal.unwrap();
    assert!(matches!(refusal.cause, RefusalCause::Full { .. }), "{refusal:?}");
    assert_eq!(refusal.message, error.to_string());
    assert!(append(&spool, 1_000, &long).await.unwrap_err().is_full());
    assert_eq!(
        spool.health().refusal.unwrap().since_ms,
        refusal.since_ms,
        "since the first of them"
    );
    assert_eq!(segments(folder.path()).len(), before, "a refusal leaves nothing behind");
    let rows = spool.consumer(Table::ClockBad).read(ALL).unwrap().rows.len();
    assert_eq!(rows as u64, stored, "what was acknowledged is there");

    pass_all(&spool);
    assert_eq!(spool.health().refusal, None, "there is room, although nobody has tried");
    assert_eq!(append(&spool, 1_000, &long).await.unwrap(), Appended::Stored);
    assert_eq!(waiting(&spool, &[&long]), [1]);
}

async fn append_of(spool: &Spool, app: &str, id: u64) -> Result<Appended, SpoolError> {
    let mut frame = frame_of(id, &[&"x".repeat(1_000)]);
    frame.key.app = app.into();
    spool.append(frame).await
}

#[tokio::test]
async fn what_each_app_takes_is_known_also_after_a_restart_until_it_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    for (app, id) in [("noisy", 1), ("noisy", 2), ("quiet", 1)] {
        append_of(&spool, app, id).await.unwrap();
    }
    assert_eq!(append_of(&spool, "noisy", 2).await.unwrap(), Appended::Duplicate);
    let held = |spool: &Spool| [spool.held("noisy"), spool.held("quiet")];
    let before = held(&spool);
    assert_eq!(before[0], 2 * before[1]);
    assert_eq!(before[0] + before[1], spool.health().bytes - FIRST_FRAME);
    drop(spool);
    let spool = open(folder.path());
    assert_eq!(held(&spool), before);
    append_of(&spool, "quiet", 2).await.unwrap();
    pass_all(&spool);
    assert_eq!(held(&spool), [0, before[1]], "the segment that is being written stays");
}

#[tokio::test]
async fn who_fills_the_spool_has_more_than_its_share_before_others_have_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.max_bytes = 20 * FIRST_FRAME;
    options.segment_bytes = 4 * FIRST_FRAME;
    let spool = Spool::open(options.clone()).unwrap();
    let is_over = |spool: &Spool| ["noisy", "quiet"].map(|app| spool.shares().is_over(app));
    append_of(&spool, "quiet", 0).await.unwrap();
    let mut sent = 0;
    while is_over(&spool) == [false, false] {
        sent += 1;
        append_of(&spool, "noisy", sent).await.unwrap();
    }
    assert_eq!(is_over(&spool), [true, false]);
    let SpoolHealth { bytes, limit_bytes, .. } = spool.health();
    assert!(bytes < limit_bytes * 4 / 5, "{bytes} of {limit_bytes}");
    drop(spool);

    let spool = Spool::open(options).unwrap();
    append_of(&spool, "quiet", 1).await.unwrap();
    assert_eq!(is_over(&spool), [true, false], "after a restart, too");
    pass_all(&spool);
    assert_eq!(is_over(&spool), [false, false]);
}

#[tokio::test]
async fn a_segment_that_is_long_enough_is_deleted_although_nothing_follows() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.segment_bytes = FIRST_FRAME + 1;
    let spool = Spool::open(options).unwrap();
    append(&spool, 1, "first").await.unwrap();
    pass_all(&spool);
    assert!(segments(folder.path()).is_empty());
}

#[tokio::test]
async fn after_a_failed_sync_the_file_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    options.sync = Arc::new(move |file| match counted.fetch_add(1, Ordering::SeqCst) {
        // The header, the first frame; then the second.
        2 => Err(io::Error::other("the disk is gone")),
        _ => file.sync_data(),
    });
    let spool = Spool::open(options).unwrap();
    append(&spool, 1, "first").await.unwrap();
    let error = append(&spool, 2, "second").await.unwrap_err();
    assert!(matches!(error, SpoolError::Io { .. }) && !error.is_full(), "{error}");
    let refusal = spool.health().refusal.unwrap();
    assert_eq!(refusal.cause, RefusalCause::Failing);
    assert!(
        refusal.message.contains("the disk is gone") && refusal.since_ms > 0,
        "{refusal:?}"
    );
    assert_eq!(
        append(&spool, 2, "second").await.unwrap(),
        Appended::Stored,
        "it was not seen"
    );
    assert_eq!(spool.health().refusal, None);
    assert_eq!(segments(folder.path()).len(), 2);
    assert_eq!(waiting(&spool, &["first", "second"]), [1, 1]);
}

#[tokio::test]
async fn a_disk_that_has_recovered_is_noticed_without_an_append() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    let healthy = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&healthy);
    options.sync = Arc::new(move |file| match state.load(Ordering::SeqCst) {
        true => file.sync_data(),
        false => Err(io::Error::other("the disk is gone")),
    });
    let spool = Spool::open(options).unwrap();
    append(&spool, 1, "first").await.unwrap_err();
    assert_eq!(spool.health().refusal.unwrap().cause, RefusalCause::Failing);
    healthy.store(true, Ordering::SeqCst);
    spool.log.refusal().wait_for(Option::is_none).await.unwrap();
    assert_eq!(append(&spool, 1, "first").await.unwrap(), Appended::Stored);
    assert_eq!(
        segments(folder.path()).len(),
        1,
        "the try and the frame share a segment"
    );
    assert_eq!(waiting(&spool, &["first"]), [1]);
}

#[tokio::test]
async fn a_thread_that_is_gone_shows() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.sync = Arc::new(|_| panic!("in the thread that writes"));
    let spool = Spool::open(options).unwrap();
    let error = append(&spool, 1, "first").await.unwrap_err();
    assert!(matches!(error, SpoolError::Closed), "{error}");
    assert_eq!(spool.health().refusal.unwrap().cause, RefusalCause::Failing);
}

/// A spool whose syncs say that they have begun, and wait until they are let go.
fn held(folder: &Path) -> (Spool, Receiver<()>, SyncSender<()>) {
    let (entered, enters): (SyncSender<()>, Receiver<()>) = sync_channel(8);
    let (release, released): (SyncSender<()>, Receiver<()>) = sync_channel(8);
    let released = Mutex::new(released);
    let mut options = options(folder);
    options.sync = Arc::new(move |file| {
        entered.send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
        file.sync_data()
    });
    (Spool::open(options).unwrap(), enters, release)
}

#[tokio::test]
async fn a_disk_that_does_not_answer_shows() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, enters, release) = held(folder.path());
    let appending = tokio::spawn({
        let spool = spool.clone();
        async move { append(&spool, 1, "first").await }
    });
    let entered = tokio::task::spawn_blocking(move || (enters.recv(), enters)).await;
    // Whoever syncs later tells it, too.
    let _enters = entered.unwrap().1;
    let refusal_in = |seconds| {
        let later = Instant::now() + Duration::from_secs(seconds);
        spool.log.health(spool.fsync, later).refusal
    };
    assert_eq!(refusal_in(1), None);
    let refusal = refusal_in(11).unwrap();
    assert_eq!(refusal.cause, RefusalCause::Failing);
    assert!(refusal.message.contains("has not answered for 11 s"), "{refusal:?}");
    // The header's sync, and the frame's.
    release.send(()).unwrap();
    release.send(()).unwrap();
    assert_eq!(appending.await.unwrap().unwrap(), Appended::Stored);
    // The thread tells of its answer before it is done.
    while refusal_in(11).is_some() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_frame_longer_than_the_whole_spool_is_refused_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.max_bytes = 4 * FIRST_FRAME;
    let spool = Spool::open(options).unwrap();
    let others = frame_of(1, &[""]).encode().len();
    // Three bytes of the length of such a text, of which an empty one has one.
    let longest = spool.log.longest_payload() - others - 2;
    // A folded row says in how many bytes its own are told.
    let [too_long, fits] = [longest, longest - 2].map(|length| "x".repeat(length));
    let error = append(&spool, 1, &too_long).await.unwrap_err();
    assert!(matches!(error, SpoolError::TooLarge { .. }), "{error}");
    assert_eq!(spool.health().refusal, None);
    assert_eq!(append(&spool, 1, &fits).await.unwrap(), Appended::Stored);
}

#[tokio::test]
async fn a_file_in_the_way_of_a_segment_stays_and_the_next_one_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let other = segment::path(spool.folder(), 1);
    std::fs::write(&other, "somebody's").unwrap();
    append(&spool, 1, "first").await.unwrap_err();
    assert_eq!(append(&spool, 1, "first").await.unwrap(), Appended::Stored);
    assert_eq!(std::fs::read(&other).unwrap(), b"somebody's");
}

#[tokio::test]
async fn frames_that_wait_share_one_sync_and_twins_share_one_frame() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, enters, release) = held(folder.path());
    let first = tokio::spawn({
        let spool = spool.clone();
        async move { append(&spool, 0, "first").await }
    });
    let enter = |enters: Receiver<()>| tokio::task::spawn_blocking(move || (enters.recv(), enters).1);
    // The header's sync; then the first frame's, which is held.
    let enters = enter(enters).await.unwrap();
    release.send(()).unwrap();
    let enters = enter(enters).await.unwrap();
    let mut others = Vec::new();
    for id in [1, 2, 3, 3] {
        let frame = frame_of(id, &["other"]);
        let spool = spool.clone();
        let mut append = Box::pin(async move { spool.append(frame).await });
        // Polled once, it is in the queue.
        tokio::select! {
            biased;
            fate = &mut append => panic!("nothing is synced yet, but {fate:?}"),
            () = std::future::ready(()) => {}
        }
        others.push(append);
    }
    release.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), Appended::Stored);
    let enters = enter(enters).await.unwrap();
    release.send(()).unwrap();
    let mut fates = Vec::new();
    for other in others {
        fates.push(other.await.unwrap());
    }
    assert_eq!(
        fates,
        [
            Appended::Stored,
            Appended::Stored,
            Appended::Stored,
            Appended::Duplicate
        ]
    );
    assert_eq!(enters.try_iter().count(), 0, "there was no other sync");
    assert_eq!(waiting(&spool, &["other"]), [3]);
}

#[tokio::test]
async fn what_a_frame_was_made_with_is_given_back_when_the_frame_is_with_the_disk_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, enters, release) = held(folder.path());
    let room = spool.writing.lend(&"noisy".into(), WRITING_KIB).await.unwrap();
    let place = Arc::new(());
    let mut append = Box::pin(spool.append_and_give_back(frame_of(0, &["text"]), Arc::clone(&place)));
    assert!((&mut append).now_or_never().is_none());
    assert_eq!(Arc::strong_count(&place), 2, "it waits in front of the disk");
    drop(room);
    assert!((&mut append).now_or_never().is_none());
    assert_eq!(Arc::strong_count(&place), 1, "nothing is synced yet");
    // The header, and the frame.
    for _ in 0..2 {
        release.send(()).unwrap();
    }
    assert_eq!(append.await.unwrap(), Appended::Stored);
    drop(enters);
}

#[tokio::test]
async fn large_frames_of_one_app_do_not_keep_another_one_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, enters, release) = held(folder.path());
    // Two of these may be with the thread, and not three.
    let large = "x".repeat(WRITING_KIB as usize * 1_024 * 2 / 5);
    let begin = |app: &str, id, text: &str| {
        let mut frame = frame_of(id, &[text]);
        frame.key.app = app.into();
        let spool = spool.clone();
        Box::pin(async move { spool.append(frame).await })
    };
    let mut noisy: Vec<_> = (0..5).map(|id| begin("noisy", id, &large)).collect();
    let mut quiet = begin("quiet", 0, "small");
    for append in noisy.iter_mut().chain([&mut quiet]) {
        // Polled once, it is with the thread or waits for that.
        tokio::select! {
            biased;
            fate = append => panic!("nothing is synced yet, but {fate:?}"),
            () = std::future::ready(()) => {}
        }
    }
    assert_eq!(spool.writing.waiting("noisy"), 3);
    assert_eq!(spool.writing.waiting("quiet"), 0, "it is with the thread at once");
    // The header, the first frame, and then all that was with the thread meanwhile.
    for _ in 0..3 {
        release.send(()).unwrap();
    }
    assert_eq!(quiet.await.unwrap(), Appended::Stored);
    for _ in 0..noisy.len() {
        release.send(()).unwrap();
    }
    let collect = tokio::task::spawn_blocking(move || while enters.recv().is_ok() {});
    for fate in futures_util::future::join_all(noisy).await {
        assert_eq!(fate.unwrap(), Appended::Stored);
    }
    drop(spool);
    collect.await.unwrap();
}

#[tokio::test]
async fn one_process_at_a_time_has_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let error = Spool::open(options(folder.path())).unwrap_err();
    assert!(matches!(error, SpoolError::Locked { .. }), "{error}");
    drop(spool);
    open(folder.path());
}

#[tokio::test]
async fn a_frame_beyond_the_limit_is_refused_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let others = frame_of(1, &[""]).whole().len();
    // Four bytes of the length of such a text, of which an empty one has one.
    let longest = MAX_PAYLOAD - others - 3;
    let half = "x".repeat(MAX_PAYLOAD / 2);
    let folds = frame_of(1, &[&half, &half]);
    assert!(folds.encode().len() < MAX_PAYLOAD);
    for (what, frame) in [
        ("a byte too much", frame_of(1, &[&"x".repeat(longest + 1)])),
        ("only folded", frame_of(1, &[&"x".repeat(longest)])),
        ("only whole", folds),
    ] {
        let error = spool.append(frame).await.unwrap_err();
        assert!(
            matches!(error, SpoolError::TooLarge { .. }) && !error.is_full(),
            "{what}: {error}"
        );
    }
    // What is taken comes back.
    let text = "x".repeat(longest - 2);
    append(&spool, 1, &text).await.unwrap();
    assert_eq!(waiting(&spool, &[&text]), [1]);
}

#[tokio::test]
async fn old_batches_are_forgotten_but_their_frames_are_not() {
    let folder = tempfile::tempdir().unwrap();
    for id in 0..5 {
        append(&open(folder.path()), id, "text").await.unwrap();
    }
    let mut options = options(folder.path());
    options.seen_batches = 2;
    let spool = Spool::open(options).unwrap();
    assert_eq!(waiting(&spool, &["text"]), [5]);
    assert_eq!(append(&spool, 4, "text").await.unwrap(), Appended::Duplicate);
    assert_eq!(append(&spool, 0, "text").await.unwrap(), Appended::Stored);
}

#[tokio::test]
async fn what_a_crash_leaves_of_a_new_segment_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    append(&open(folder.path()), 1, "first").await.unwrap();
    let file = segments(folder.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    // A header without frames, half a header, and an empty file.
    for (number, length) in [(7, FIRST_FRAME as usize), (8, 1_000), (9, 0)] {
        let name = format!("{number:012}.segment");
        std::fs::write(file.with_file_name(name), &whole[..length]).unwrap();
    }
    let spool = open(folder.path());
    assert_eq!(segments(folder.path()), [file]);
    assert_eq!(waiting(&spool, &["first"]), [1]);
    pass_all(&spool);
    assert!(spool.health().tables.iter().all(|table| table.drained));
    assert_eq!((spool.health().segments, spool.health().damaged), (0, 0));
}

#[tokio::test]
async fn a_segment_without_any_header_is_kept_for_people() {
    let folder = tempfile::tempdir().unwrap();
    append(&open(folder.path()), 1, "first").await.unwrap();
    let file = segments(folder.path()).remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[..FIRST_FRAME as usize].fill(0);
    std::fs::write(&file, &bytes).unwrap();
    let spool = open(folder.path());
    assert_eq!(waiting(&spool, &["first"]), [0]);
    assert_eq!(std::fs::read(file.with_extension("damaged")).unwrap(), bytes);
    assert_eq!(spool.health().damaged, 1);
    assert_eq!(append(&spool, 1, "first").await.unwrap(), Appended::Stored);
    drop(spool);
    let spool = open(folder.path());
    assert_eq!(spool.health().damaged, 1, "until somebody has taken it away");
    assert_ne!(segments(folder.path()), [file], "its number is not used again");
}

#[tokio::test]
async fn rows_of_an_older_schema_keep_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    let spool_folder = folder.path().join("spool");
    std::fs::create_dir(&spool_folder).unwrap();
    // As a collector left it whose tables had a column less.
    let mut older = serde_json::to_value(Schema::current()).unwrap();
    let columns = older["tables"][Table::ClockBad.index()]["columns"]
        .as_array_mut()
        .unwrap();
    columns.pop().unwrap();
    let older: Schema = serde_json::from_value(older).unwrap();
    let mut writer = Writer::create(&spool_folder, 1, &older, sync_data()).unwrap();
    let payload = Payload::new(frame_of(1, &["older"]).encode());
    writer.append(&[&payload]).unwrap();
    drop(writer);

    let spool = open(folder.path());
    append(&spool, 2, "newer").await.unwrap();
    let mut consumer = spool.consumer(Table::ClockBad);
    for schema in [older, Schema::current()] {
        let batch = consumer.read(ALL).unwrap();
        assert_eq!(
            (batch.columns.as_slice(), batch.rows.len()),
            (schema.columns(Table::ClockBad), 1)
        );
        consumer.advance(&batch);
    }
    assert_eq!(consumer.read(ALL).unwrap().rows.len(), 0);
}

#[tokio::test]
async fn segments_whose_rows_are_whole_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let spool_folder = folder.path().join("spool");
    std::fs::create_dir(&spool_folder).unwrap();
    let texts = ["one", "one and more"];
    let (mut data, mut ends) = (Vec::new(), Vec::new());
    // As a collector left it that did not fold rows.
    let frame = frame_of(1, &texts);
    collect(&frame.encode(), Table::ClockBad, &mut data, &mut ends).unwrap();
    let mut writer = Writer::create_in(Format::Compressed, &spool_folder, 1, &Schema::current(), sync_data()).unwrap();
    writer.append(&[&Payload::new(frame.whole())]).unwrap();
    let inspection = inspect(&spool_folder).unwrap();
    assert_eq!(
        (inspection.frames(), inspection.rows(), inspection.damaged()),
        (1, 2, 0)
    );

    let spool = open(folder.path());
    let frame = frame_of(2, &texts);
    collect(&frame.encode(), Table::ClockBad, &mut data, &mut ends).unwrap();
    assert!(frame.encode().len() < frame.whole().len());
    spool.append(frame).await.unwrap();
    let batch = spool.consumer(Table::ClockBad).read(ALL).unwrap();
    assert_eq!(batch.rows, BatchRows::new(data, ends));
}
