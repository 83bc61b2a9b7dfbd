//! The writer: takes rows from the spool and inserts them, each table for itself.
//!
//! An insert is repeated until ClickHouse has said that it happened; what comes in twice replaces itself. Then the hours of its
//! rows are marked, and then the cursor moves. Rows leave the spool only into ClickHouse or into the dead letters.
//! Over 500 lines with its tests: what a refusal leads to is one decision, and a test for each of its ends.

use std::io;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::batch_rows::BatchRows;
use super::client::{Clickhouse, ClickhouseError};
use super::consumer::Consumer;
use super::dead_letters::DeadLetters;
use super::exceptions::{Policy, policy};
use super::marks::Marks;
use super::pass::{Batch, Filled, ReadLimits};
use super::schema::{Table, insert_statement};
use super::spool::Spool;
use crate::clock;
use crate::fault::{self, Step};
use crate::traces::{self, KeyValue};

/// The first pause after a failure that passes by itself; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Rows of one insert that go to the dead letters at most. If more are refused it is the table that is wrong, not the
/// rows: they wait in the spool until it is mended.
const BAD_ROWS: usize = 100;

/// How much goes into one insert, and how often.
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// Rows of one insert.
    pub rows: usize,
    /// Bytes of all tables' rows that are read at once, before compression.
    pub bytes: usize,
    /// The time between two inserts of a table, unless there are more rows than fit into one.
    pub every: Duration,
    /// How long what is in the spool may be written after the shutdown was asked for.
    pub drain: Duration,
    /// The pause after a failure that somebody has to mend.
    pub mending_pause: Duration,
    /// Bytes of the dead letters at which no more are written.
    pub dead_letter_bytes: u64,
}

impl Default for WriterOptions {
    /// 100,000 rows of a table or 8 MiB of all, one insert a second and table, 10 s to drain, 15 s for somebody to mend, 256 MiB
    /// of dead letters. Twice those 8 MiB may be in memory, also while ClickHouse is away: what is inserted, and what was read since;
    /// and as much for each table that is far behind the others.
    fn default() -> Self {
        Self {
            rows: 100_000,
            bytes: 8 << 20,
            every: Duration::from_secs(1),
            drain: Duration::from_secs(10),
            mending_pause: Duration::from_secs(15),
            dead_letter_bytes: 256 << 20,
        }
    }
}

/// Writes what the spool holds until `shutdown`, then what is left within [`WriterOptions::drain`]. What is not written
/// stays in the spool.
pub async fn run(spool: Spool, clickhouse: Clickhouse, options: WriterOptions, shutdown: CancellationToken) {
    let stop = CancellationToken::new();
    let dead_letters = DeadLetters::new(spool.folder(), options.dead_letter_bytes);
    let (marks, marking) = Marks::new(clickhouse.clone());
    let _marking = AbortOnDropHandle::new(tokio::spawn(marking));
    let mut tables = JoinSet::new();
    for table in Table::ALL {
        let writer = TableWriter {
            consumer: spool.consumer(table),
            clickhouse: clickhouse.clone(),
            options: options.clone(),
            marks: marks.clone(),
            dead_letters: dead_letters.clone(),
            shutdown: shutdown.clone(),
            stop: stop.clone(),
        };
        tables.spawn(writer.keep_running(TableWriter::run));
    }
    let limit = async {
        shutdown.cancelled().await;
        sleep(options.drain).await;
        stop.cancel();
        std::future::pending::<()>().await;
    };
    let all = async {
        while let Some(ended) = tables.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a table's writer cannot be kept running: its rows stay in the spool");
            }
        }
    };
    tokio::select! {
        () = all => {}
        () = limit => {}
    }
}

/// The time to write is over; what is not written stays in the spool.
struct Stopped;

/// What a blocking task gave; its panic goes on here.
async fn finished<T>(task: JoinHandle<T>) -> Result<T, Stopped> {
    task.await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        // The runtime is ending.
        Err(_) => Stopped,
    })
}

struct TableWriter {
    consumer: Consumer,
    clickhouse: Clickhouse,
    options: WriterOptions,
    marks: Marks,
    dead_letters: DeadLetters,
    /// No more rows will come.
    shutdown: CancellationToken,
    /// The time to write is over.
    stop: CancellationToken,
}

