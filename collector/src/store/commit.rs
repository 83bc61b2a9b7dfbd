//! The thread that appends: it takes all that waits and makes it durable with one sync, or has that wait as [`Fsync`] says.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, Runtime};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::answers::Answers;
use super::frame::BatchKey;
use super::health::{Refusal, RefusalCause};
use super::log::Log;
use super::schema::Schema;
use super::seen::Seen;
use super::segment::{FIRST_FRAME, Payload, Writer};
use super::share::Held;
use super::spool::{Appended, SpoolError, SpoolOptions};
use crate::clock;
use crate::config::Fsync;
use crate::fair::Lent;

/// Bytes that one sync makes durable at most: more would let the first of them wait too long.
pub(super) const GROUP_BYTES: usize = 8 << 20;

/// The time between the beginnings of two syncs at least: what comes in within a few ms shares one, and whoever comes first after a
/// pause waits for nobody. A sync costs the same whatever it makes durable.
const PACE: Duration = Duration::from_millis(5);

/// How often a disk that refused is tried while nothing is appended.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// A frame that wants to be durable.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) key: BatchKey,
    pub(super) payload: Payload,
    pub(super) answer: oneshot::Sender<Fate>,
    /// Where its caller waits, if that is a runtime.
    pub(super) caller: Option<Handle>,
    /// Its share of the bytes that may wait.
    pub(super) _lent: Lent,
}

/// What became of a frame.
pub(super) type Fate = Result<Appended, SpoolError>;

impl Append {
    /// A caller that has gone away needs no answer.
    pub(super) fn answer(self, fate: Fate) {
        let _ = self.answer.send(fate);
    }
}

pub(super) struct Committer {
    options: SpoolOptions,
    log: Arc<Log>,
    seen: Seen,
    schema: Schema,
    /// The segment that is being written; none before the first frame, and after the disk refused.
    active: Option<Writer>,
    next_segment: u64,
    /// When the last group was begun.
    begun: Option<Instant>,
    /// When the first frame was acknowledged that is not synced; none as long as each group is.
    unsynced: Option<Instant>,
}

/// What the thread waits with for a time.
pub(super) fn timer() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()
}

impl Committer {
    pub(super) fn new(options: SpoolOptions, log: Arc<Log>, seen: Seen) -> Self {
        let next_segment = log.next_number();
        Self {
            options,
            log,
            seen,
            schema: Schema::current(),
            active: None,
            next_segment,
            begun: None,
            unsynced: None,
        }
    }

