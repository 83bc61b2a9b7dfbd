//! The spool: what is appended is on disk when the call returns (unless [`Fsync`] says otherwise), and stays until ClickHouse has it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::commit::{self, Append, Committer, GROUP_BYTES};
use super::consumer::Consumer;
use super::frame::{Frame, MAX_PAYLOAD};
use super::health::{RefusalCause, SpoolHealth};
use super::log::Log;
use super::measures::Measures;
use super::recovery;
use super::schema::Table;
use super::seen::Seen;
use super::segment::{Payload, Sync, sync_data};
use super::share::Shares;
use super::waiting;
use crate::clock;
use crate::config::Fsync;
use crate::fair::Fair;

/// Appends that are with the thread at most, and as many that wait in front of that; their bytes are bounded by
/// [`WRITING_KIB`], and by who may hold a payload.
const WAITING: usize = 1_024;

/// Payloads that are with the thread, in KiB: the group that is being written, and the next one. What is there goes in the
/// order in which it came, so it is no more than that; who waits for it waits in a fair queue.
const WRITING_KIB: u64 = 2 * GROUP_BYTES as u64 / 1_024;

/// Where the spool is, and its bounds.
#[derive(Clone)]
pub struct SpoolOptions {
    /// Its folder; made if it is missing. One process at a time may use it.
    pub folder: PathBuf,
    /// Bytes of all segments at which [`Spool::append`] refuses. At least two segments' worth.
    pub max_bytes: u64,
    /// Bytes at which a segment is followed by the next one.
    pub segment_bytes: u64,
    /// Batches that are remembered, so that a repetition is recognised.
    pub seen_batches: usize,
    /// When.
    pub fsync: Fsync,
    /// How bytes are made durable.
    pub(crate) sync: Sync,
}

impl SpoolOptions {
    /// The defaults: 4 GiB in segments of 32 MiB, 100,000 batches remembered, each batch synced before its answer.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            max_bytes: 4 << 30,
            segment_bytes: 32 << 20,
            seen_batches: 100_000,
            fsync: Fsync::Batch,
            sync: sync_data(),
        }
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is on disk.
    Stored,
    /// A frame of the same batch was on disk already.
    Duplicate,
}

/// Why a frame was not appended, or the spool not opened.
#[derive(Clone, Debug, Error)]
pub enum SpoolError {
    /// The spool has reached its limit, because ClickHouse does not take what is in it.
    #[error("the spool is full: {bytes} of {limit} bytes")]
    Full {
        /// Bytes of all segments.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// One frame is longer than a frame may be, or than the whole spool.
    #[error("the rows of one batch take {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// The frame's bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Another process has the folder.
    #[error("{} is in use: is another collector running?", folder.display())]
    Locked {
        /// The spool's folder.
        folder: PathBuf,
    },
    /// No file can be made in the folder.
    #[error(
        "{} cannot be written to: {reason}; mount it writable, give it to the user that the collector runs as, or set data \
         (RUM_DATA) to another folder",
        folder.display()
    )]
    NotWritable {
        /// The spool's folder.
        folder: PathBuf,
        /// What the system says.
        reason: Arc<io::Error>,
    },
    /// The disk refused.
    #[error("{doing} in {}: {source}", folder.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The spool's folder.
        folder: PathBuf,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// So many appends wait that one more would wait in vain.
    #[error("{WAITING} batches wait for the disk already")]
    Crowded,
    /// The thread that writes has ended.
    #[error("the spool is closed")]
    Closed,
}

impl SpoolError {
    pub(super) fn io(doing: &'static str, folder: &Path, source: io::Error) -> Self {
        Self::Io {
            doing,
            folder: folder.to_owned(),
            source: Arc::new(source),
        }
    }

    /// Whether there is no room, which may pass.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::TooLarge { .. } | Self::Locked { .. } | Self::NotWritable { .. } | Self::Crowded | Self::Closed => {
                false
            }
        }
    }
}

/// A handle on the spool; clones are the same spool. Dropping the last one finishes the appends that wait, and so waits
/// for the disk.
#[derive(Clone, Debug)]
pub struct Spool {
    log: Arc<Log>,
    fsync: Fsync,
    /// KiB that are with the thread, shared by apps.
    writing: Fair,
    appender: Arc<Appender>,
}

/// The thread that appends.
#[derive(Debug)]
struct Appender {
    queue: Option<mpsc::Sender<Append>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Appender {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the spool's thread has panicked");
        }
    }
}