impl TableWriter {
    /// Does `run` until it ends. A panic costs a pause, in which the table is stalled, and what was read but not inserted:
    /// the rows are still in the spool.
    async fn keep_running<F>(mut self, run: impl Fn(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        loop {
            let writer = self.rebuilt();
            let Err(error) = AbortOnDropHandle::new(tokio::spawn(run(writer))).await else {
                return;
            };
            if !error.is_panic() {
                return;
            }
            self.panicked(error);
            if self.pause(self.options.mending_pause).await.is_err() {
                return;
            }
        }
    }

    /// The same writer, at the cursor.
    fn rebuilt(&self) -> Self {
        Self {
            consumer: self.consumer.rebuilt(),
            clickhouse: self.clickhouse.clone(),
            options: self.options.clone(),
            marks: self.marks.clone(),
            dead_letters: self.dead_letters.clone(),
            shutdown: self.shutdown.clone(),
            stop: self.stop.clone(),
        }
    }

    async fn run(mut self) {
        let mut earliest = Instant::now();
        while self.gather(earliest).await.is_continue() {
            let started = Instant::now();
            let Ok((writer, filled)) = self.step().await else {
                return;
            };
            self = writer;
            earliest = match filled {
                Filled::Full => started,
                Filled::Partly => started + self.options.every,
            };
        }
    }

    /// Waits until there is something to write, and until `earliest`, so that more can join it.
    async fn gather(&mut self, earliest: Instant) -> ControlFlow<()> {
        tokio::select! {
            biased;
            () = self.consumer.wait() => {}
            () = self.shutdown.cancelled() => return ControlFlow::Break(()),
        }
        let together = async {
            sleep_until(earliest).await;
            self.consumer.turn().await;
        };
        tokio::select! {
            () = together => {}
            () = self.shutdown.cancelled() => {}
        }
        ControlFlow::Continue(())
    }

    /// Moves what there is, up to one insert, from the spool to ClickHouse.
    async fn step(mut self) -> Result<(Self, Filled), Stopped> {
        let limits = ReadLimits {
            rows: self.options.rows,
            bytes: self.options.bytes,
        };
        let read = spawn_blocking(move || {
            let batch = self.consumer.read(limits);
            (self, batch)
        });
        let (mut writer, batch) = finished(read).await?;
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                writer.unreadable(&error);
                writer.pause(writer.options.mending_pause).await?;
                return Ok((writer, Filled::Full));
            }
        };
        if batch.rows.len() > 0 {
            writer.insert(&batch).await?;
            writer.arrived(&batch);
        }
        writer.consumer.advance(&batch);
        Ok((writer, batch.filled))
    }

    /// Gets every row of `batch` into ClickHouse or into the dead letters.
    async fn insert(&mut self, batch: &Batch) -> Result<(), Stopped> {
        let table = self.consumer.table();
        let statement = insert_statement(table, &batch.columns);
        let mut bad_rows = 0;
        let mut pieces = vec![batch.rows.clone()];
        while let Some(piece) = pieces.pop() {
            let mut pause = FIRST_PAUSE;
            loop {
                let Err(error) = self.attempt(&statement, &piece).await? else {
                    self.mark(&piece).await?;
                    break;
                };
                self.consumer.stalled(error.code(), error.to_string());
                match judge(&error, &piece, table, bad_rows) {
                    Verdict::Split(smaller) => {
                        pieces.extend(smaller);
                        break;
                    }
                    Verdict::Bury { code, message } => {
                        self.bury(batch, &piece, code, message).await?;
                        bad_rows += 1;
                        break;
                    }
                    Verdict::Repeat => {
                        tracing::warn!(table = table.name(), rows = piece.len(), %error, "an insert is repeated");
                        self.pause(pause).await?;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        self.consumer.measures().retries.add(1);
                    }
                    Verdict::Alarm => {
                        tracing::error!(
                            table = table.name(), rows = piece.len(), %error,
                            "ClickHouse does not take these rows; they wait in the spool until this is mended",
                        );
                        self.pause(self.options.mending_pause).await?;
                        self.consumer.measures().retries.add(1);
                    }
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, statement: &str, piece: &BatchRows) -> Result<Result<(), ClickhouseError>, Stopped> {
        let begun = Instant::now();
        if let Err(error) = fault::before(Step::Insert) {
            return Ok(Err(ClickhouseError::Unreachable(error.to_string())));
        }
        let _span = traces::work("insert", || {
            let table = self.consumer.table().name();
            vec![
                KeyValue::new("db.collection.name", table),
                KeyValue::new("rum.rows", piece.len() as i64),
            ]
        });
        let inserted = tokio::select! {
            inserted = self.clickhouse.insert(statement, piece.data()) => inserted,
            () = self.stop.cancelled() => return Err(Stopped),
        };
        fault::after(Step::Insert);
        let measures = self.consumer.measures();
        match &inserted {
            Ok(()) => measures.inserted(piece.len(), piece.data().len(), begun.elapsed()),
            Err(error) => measures.failed(error),
        }
        Ok(inserted)
    }

    /// Marks the hours of rows that are in.
    async fn mark(&mut self, piece: &BatchRows) -> Result<(), Stopped> {
        let table = self.consumer.table();
        if table.partition_prefix().is_none() {
            // Nothing is computed from rows whose hour cannot be right.
            return Ok(());
        }
        let hours = piece.hours();
        let mut pause = FIRST_PAUSE;
        loop {
            let marked = tokio::select! {
                marked = self.marks.mark(hours.clone()) => marked,
                () = self.stop.cancelled() => return Err(Stopped),
            };
            let Err(error) = marked else { return Ok(()) };
            tracing::warn!(table = table.name(), %error, "the hours of inserted rows are not marked yet: their batches stay in the spool");
            self.consumer
                .stalled(error.code(), format!("its hours cannot be marked: {error}"));
            let passes = error.code().is_none_or(|code| policy(code) == Policy::Retry);
            self.pause(if passes { pause } else { self.options.mending_pause })
                .await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Keeps a row that ClickHouse will never take; waits as long as even that is impossible.
    async fn bury(&mut self, batch: &Batch, piece: &BatchRows, code: u32, message: String) -> Result<(), Stopped> {
        let table = self.consumer.table();
        tracing::error!(table = table.name(), code, message, "a row goes to the dead letters");
        loop {
            let (letters, columns, rows) = (self.dead_letters.clone(), batch.columns.clone(), piece.clone());
            let reason = message.clone();
            let kept = spawn_blocking(move || letters.keep(table, &columns, &rows, (code, &reason)));
            let Err(error) = finished(kept).await? else {
                self.consumer.measures().dead_letters.add(piece.len() as u64);
                return Ok(());
            };
            tracing::error!(table = table.name(), %error, "a dead letter cannot be kept; its row waits in the spool");
            self.consumer.stalled(Some(code), error.to_string());
            self.pause(self.options.mending_pause).await?;
        }
    }

    /// Every row of `batch` is where it belongs.
    fn arrived(&self, batch: &Batch) {
        let now_ms = clock::now_ms();
        for (received_ms, rows) in &batch.arrivals {
            self.consumer.measures().arrived(*rows, *received_ms, now_ms);
        }
    }

    fn panicked(&self, error: JoinError) {
        tracing::error!(table = self.consumer.table().name(), %error, "a table's writer has panicked: it starts again");
        self.consumer.stalled(
            None,
            format!("its writer has panicked, which is a bug in the collector: {error}"),
        );
    }

    fn unreadable(&self, error: &io::Error) {
        tracing::error!(table = self.consumer.table().name(), %error, "the spool cannot be read");
        self.consumer
            .stalled(None, format!("the spool cannot be read: {error}"));
    }

    /// Waits, but not longer than until ClickHouse is somewhere else. When the collector is shutting down nothing is worth
    /// waiting for: the rows are safe where they are.
    async fn pause(&mut self, pause: Duration) -> Result<(), Stopped> {
        tokio::select! {
            () = self.shutdown.cancelled() => Err(Stopped),
            () = sleep(pause) => Ok(()),
            () = self.clickhouse.moved() => Ok(()),
        }
    }
}

/// What to do with rows that were not taken.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Split(Vec<BatchRows>),
    Bury { code: u32, message: String },
    Repeat,
    Alarm,
}

/// What to do about `error`, with which ClickHouse did not take `piece`; `bad_rows` of the same insert are dead letters.
fn judge(error: &ClickhouseError, piece: &BatchRows, table: Table, bad_rows: usize) -> Verdict {
    let ClickhouseError::Refused { code, message } = error else {
        return match error {
            ClickhouseError::Client(_) => Verdict::Alarm,
            _ => Verdict::Repeat,
        };
    };
    match policy(*code) {
        Policy::Retry => Verdict::Repeat,
        Policy::SplitByPartition => match table.partition_prefix().map(|_| piece.partitions()) {
            Some(partitions) if partitions.len() > 1 => Verdict::Split(partitions),
            _ => Verdict::Repeat,
        },
        Policy::Halve if piece.len() > 1 => Verdict::Split(piece.halves().into()),
        Policy::Halve => Verdict::Repeat,
        Policy::SplitByRow if bad_rows >= BAD_ROWS => Verdict::Alarm,
        Policy::SplitByRow if piece.len() > 1 => Verdict::Split(piece.halves().into()),
        Policy::SplitByRow => Verdict::Bury {
            code: *code,
            message: message.clone(),
        },
        Policy::Mend | Policy::Unknown => Verdict::Alarm,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;
    use tokio::time::timeout;

    use super::super::frame::tests::frame_of;
    use super::super::spool::SpoolOptions;
    use super::*;

    /// Two rows of one day and one of another, with nothing but what partitions are made of.
    fn rows() -> BatchRows {
        let row = |day: u32| [30_u16.to_le_bytes().as_slice(), &(day * 86_400).to_le_bytes()].concat();
        BatchRows::new([row(1), row(2), row(1)].concat(), vec![6, 12, 18])
    }

    fn one() -> BatchRows {
        rows().partitions().remove(1)
    }

    /// A writer of views, for which nothing is in the spool and so no ClickHouse is needed.
    fn writer(spool: &Spool, shutdown: &CancellationToken) -> TableWriter {
        let nowhere = Clickhouse::new(tokio::sync::watch::channel(None).1);
        TableWriter {
            consumer: spool.consumer(Table::Views),
            marks: Marks::new(nowhere.clone()).0,
            clickhouse: nowhere,
            options: WriterOptions::default(),
            dead_letters: DeadLetters::new(spool.folder(), 0),
            shutdown: shutdown.clone(),
            stop: CancellationToken::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_stalls_a_table_and_then_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(SpoolOptions::new(folder.path().to_owned())).unwrap();
        spool.append(frame_of(1, &["text"])).await.unwrap();
        let views = || spool.health().tables.swap_remove(Table::Views.index());
        let shutdown = CancellationToken::new();
        let (starts, started) = (AtomicU32::new(0), Arc::new(Notify::new()));
        let again = Arc::clone(&started);
        let running = writer(&spool, &shutdown).keep_running(move |writer| {
            let start = starts.fetch_add(1, Ordering::Relaxed);
            let started = Arc::clone(&started);
            async move {
                started.notify_one();
                if start == 0 {
                    // As when reading panics.
                    let read = spawn_blocking(|| panic!("in the read"));
                    let Err(Stopped) = finished::<()>(read).await else {
                        return;
                    };
                } else {
                    writer.run().await;
                }
            }
        });
        let running = tokio::spawn(running);
        again.notified().await;
        let before = Instant::now();
        // Paused time moves only once everything else waits: for the pause's end.
        sleep(WriterOptions::default().mending_pause / 2).await;
        let stall = views().stall.unwrap();
        assert!(stall.message.contains("panicked") && stall.attempts == 1, "{stall:?}");
        assert!(!views().drained);
        timeout(Duration::from_secs(60), again.notified()).await.unwrap();
        assert!(before.elapsed() >= WriterOptions::default().mending_pause);
        shutdown.cancel();
        running.await.unwrap();
        assert!(views().drained && views().stall.is_none(), "{:?}", views());
    }

    fn refused(code: u32) -> ClickhouseError {
        ClickhouseError::Refused {
            code,
            message: format!("Code: {code}."),
        }
    }

    fn judged(error: &ClickhouseError, piece: &BatchRows) -> Verdict {
        judge(error, piece, Table::Vitals, 0)
    }

    #[test]
    fn an_unknown_outcome_is_repeated() {
        for error in [
            ClickhouseError::Absent,
            ClickhouseError::Unreachable("reset".into()),
            refused(209),
        ] {
            assert_eq!(judged(&error, &rows()), Verdict::Repeat, "{error}");
        }
    }

    #[test]
    fn too_many_parts_or_partitions_is_tried_by_partition() {
        let Verdict::Split(pieces) = judged(&refused(252), &rows()) else {
            panic!("not split")
        };
        assert_eq!(pieces.iter().map(BatchRows::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(judged(&refused(252), &one()), Verdict::Repeat);
        assert_eq!(
            judge(&refused(252), &rows(), Table::ClockBad, 0),
            Verdict::Repeat,
            "it has no partitions"
        );
    }

    #[test]
    fn too_much_at_once_is_halved_and_never_buried() {
        let Verdict::Split(pieces) = judged(&refused(241), &rows()) else {
            panic!("not split")
        };
        assert_eq!(pieces.iter().map(BatchRows::len).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(judged(&refused(241), &one()), Verdict::Repeat);
    }

    #[test]
    fn a_bad_row_is_found_and_buried_but_not_a_whole_table() {
        assert!(matches!(judged(&refused(117), &rows()), Verdict::Split(_)));
        assert!(matches!(judged(&refused(117), &one()), Verdict::Bury { code: 117, .. }));
        assert_eq!(judge(&refused(117), &one(), Table::Vitals, BAD_ROWS), Verdict::Alarm);
    }

    #[test]
    fn what_nobody_thought_of_is_told_and_nothing_is_lost() {
        for error in [refused(60), refused(4_242), ClickhouseError::Client("no url".into())] {
            assert_eq!(judged(&error, &one()), Verdict::Alarm, "{error}");
        }
    }
}
