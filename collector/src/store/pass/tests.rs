use proptest::prelude::*;

use super::*;
use crate::store::consumer::Consumer;
use crate::store::frame::tests::{frame_for_all, frame_of};
use crate::store::segment::FIRST_FRAME;
use crate::store::{Spool, SpoolOptions};

const ALL: ReadLimits = ReadLimits {
    rows: usize::MAX,
    bytes: usize::MAX,
};

/// A spool with that many frames of one row each.
async fn spool(folder: &std::path::Path, frames: u64) -> Spool {
    let spool = Spool::open(SpoolOptions::new(folder.to_owned())).unwrap();
    append(&spool, 0..frames).await;
    spool
}

async fn append(spool: &Spool, ids: std::ops::Range<u64>) {
    for id in ids {
        spool.append(frame_of(id, &[&text(id)])).await.unwrap();
    }
}

fn text(id: u64) -> String {
    format!("<{id:03}>")
}

/// The rows that a table fetches, as it does when its last insert is through.
fn fetch(consumer: &mut Consumer, limits: ReadLimits) -> Vec<u64> {
    let batch = consumer.read(limits).unwrap();
    consumer.advance(&batch);
    ids(&batch)
}

fn ids(batch: &Batch) -> Vec<u64> {
    let text = String::from_utf8_lossy(batch.rows.data());
    let ids = text.split('<').skip(1).filter_map(|rest| rest.get(..3)?.parse().ok());
    ids.collect()
}

/// Makes all frames unreadable.
fn spoil(folder: &std::path::Path) {
    let path = segment::path(folder, 1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[FIRST_FRAME as usize..].fill(0);
    std::fs::write(&path, bytes).unwrap();
}

#[tokio::test]
async fn who_comes_second_needs_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), 3).await;
    assert!(fetch(&mut spool.consumer(Table::Views), ALL).is_empty());
    spoil(folder.path());
    assert_eq!(fetch(&mut spool.consumer(Table::ClockBad), ALL), [0, 1, 2]);
    assert_eq!(spool.health().damaged, 0);
}

#[tokio::test]
async fn who_is_behind_reads_alone_and_is_in_step_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), 3).await;
    let (mut views, mut bad) = (spool.consumer(Table::Views), spool.consumer(Table::ClockBad));
    fetch(&mut views, ALL);
    append(&spool, 3..5).await;
    fetch(&mut views, ALL);
    // The rows of the first pass are gone; those of the second one wait.
    assert_eq!(fetch(&mut bad, ALL), [0, 1, 2]);
    spoil(folder.path());
    assert_eq!(fetch(&mut bad, ALL), [3, 4]);
    assert_eq!(spool.health().damaged, 0);
}

#[tokio::test]
async fn rows_whose_insert_came_to_nothing_are_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), 2).await;
    let bad = || spool.consumer(Table::ClockBad);
    assert_eq!(ids(&bad().read(ALL).unwrap()), [0, 1]);
    append(&spool, 2..3).await;
    let mut again = bad();
    assert_eq!(fetch(&mut again, ALL), [0, 1]);
    assert_eq!(fetch(&mut again, ALL), [2]);
}

#[tokio::test]
async fn the_next_pass_waits_for_the_tables_and_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), 2).await;
    tokio::time::pause();
    let waited = async |consumer: &Consumer| {
        let begun = tokio::time::Instant::now();
        consumer.turn().await;
        begun.elapsed()
    };
    let [mut first, mut rest @ ..] = Table::ALL.map(|table| spool.consumer(table));
    assert_eq!(waited(&first).await, Duration::ZERO, "it leads");
    fetch(&mut first, ALL);
    assert!(waited(&first).await >= PATIENCE);
    for table in &mut rest {
        assert_eq!(waited(table).await, Duration::ZERO, "its rows are there");
        fetch(table, ALL);
    }
    assert_eq!(waited(&first).await, Duration::ZERO);
}

/// Files of the folder that are deleted and still open in this process.
#[cfg(target_os = "linux")]
fn open_though_deleted(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    // One that another test has closed meanwhile has no target.
    let targets = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets
        .filter(|target| target.starts_with(folder) && target.to_string_lossy().ends_with(" (deleted)"))
        .collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_segment_that_is_deleted_is_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = SpoolOptions::new(folder.path().to_owned());
    options.segment_bytes = 1;
    let spool = Spool::open(options).unwrap();
    append(&spool, 0..2).await;
    let gone = segment::path(folder.path(), 2);
    let file = std::fs::File::open(&gone).unwrap();
    for table in Table::ALL {
        fetch(&mut spool.consumer(table), ALL);
    }
    assert!(!gone.exists());
    assert_eq!(open_though_deleted(folder.path()).len(), 1, "the test sees its own");
    drop(file);
    assert_eq!(open_though_deleted(folder.path()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_table_that_is_stalled_holds_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), 0).await;
    // Too much for what is read ahead of a frame.
    spool.append(frame_of(0, &[&" ".repeat(AHEAD)])).await.unwrap();
    let mut bad = spool.consumer(Table::ClockBad);
    bad.stalled(None, "refused".to_owned());
    fetch(&mut spool.consumer(Table::Views), ALL);
    spoil(folder.path());
    assert!(fetch(&mut bad, ALL).is_empty());
    assert!(spool.health().damaged > 0, "it has read by itself");
}

