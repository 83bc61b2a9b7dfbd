//! What a table's writer does about each sort of refusal: in which order it tries which rows, and that each of them is stored once.

use std::collections::BTreeSet;

use rum_core::Id;
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use super::stand_in::StandIn;
use super::*;
use crate::store::dead_letters;
use crate::store::row::{LogFields, LogRow, Place, Report};
use crate::store::rowbinary::{Low, Map, Millis, Seconds};
use crate::store::{FailureClass, Frame, SpoolHealth, SpoolOptions, Stall, TableHealth};

/// No wait of these tests may take longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// So that nothing is repeated but what the test has mended.
const FOR_EVER: Duration = Duration::from_secs(3_600);

const DAY: u32 = 86_400;

/// A spool, and what writes it into a stand-in.
struct Subject {
    stand_in: StandIn,
    folder: TempDir,
    spool: Spool,
    shutdown: CancellationToken,
    writer: JoinHandle<()>,
    frames: u64,
}

impl Subject {
    fn start(stand_in: StandIn, options: WriterOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(SpoolOptions::new(folder.path().to_owned())).unwrap();
        let shutdown = CancellationToken::new();
        let writer = run(spool.clone(), stand_in.clickhouse(), options, shutdown.clone());
        Self {
            stand_in,
            folder,
            spool,
            shutdown,
            writer: tokio::spawn(writer),
            frames: 0,
        }
    }

    /// A batch with these lines of a log, each of its day.
    async fn append(&mut self, days: impl IntoIterator<Item = (u32, u64)>) {
        self.frames += 1;
        let mut frame = Frame::new("shop".into(), Id(self.frames), 1_000);
        for (day, ordinal) in days {
            push_log(&mut frame, day, ordinal);
        }
        self.spool.append(frame).await.unwrap();
    }

    /// A batch whose one row is of another table.
    async fn append_elsewhere(&mut self) {
        self.frames += 1;
        // Its row's ordinal is 0.
        let frame = crate::store::frame::tests::frame_of(self.frames, &["elsewhere"]);
        self.spool.append(frame).await.unwrap();
    }

    fn of(&self, table: Table) -> TableHealth {
        self.spool.health().tables.swap_remove(table.index())
    }

    async fn until(&self, condition: impl Fn(&SpoolHealth) -> bool) {
        let mut tick = interval(Duration::from_millis(5));
        let reached = async {
            while !condition(&self.spool.health()) {
                tick.tick().await;
            }
        };
        let reached = timeout(PATIENCE, reached).await;
        assert!(reached.is_ok(), "{:#?}", self.spool.health());
    }

    async fn drained(&self) {
        self.until(|health| health.tables.iter().all(|table| table.drained))
            .await;
    }

    async fn stalled(&self) -> Stall {
        let place = Table::Logs.index();
        self.until(|health| health.tables[place].stall.is_some()).await;
        self.of(Table::Logs).stall.unwrap()
    }

    fn failures(&self, class: FailureClass) -> u64 {
        self.spool.measures().table(Table::Logs).failures(class).get()
    }

    /// How many rows each try had, and how it ended.
    fn tries(&self) -> Vec<(usize, Option<u32>)> {
        let tries = self.stand_in.tries(Table::Logs);
        tries.iter().map(|(rows, refused)| (rows.len(), *refused)).collect()
    }

    /// Each of these rows was stored once, and no other.
    #[track_caller]
    fn has(&self, rows: impl IntoIterator<Item = u64>) {
        let mut stored = self.stand_in.stored(Table::Logs);
        stored.sort_unstable();
        assert_eq!(stored, rows.into_iter().collect::<Vec<_>>());
    }

    async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.writer).await.unwrap().unwrap();
    }
}

fn push_log(frame: &mut Frame, day: u32, ordinal: u64) {
    let place = Place {
        retention: 30,
        hour: Seconds(day * DAY),
        app: Low("shop"),
        recv_ts: Millis(1_000),
        skew_ms: 0,
        session_id: Id(1),
        view_id: Id(2),
        page: Low("/"),
        release: Low(""),
        bot: Low(""),
    };
    frame.push(&LogRow {
        place: &place.into(),
        report: Report {
            ver: 1,
            ts: Millis(1_000),
        },
        what: LogFields {
            ordinal,
            level: Low("info"),
            message: "it happened",
            source: Low("log"),
            attributes: Map(Vec::new()),
            trace_id: "",
            weight: 1.0,
        },
    });
}

/// As the collector has it, but for pauses that nobody waits for.
fn options() -> WriterOptions {
    WriterOptions {
        every: Duration::ZERO,
        passing_pause: Duration::from_millis(1),
        mending_pause: FOR_EVER,
        ..WriterOptions::default()
    }
}