impl Spool {
    /// Opens the spool and recovers what it holds. Reads from disk; call it before serving.
    ///
    /// # Errors
    /// [`SpoolError::Locked`] if another process has the folder, [`SpoolError::NotWritable`] if no file can be made in it,
    /// [`SpoolError::Io`] if the disk refuses otherwise.
    pub fn open(mut options: SpoolOptions) -> Result<Self, SpoolError> {
        // With less room a full spool could consist of nothing but the segment that is being written.
        options.segment_bytes = options.segment_bytes.min(options.max_bytes / 2);
        let lock = recovery::take(&options.folder)?;
        let sync = (options.fsync != Fsync::Off).then_some(&options.sync);
        let found = recovery::look(&options.folder, options.seen_batches, sync)?;
        let log = Arc::new(Log::new(&options.folder, lock, options.max_bytes, &found));
        let mut seen = Seen::new(options.seen_batches);
        found.batches.into_iter().for_each(|key| seen.insert(key));
        let (queue, appends) = mpsc::channel(WAITING);
        let fsync = options.fsync;
        let folder = options.folder.clone();
        let timer = commit::timer().map_err(|source| SpoolError::io("starting a timer", &folder, source))?;
        let committer = Committer::new(options, Arc::clone(&log), seen);
        let thread = thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || committer.run(&timer, appends))
            .map_err(|source| SpoolError::io("starting the thread", &folder, source))?;
        let appender = Appender {
            queue: Some(queue),
            thread: Some(thread),
        };
        Ok(Self {
            log,
            fsync,
            writing: Fair::new(WRITING_KIB, WAITING),
            appender: Arc::new(appender),
        })
    }

    /// Appends a frame; when this returns `Ok`, it is on disk as [`SpoolOptions::fsync`] says. Frames that are appended at the same time share one sync.
    /// A caller that goes away does not take its frame back.
    ///
    /// # Errors
    /// [`SpoolError::Full`] at the limit; the frame may come again later. [`SpoolError::Io`] if the disk refuses: the
    /// frame may be on disk or not, and may come again. [`SpoolError::Crowded`] if too many wait. [`SpoolError::TooLarge`]
    /// for ever.
    pub async fn append(&self, frame: Frame) -> Result<Appended, SpoolError> {
        self.append_and_give_back(frame, ()).await
    }

    /// As [`Self::append`]; what its caller held to make the frame, `held`, is given back as soon as the frame is with the disk: those
    /// have a bound of their own.
    ///
    /// # Errors
    /// Likewise.
    pub(crate) async fn append_and_give_back<H>(&self, frame: Frame, held: H) -> Result<Appended, SpoolError> {
        let may_be = |bytes, limit| {
            if bytes > limit {
                Err(SpoolError::TooLarge { bytes, limit })
            } else {
                Ok(())
            }
        };
        may_be(frame.whole_length(), MAX_PAYLOAD)?;
        let (key, payload) = frame.into_payload();
        // Rows that have nothing alike take some bytes more than whole ones.
        may_be(payload.len(), MAX_PAYLOAD.min(self.log.longest_payload()))?;
        let kib = (payload.len() / 1_024 + 1) as u64;
        let lent = self.writing.lend(&key.app, kib).await;
        let lent = lent.map_err(|_| SpoolError::Crowded)?;
        let (answer, answered) = oneshot::channel();
        let queue = self.appender.queue.as_ref().ok_or(SpoolError::Closed)?;
        let append = Append {
            key,
            payload: Payload::new(payload),
            answer,
            caller: Handle::try_current().ok(),
            _lent: lent,
        };
        queue.send(append).await.map_err(|_| self.closed())?;
        drop(held);
        answered.await.map_err(|_| self.closed())?
    }

    /// The thread has panicked, for as long as there is a handle it does not end otherwise. Only a restart helps.
    fn closed(&self) -> SpoolError {
        let error = SpoolError::Closed;
        let now_ms = clock::now_ms();
        self.log.refused(RefusalCause::Failing, error.to_string(), now_ms);
        error
    }

    /// How the spool is: how much it holds, and what keeps it from getting less.
    #[must_use]
    pub fn health(&self) -> SpoolHealth {
        self.log.health(self.fsync, Instant::now())
    }

    /// Which apps have more of it than they should while it fills.
    #[must_use]
    pub fn shares(&self) -> Shares {
        self.log.shares()
    }

    /// Bytes that the batches of `app` take.
    pub(crate) fn held(&self, app: &str) -> u64 {
        self.log.held(app)
    }

    /// What was done so far.
    pub(crate) fn measures(&self) -> &Measures {
        self.log.measures()
    }

    /// When the oldest batch arrived that a table has not taken from the spool yet, in ms since the epoch; `None` if there
    /// is none. Blocks on the disk.
    ///
    /// # Errors
    /// For each table, when it cannot be read.
    pub(crate) fn waiting_since_ms(&self) -> Vec<(Table, io::Result<Option<i64>>)> {
        waiting::since(&self.log)
    }

    /// The reader of one table's rows.
    pub(super) fn consumer(&self, table: Table) -> Consumer {
        Consumer::new(Arc::clone(&self.log), table)
    }

    /// The spool's folder.
    pub(super) fn folder(&self) -> &Path {
        self.log.folder()
    }
}

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod fsync_tests;
#[cfg(test)]
mod power_loss;
#[cfg(test)]
mod tests;
