//! One table's way through the spool: takes its rows from the cursor on, and moves the cursor.

use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use super::cursor::Position;
use super::log::Log;
use super::measures::Inserts;
use super::pass::{Batch, ReadLimits};
use super::schema::Table;

pub(super) struct Consumer {
    log: Arc<Log>,
    table: Table,
    committed: watch::Receiver<Position>,
    position: Position,
}

impl Consumer {
    pub(super) fn new(log: Arc<Log>, table: Table) -> Self {
        let (committed, position) = (log.committed(), log.position(table));
        Self {
            log,
            table,
            committed,
            position,
        }
    }

    /// Another reader of the same table, which knows nothing but what the log knows.
    pub(super) fn rebuilt(&self) -> Self {
        Self::new(Arc::clone(&self.log), self.table)
    }

    pub(super) fn table(&self) -> Table {
        self.table
    }

    /// What was done with the table so far.
    pub(super) fn measures(&self) -> &Inserts {
        self.log.measures().table(self.table)
    }

    /// Waits until frames lie behind the cursor.
    pub(super) async fn wait(&mut self) {
        let position = self.position;
        // It cannot fail: the sender lives in the log, which this holds.
        let _ = self.committed.wait_for(|committed| *committed > position).await;
    }

    /// Waits until the others have fetched what was read last, for a while.
    pub(super) async fn turn(&self) {
        self.log.passes().turn(self.position).await;
    }

    /// Reads on from the cursor, without moving it. Blocks on the disk.
    ///
    /// # Errors
    /// When the disk does not give back what it was given. What can be read but is damaged is passed over and counted.
    pub(super) fn read(&mut self, limits: ReadLimits) -> io::Result<Batch> {
        let batch = self.log.passes().read(&self.log, self.table, self.position, limits)?;
        if let Some(oldest_ms) = batch.arrivals.iter().map(|(received_ms, _)| *received_ms).min() {
            self.log.inserting(self.table, oldest_ms);
        }
        Ok(batch)
    }

    /// Moves the cursor behind the rows of `batch`: they are where they belong.
    pub(super) fn advance(&mut self, batch: &Batch) {
        self.position = batch.next;
        self.log.advance(self.table, batch.next);
    }

    /// Tells why the cursor does not move.
    pub(super) fn stalled(&self, code: Option<u32>, message: String) {
        self.log.stalled(self.table, code, message);
    }
}