/// Refuses logs for good with `code`, and nothing else.
fn no_logs(code: u32) -> impl Fn(Table, &[u64]) -> Option<u32> + Send + Sync {
    move |table, _| (table == Table::Logs).then_some(code)
}

/// Takes everything.
fn everything(_: Table, _: &[u64]) -> Option<u32> {
    None
}

async fn check_mending(code: u32, class: FailureClass) {
    let mut subject = Subject::start(StandIn::start(no_logs(code)).await, options());
    subject.append([(1, 1), (2, 2)]).await;
    let stall = subject.stalled().await;
    assert_eq!((stall.code, stall.attempts), (Some(code), 1));
    // Another table passes, again and again.
    for rows in 1..=3 {
        subject.append_elsewhere().await;
        subject
            .until(|health| health.tables[Table::ClockBad.index()].drained)
            .await;
        assert_eq!(subject.stand_in.stored(Table::ClockBad).len(), rows);
    }
    // Meanwhile nobody has tried again, nor split what is not too much.
    assert_eq!(subject.tries(), [(2, Some(code))]);
    assert_eq!(subject.of(Table::Logs).stall, Some(stall));
    assert!(!subject.of(Table::Logs).drained);
    assert_eq!(subject.failures(class), 1);

    subject.stand_in.mend(everything);
    subject.drained().await;
    assert_eq!(subject.tries(), [(2, Some(code)), (2, None)]);
    subject.has(1..=2);
    assert_eq!(subject.of(Table::Logs).stall, None);
    subject.stop().await;
}

#[tokio::test]
async fn a_code_that_nobody_thought_of_holds_up_its_table_alone_and_alarms() {
    check_mending(4_242, FailureClass::Unlisted).await;
}

#[tokio::test]
async fn a_table_that_is_missing_holds_up_itself_alone_and_alarms() {
    check_mending(60, FailureClass::NeedsMending).await;
}

#[tokio::test]
async fn too_many_partitions_are_inserted_each_on_its_own() {
    let one_day = |table, rows: &[u64]| {
        let days: BTreeSet<_> = rows.iter().map(|ordinal| ordinal / 10).collect();
        (table == Table::Logs && days.len() > 1).then_some(252)
    };
    let mut subject = Subject::start(StandIn::start(one_day).await, options());
    subject.append([(2, 21), (1, 11), (3, 31), (1, 12), (2, 22)]).await;
    subject.drained().await;
    let tries = subject.stand_in.tries(Table::Logs);
    assert_eq!(
        tries,
        [
            (vec![21, 11, 31, 12, 22], Some(252)),
            (vec![11, 12], None),
            (vec![21, 22], None),
            (vec![31], None),
        ]
    );
    subject.stop().await;
}

#[tokio::test]
async fn too_many_parts_within_a_partition_wait_for_merges_and_are_then_inserted_row_by_row() {
    // The table is partitioned by something else than the collector's tables are.
    let one_row = |table, rows: &[u64]| (table == Table::Logs && rows.len() > 1).then_some(252);
    let mut subject = Subject::start(StandIn::start(one_row).await, options());
    subject.append([(1, 11), (2, 21), (1, 12), (1, 13)]).await;
    subject.drained().await;
    // By partition; then each piece nine times before it is halved.
    let refused = |rows: &[u64]| (rows.to_vec(), Some(252));
    let taken = |row: u64| (vec![row], None);
    let mut expected = vec![refused(&[11, 21, 12, 13])];
    expected.extend(vec![refused(&[11, 12, 13]); 9]);
    expected.push(taken(11));
    expected.extend(vec![refused(&[12, 13]); 9]);
    expected.extend([taken(12), taken(13), taken(21)]);
    assert_eq!(subject.stand_in.tries(Table::Logs), expected);
    assert_eq!(subject.failures(FailureClass::TooManyParts), 19);
    // It was no matter of rows.
    let size = subject.spool.measures().table(Table::Logs).size.get();
    assert_eq!(size, options().rows as u64);
    subject.stop().await;
}

#[tokio::test]
async fn a_row_that_finds_too_many_parts_even_alone_waits_and_is_never_buried() {
    let mut subject = Subject::start(StandIn::start(no_logs(252)).await, options());
    subject.append([(1, 1)]).await;
    // More often than it takes to halve what can be halved.
    let place = Table::Logs.index();
    subject
        .until(|health| {
            let stall = health.tables[place].stall.as_ref();
            stall.is_some_and(|stall| stall.attempts > 10)
        })
        .await;
    subject.stand_in.mend(everything);
    subject.drained().await;
    subject.has([1]);
    assert!(dead_letters::list(subject.folder.path()).unwrap().letters.is_empty());
    subject.stop().await;
}