/// A pass in the tests of memory; each table has several times as much, wherever it is.
const PASS: ReadLimits = ReadLimits {
    rows: usize::MAX,
    bytes: 16 << 10,
};

/// A spool with rows for all tables, each of which stands in another segment.
async fn all_tables_apart(folder: &std::path::Path) -> (Spool, [Consumer; Table::ALL.len()]) {
    let mut options = SpoolOptions::new(folder.to_owned());
    options.segment_bytes = FIRST_FRAME + (4 << 10);
    options.sync = Arc::new(|_| Ok(()));
    let spool = Spool::open(options).unwrap();
    for id in 0..600 {
        spool.append(frame_for_all(id, 40)).await.unwrap();
    }
    let mut tables = Table::ALL.map(|table| spool.consumer(table));
    let one = ReadLimits { rows: 1, ..PASS };
    for (segment, table) in (2..).zip(&mut tables) {
        loop {
            let batch = table.read(one).unwrap();
            table.advance(&batch);
            if batch.next.segment >= segment {
                break;
            }
        }
    }
    (spool, tables)
}

/// Bytes of all rows that are in memory.
fn held(one_of_them: &Batch) -> usize {
    one_of_them._held.all.load(Ordering::Relaxed)
}

#[tokio::test]
async fn tables_that_are_far_apart_hold_no_more_than_two_passes() {
    let folder = tempfile::tempdir().unwrap();
    let (_spool, mut tables) = all_tables_apart(folder.path()).await;
    let mut inserting: Vec<_> = tables.iter_mut().map(|table| table.read(PASS).unwrap()).collect();
    let of = |batch: &Batch| batch.rows.data().len();
    assert!(inserting.iter().all(|batch| of(batch) > 0), "each goes on");
    let total: usize = inserting.iter().map(of).sum();
    assert!(total <= held(&inserting[0]), "and what waits for others");
    // In turn, and the others' inserts hang meanwhile.
    for turn in 0..200 {
        let place = turn % 4;
        tables[place].advance(&inserting.remove(place));
        inserting.insert(place, tables[place].read(PASS).unwrap());
        assert!(held(&inserting[0]) <= HELD_PASSES * PASS.bytes, "{turn}");
    }
    let last = inserting.pop().unwrap();
    drop(inserting);
    drop(tables);
    let alone = of(&last);
    assert!(
        held(&last) >= alone && held(&last) - alone <= PASS.bytes,
        "what was dropped is not counted"
    );
}

#[test]
fn the_more_is_held_the_less_is_read_and_never_nothing() {
    for (held, one, all) in [
        (0, 6_912, 16_384),
        (16_384, 2_816, 11_264),
        (27_048, 512, 600),
        (32_768, 512, 512),
        (usize::MAX, 512, 512),
    ] {
        assert_eq!(PASS.for_one(held).bytes, one, "{held}");
        assert_eq!(PASS.for_all(held).bytes, all, "{held}");
    }
    let tiny = ReadLimits { bytes: 1, ..PASS };
    assert_eq!((tiny.for_one(9).bytes, tiny.for_all(9).bytes), (1, 1));
}

#[derive(Clone, Debug)]
enum Step {
    Append(u64),
    /// A table fetches at most so many rows, and stores them or not.
    Fetch {
        table: usize,
        rows: usize,
        stores: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u64..4).prop_map(Step::Append),
        (0_usize..4, 1_usize..5, any::<bool>()).prop_map(|(table, rows, stores)| Step::Fetch { table, rows, stores }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn in_whatever_order_tables_come_each_row_is_stored_once(steps in proptest::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let spool = runtime.block_on(spool(folder.path(), 1));
        // The last one has the rows.
        let mut tables = [Table::Views, Table::Vitals, Table::Logs, Table::ClockBad].map(|table| spool.consumer(table));
        let (mut appended, mut stored) = (1, Vec::new());
        for step in steps {
            match step {
                Step::Append(frames) => {
                    runtime.block_on(append(&spool, appended..appended + frames));
                    appended += frames;
                }
                Step::Fetch { table, rows, stores } => {
                    let batch = tables[table].read(ReadLimits { rows, ..ALL }).unwrap();
                    if stores {
                        stored.extend(ids(&batch));
                        tables[table].advance(&batch);
                    } else {
                        tables[table] = tables[table].rebuilt();
                    }
                }
            }
        }
        while stored.len() < appended as usize {
            let more = fetch(&mut tables[3], ALL);
            prop_assert!(!more.is_empty() || !spool.health().tables[Table::ClockBad.index()].drained, "rows are lost");
            stored.extend(more);
        }
        prop_assert_eq!(stored, (0..appended).collect::<Vec<_>>());
    }
}
