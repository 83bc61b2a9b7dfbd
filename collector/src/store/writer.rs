//! The writer: takes rows from the spool and inserts them, each table for itself.
//!
//! An insert is repeated until ClickHouse has said that it happened; what comes in twice replaces itself. Then the hours of its
//! rows are marked, and then the cursor moves. Rows leave the spool only into ClickHouse or into the dead letters.
//! What a refusal leads to is decided in `verdict`, how many rows an insert has in `insert_size`.

use std::io;
use std::ops::ControlFlow;
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
use super::insert_size::InsertSize;
use super::marks::Marks;
use super::pass::{Batch, Filled, ReadLimits};
use super::schema::{Table, insert_statement};
use super::spool::Spool;
use crate::background::{self, Keeper, Panics, Task};
use crate::clock;
use crate::fault::{self, Step};
use crate::traces::{self, KeyValue};

mod verdict;

use verdict::{Attempt, Verdict, judge, too_much};

/// The longest pause after a failure that passes by itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Bytes of rows that one pass over the spool reads, unless somebody says otherwise: fewer take less memory, and make more and
/// smaller inserts, which cost this process and ClickHouse more.
pub const PASS_BYTES: usize = 8 << 20;

/// How much goes into one insert, and how often.
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// Rows of one insert, at most.
    pub rows: usize,
    /// Bytes of all tables' rows that are read at once, before compression. Twice as many may be in memory, also while
    /// ClickHouse is away and wherever the tables are: what is inserted, and what was read since.
    pub bytes: usize,
    /// The time between two inserts of a table, unless there are more rows than fit into one.
    pub every: Duration,
    /// How long what is in the spool may be written after the shutdown was asked for.
    pub drain: Duration,
    /// The first pause after a failure that passes by itself; each further one doubles it, up to ten seconds.
    pub passing_pause: Duration,
    /// The pause after a failure that somebody has to mend.
    pub mending_pause: Duration,
    /// Bytes of the dead letters at which no more are written.
    pub dead_letter_bytes: u64,
    /// Where panics are counted.
    pub panics: Panics,
}

impl Default for WriterOptions {
    /// 100,000 rows of a table or [`PASS_BYTES`] of all, one insert a second and table, 10 s to drain, 100 ms for what passes and
    /// 15 s for somebody to mend, 256 MiB of dead letters.
    fn default() -> Self {
        Self {
            rows: 100_000,
            bytes: PASS_BYTES,
            every: Duration::from_secs(1),
            drain: Duration::from_secs(10),
            passing_pause: Duration::from_millis(100),
            mending_pause: Duration::from_secs(15),
            dead_letter_bytes: 256 << 20,
            panics: Panics::default(),
        }
    }
}

impl WriterOptions {
    /// Who begins again what panics.
    fn keeper(&self, shutdown: &CancellationToken) -> Keeper {
        Keeper::new(self.panics.clone(), shutdown.clone()).pausing(self.mending_pause)
    }
}