    /// Runs until nobody can append any more. While a sync runs the next group gathers: under load syncs are shared,
    /// and without load nobody waits for company.
    pub(super) fn run(mut self, timer: &Runtime, mut appends: mpsc::Receiver<Append>) {
        while let Some(first) = self.next(timer, &mut appends) {
            if let Some(begun) = self.begun {
                let rest = PACE.saturating_sub(begun.elapsed());
                #[expect(
                    clippy::disallowed_methods,
                    reason = "others come meanwhile, and wait in the channel"
                )]
                thread::sleep(rest);
            }
            self.begun = Some(Instant::now());
            let mut bytes = first.payload.len();
            let mut group = vec![first];
            while bytes < GROUP_BYTES
                && let Ok(next) = appends.try_recv()
            {
                bytes += next.payload.len();
                group.push(next);
            }
            let log = Arc::clone(&self.log);
            log.with_disk(|| self.commit(group));
            if self.wait().is_some_and(|wait| wait.is_zero()) {
                self.tend();
            }
        }
        self.sync();
    }

    /// The next append, and meanwhile what is to be done without one.
    fn next(&mut self, timer: &Runtime, appends: &mut mpsc::Receiver<Append>) -> Option<Append> {
        timer.block_on(async {
            while let Some(wait) = self.wait() {
                match timeout(wait, appends.recv()).await {
                    Ok(next) => return next,
                    Err(_) => self.tend(),
                }
            }
            appends.recv().await
        })
    }

    /// How long it is until something is to be done without an append, if anything is.
    fn wait(&self) -> Option<Duration> {
        if self.is_failing() {
            return Some(TRY_EVERY);
        }
        match self.options.fsync {
            Fsync::Interval(every) => Some(every.saturating_sub(self.unsynced?.elapsed())),
            Fsync::Batch | Fsync::Off => None,
        }
    }

    /// Syncs what an interval has gathered. While the disk refuses it is tried instead: a collector that is taken out of service
    /// for that gets no batch that could show that it is over.
    fn tend(&mut self) {
        let log = Arc::clone(&self.log);
        log.with_disk(|| {
            if self.is_failing() {
                self.try_disk();
            } else {
                self.sync();
            }
        });
    }

    fn is_failing(&self) -> bool {
        let refusal = self.log.refusal();
        let failing = |refusal: &Refusal| refusal.cause == RefusalCause::Failing;
        refusal.borrow().as_ref().is_some_and(failing)
    }

    /// Begins a segment, which takes a write and a sync. It stays for the frames that come.
    fn try_disk(&mut self) {
        let room = self.options.max_bytes.saturating_sub(self.log.bytes());
        if room >= FIRST_FRAME && self.active().is_ok() {
            self.log.accepted();
        }
    }

    fn commit(&mut self, group: Vec<Append>) {
        let mut new: Vec<Append> = Vec::new();
        let mut twins = Vec::new();
        let mut places = HashMap::new();
        let mut answers = Answers::default();
        for append in group {
            if self.seen.contains(&append.key) {
                answers.add(append, Ok(Appended::Duplicate));
            } else if let Some(place) = places.get(&append.key) {
                // Not seen yet: its twin's fate, which the sync decides, is its own.
                twins.push((append, *place));
            } else {
                places.insert(append.key.clone(), new.len());
                new.push(append);
            }
        }
        let fates = if new.is_empty() { Vec::new() } else { self.write(&new) };
        for (twin, place) in twins {
            let fate: Option<&Fate> = fates.get(place);
            let fate = fate.cloned().unwrap_or(Err(SpoolError::Closed));
            answers.add(twin, fate.map(|_| Appended::Duplicate));
        }
        for (append, fate) in new.into_iter().zip(fates) {
            if fate.is_ok() {
                self.seen.insert(append.key.clone());
            }
            answers.add(append, fate);
        }
        answers.give();
    }

    /// Writes what has room; each frame's fate, in order.
    fn write(&mut self, frames: &[Append]) -> Vec<Fate> {
        let full = SpoolError::Full {
            bytes: self.log.bytes(),
            limit: self.options.max_bytes,
        };
        let mut room = self.options.max_bytes.saturating_sub(self.log.bytes());
        if self.active.is_none() {
            room = room.saturating_sub(FIRST_FRAME);
        }
        let fits: Vec<bool> = frames
            .iter()
            .map(|frame| match room.checked_sub(frame.payload.frame_length()) {
                Some(left) => {
                    room = left;
                    true
                }
                None => false,
            })
            .collect();
        let fitting = frames.iter().zip(&fits).filter(|(_, fits)| **fits);
        let written = self.append(&fitting.map(|(frame, _)| frame).collect::<Vec<_>>());
        if written.is_err() {
            self.log.measures().commits.failures.add(1);
        }
        if fits.contains(&false) {
            // So that it can be deleted, and make room, once its rows are in ClickHouse.
            self.seal();
        }
        let fates: Vec<_> = fits
            .into_iter()
            .map(|fits| match (fits, &written) {
                (true, Ok(())) => Ok(Appended::Stored),
                (true, Err(error)) => Err(error.clone()),
                (false, _) => Err(full.clone()),
            })
            .collect();
        if let (Some(frame), Some(fate)) = (frames.last(), fates.last()) {
            self.tell(frame, fate);
        }
        let is_long = |active: &Writer| active.length >= self.options.segment_bytes;
        if self.active.as_ref().is_some_and(is_long) {
            // At once, so that it can be deleted even if nothing comes any more.
            self.seal();
        }
        fates
    }

    /// Tells what became of the last frame.
    fn tell(&self, frame: &Append, fate: &Fate) {
        let Err(error) = fate else {
            return self.log.accepted();
        };
        let cause = match error {
            // What did not fit sealed its segment, so it needs the header of another one, too.
            SpoolError::Full { .. } => RefusalCause::Full {
                needed: FIRST_FRAME + frame.payload.frame_length(),
            },
            _ => RefusalCause::Failing,
        };
        self.log.refused(cause, error.to_string(), clock::now_ms());
    }

    fn append(&mut self, frames: &[&Append]) -> Result<(), SpoolError> {
        if frames.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        let fsync = self.options.fsync;
        let active = self.active()?;
        let payloads: Vec<_> = frames.iter().map(|frame| &frame.payload).collect();
        let before = active.length;
        let number = active.number;
        let written = match fsync {
            Fsync::Batch => active.append(&payloads),
            Fsync::Interval(_) | Fsync::Off => active.append_unsynced(&payloads),
        };
        match written {
            Ok(()) => {
                let length = active.length;
                if let Fsync::Interval(_) = fsync {
                    self.unsynced.get_or_insert(begun);
                }
                let commits = &self.log.measures().commits;
                commits.committed(payloads.len() as u64, length - before, begun.elapsed());
                let mut held = Held::default();
                for frame in frames {
                    held.add(&frame.key.app, frame.payload.frame_length());
                }
                self.log.grown(number, length, &held);
                Ok(())
            }
            Err(source) => {
                tracing::error!(segment = number, error = %source, "the spool cannot write: this segment is given up");
                self.seal();
                Err(SpoolError::io("writing a segment", &self.options.folder, source))
            }
        }
    }

    /// The segment to write to: a new one if there is none.
    fn active(&mut self) -> Result<&mut Writer, SpoolError> {
        let Self {
            options,
            log,
            schema,
            active,
            next_segment,
            ..
        } = self;
        match active {
            Some(active) => Ok(active),
            None => {
                let sync = Arc::clone(&options.sync);
                let number = *next_segment;
                // Also after a failure: what is in the way of this one is not in the way of the next.
                *next_segment += 1;
                let begun = Writer::create(&options.folder, number, schema, sync)
                    .map_err(|source| SpoolError::io("beginning a segment", &options.folder, source))?;
                log.begun(begun.number, begun.length);
                Ok(active.insert(begun))
            }
        }
    }

    /// Makes durable what was acknowledged before it was.
    fn sync(&mut self) {
        if self.unsynced.take().is_none() {
            return;
        }
        let Some(active) = &self.active else { return };
        let number = active.number;
        if let Err(source) = active.sync() {
            tracing::error!(
                segment = number, error = %source,
                "the spool cannot sync: this segment is given up, and a loss of power may take what was answered 204 lately",
            );
            self.log.measures().commits.failures.add(1);
            let error = SpoolError::io("syncing a segment", &self.options.folder, source);
            self.log
                .refused(RefusalCause::Failing, error.to_string(), clock::now_ms());
            self.close();
        }
    }

    fn seal(&mut self) {
        self.sync();
        self.close();
    }

    fn close(&mut self) {
        if let Some(number) = self.active.take().map(|sealed| sealed.number) {
            self.log.seal(number);
        }
    }
}