/// Refuses with `code` what has more than `rows` rows of a log.
fn at_most(rows: usize, code: u32) -> impl Fn(Table, &[u64]) -> Option<u32> + Send + Sync {
    move |table, found| (table == Table::Logs && found.len() > rows).then_some(code)
}

async fn check_size_is_remembered(code: u32) {
    let options = WriterOptions { rows: 800, ..options() };
    let mut subject = Subject::start(StandIn::start(at_most(250, code)).await, options);
    subject.append((0..800).map(|row| (1, row))).await;
    subject.drained().await;
    subject.has(0..800);
    let first = subject.tries();
    assert_eq!(first[..3], [(800, Some(code)), (400, Some(code)), (200, None)]);

    // The next batch is not as large again, nor the one after it.
    for batch in 1..=2 {
        let before = subject.tries().len();
        subject
            .append((batch * 800..(batch + 1) * 800).map(|row| (1, row)))
            .await;
        subject.drained().await;
        subject.has(0..(batch + 1) * 800);
        let largest = subject.tries()[before..].iter().map(|(rows, _)| *rows).max().unwrap();
        // A step of growth, a fiftieth of 800, may be over the limit.
        assert!(largest <= 250 + 16, "{:?}", &subject.tries()[before..]);
    }

    // And it grows again, once it may.
    subject.stand_in.mend(everything);
    let size = |subject: &Subject| subject.spool.measures().table(Table::Logs).size.get();
    assert!((100..=266).contains(&size(&subject)), "{}", size(&subject));
    let mut batch = 3;
    let grown = async {
        while size(&subject) < 800 {
            subject
                .append((batch * 800..(batch + 1) * 800).map(|row| (1, row)))
                .await;
            subject.drained().await;
            batch += 1;
        }
    };
    timeout(PATIENCE, grown).await.unwrap();
    subject.has(0..batch * 800);
    subject.stop().await;
}

#[tokio::test]
async fn too_much_for_the_memory_is_halved_and_the_next_inserts_are_small_from_the_start() {
    check_size_is_remembered(241).await;
}

#[tokio::test]
async fn too_much_for_the_time_is_repeated_with_half_as_much_and_so_are_the_next_inserts() {
    check_size_is_remembered(159).await;
}

#[tokio::test]
async fn other_tables_keep_their_size() {
    let options = WriterOptions { rows: 800, ..options() };
    let mut subject = Subject::start(StandIn::start(at_most(250, 241)).await, options);
    subject.append((0..800).map(|row| (1, row))).await;
    subject.drained().await;
    for table in Table::ALL {
        let size = subject.spool.measures().table(table).size.get();
        assert_eq!(size == 800, table != Table::Logs, "{table:?} has {size}");
    }
    subject.stop().await;
}

#[tokio::test]
async fn a_row_that_is_refused_for_good_goes_alone_into_the_dead_letters() {
    let no_seven = |table, rows: &[u64]| (table == Table::Logs && rows.contains(&7)).then_some(117);
    let mut subject = Subject::start(StandIn::start(no_seven).await, options());
    subject.append((1..=20).map(|row| (1, row))).await;
    subject.drained().await;
    let tries = subject.stand_in.tries(Table::Logs);
    let expected = [
        (1..=20, Some(117)),
        (1..=10, Some(117)),
        (1..=5, None),
        (6..=10, Some(117)),
        (6..=7, Some(117)),
        (6..=6, None),
        (7..=7, Some(117)),
        (8..=10, None),
        (11..=20, None),
    ];
    assert_eq!(
        tries,
        expected.map(|(rows, refused)| (rows.collect::<Vec<u64>>(), refused))
    );
    subject.has((1..=20).filter(|row| *row != 7));

    let letters = dead_letters::list(subject.folder.path()).unwrap();
    let [letter] = &*letters.letters else {
        panic!("{letters:?}")
    };
    assert_eq!((&*letter.table, letter.code, letter.rows), ("logs", 117, 1));
    assert_eq!(letter.reason, "Code: 117. DB::Exception: as the test says");
    assert_eq!(subject.spool.measures().table(Table::Logs).dead_letters.get(), 1);

    // The row itself: inserted again once it may be, it is there, once.
    subject.stand_in.mend(everything);
    let retried = crate::store::retry::retry(subject.folder.path(), &subject.stand_in.clickhouse(), None).await;
    assert_eq!((retried.as_ref().unwrap().stored, retried.unwrap().left()), (1, 0));
    subject.has(1..=20);
    subject.stop().await;
}