/// Writes what the spool holds until `shutdown`, then what is left within [`WriterOptions::drain`]. What is not written
/// stays in the spool.
pub async fn run(spool: Spool, clickhouse: Clickhouse, options: WriterOptions, shutdown: CancellationToken) {
    let stop = CancellationToken::new();
    let dead_letters = DeadLetters::new(spool.folder(), options.dead_letter_bytes);
    let (marks, marking) = Marks::new(clickhouse.clone(), options.keeper(&shutdown));
    let _marking = AbortOnDropHandle::new(tokio::spawn(marking));
    let mut tables = JoinSet::new();
    for table in Table::ALL {
        let writer = TableWriter {
            consumer: spool.consumer(table),
            clickhouse: clickhouse.clone(),
            size: InsertSize::new(options.rows),
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
    background::finished(task).await.ok_or(Stopped)
}

struct TableWriter {
    consumer: Consumer,
    clickhouse: Clickhouse,
    options: WriterOptions,
    size: InsertSize,
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
    async fn keep_running<F>(self, run: impl Fn(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let keeper = self.options.keeper(&self.shutdown);
        let stalled = |error: &JoinError| {
            tracing::error!(
                table = self.consumer.table().name(),
                "until then the rows of a table stay in the spool"
            );
            let message = format!("its writer has panicked, which is a bug in the collector: {error}");
            self.consumer.stalled(None, message);
        };
        keeper
            .keep_and_tell(Task::TableWriter, || run(self.rebuilt()), stalled)
            .await;
    }

    /// The same writer, at the cursor.
    fn rebuilt(&self) -> Self {
        Self {
            consumer: self.consumer.rebuilt(),
            clickhouse: self.clickhouse.clone(),
            options: self.options.clone(),
            size: self.size,
            marks: self.marks.clone(),
            dead_letters: self.dead_letters.clone(),
            shutdown: self.shutdown.clone(),
            stop: self.stop.clone(),
        }
    }

    async fn run(mut self) {
        self.tell_size();
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

    /// Gets every row of `batch` into ClickHouse or into the dead letters, in their order as far as splits leave it.
    async fn insert(&mut self, batch: &Batch) -> Result<(), Stopped> {
        let table = self.consumer.table();
        let statement = insert_statement(table, &batch.columns);
        let (mut bad_rows, mut repeats, mut last) = (0, 0, None);
        // The last one is next.
        let mut pieces = vec![batch.rows.clone()];
        while let Some(rows) = pieces.pop() {
            let piece = if rows.len() > self.size.rows() {
                let [piece, rest] = rows.split_at(self.size.rows());
                pieces.push(rest);
                piece
            } else {
                rows
            };
            let Err(error) = self.attempt(&statement, &piece).await? else {
                self.mark(&piece).await?;
                repeats = 0;
                continue;
            };
            self.consumer.stalled(error.code(), error.to_string());
            // What has passed by waiting says nothing of what came after it.
            if error.code() != last {
                (repeats, last) = (0, error.code());
            }
            let attempt = Attempt {
                table,
                piece: &piece,
                repeats,
                bad_rows,
            };
            repeats = match judge(&error, &attempt) {
                Verdict::Split(smaller) => {
                    pieces.extend(smaller.into_iter().rev());
                    0
                }
                Verdict::Bury { code, message } => {
                    self.bury(batch, &piece, code, message).await?;
                    bad_rows += 1;
                    0
                }
                Verdict::Repeat => {
                    tracing::warn!(table = table.name(), rows = piece.len(), %error, "an insert is repeated");
                    self.pause(self.passing_pause(repeats)).await?;
                    self.consumer.measures().retries.add(1);
                    pieces.push(piece);
                    repeats + 1
                }
                Verdict::Alarm => {
                    tracing::error!(
                        table = table.name(), rows = piece.len(), %error,
                        "ClickHouse does not take these rows; they wait in the spool until this is mended",
                    );
                    self.pause(self.options.mending_pause).await?;
                    self.consumer.measures().retries.add(1);
                    pieces.push(piece);
                    0
                }
            };
        }
        Ok(())
    }

    async fn attempt(&mut self, statement: &str, piece: &BatchRows) -> Result<Result<(), ClickhouseError>, Stopped> {
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
        let (measures, took) = (self.consumer.measures(), begun.elapsed());
        match &inserted {
            Ok(()) => {
                measures.inserted(piece.len(), piece.data().len(), took);
                self.size.taken(piece.len(), took);
            }
            Err(error) => {
                measures.failed(error);
                if too_much(error) {
                    self.size.refused(piece.len());
                }
            }
        }
        self.tell_size();
        Ok(inserted)
    }

    fn tell_size(&self) {
        self.consumer.measures().size.set(self.size.rows() as u64);
    }

    /// Marks the hours of rows that are in.
    async fn mark(&mut self, piece: &BatchRows) -> Result<(), Stopped> {
        let table = self.consumer.table();
        if table.partition_prefix().is_none() {
            // Nothing is computed from rows whose hour cannot be right.
            return Ok(());
        }
        let hours = piece.hours();
        let mut repeats = 0;
        loop {
            let marked = tokio::select! {
                marked = self.marks.mark(hours.clone()) => marked,
                () = self.stop.cancelled() => return Err(Stopped),
            };
            let Err(error) = marked else { return Ok(()) };
            tracing::warn!(table = table.name(), %error, "the hours of inserted rows are not marked yet: their batches stay in the spool");
            self.consumer
                .stalled(error.code(), format!("its hours cannot be marked: {error}"));
            let passes = |code| matches!(policy(code), Policy::Retry | Policy::RetryHalf);
            let pause = if error.code().is_none_or(passes) {
                self.passing_pause(repeats)
            } else {
                self.options.mending_pause
            };
            self.pause(pause).await?;
            repeats += 1;
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

    fn unreadable(&self, error: &io::Error) {
        tracing::error!(table = self.consumer.table().name(), %error, "the spool cannot be read");
        self.consumer
            .stalled(None, format!("the spool cannot be read: {error}"));
    }

    /// The pause before what failed passingly is done again, after so many times.
    fn passing_pause(&self, repeats: u32) -> Duration {
        let pause = self.options.passing_pause.saturating_mul(2_u32.saturating_pow(repeats));
        pause.min(LONGEST_PAUSE)
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

#[cfg(test)]
mod refusals;
#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod tests;
