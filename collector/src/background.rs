//! What runs beside the requests for as long as the collector does. A panic in it is a bug in the collector: it is in the log, it is
//! counted, and after a pause the task is started again. Without that a table, the day's use or the certificate would stand still
//! until somebody restarts the process, and nothing would say so.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::meter::Counter;

/// The pause before a task is started again: what made it panic is often still there.
const PAUSE: Duration = Duration::from_secs(10);

macro_rules! tasks {
    ($($(#[doc = $doc:literal])* $variant:ident => $name:literal,)*) => {
        /// What runs beside the requests.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Task { $($(#[doc = $doc])* $variant,)* }

        impl Task {
            /// All of them.
            pub(crate) const ALL: [Self; [$($name,)*].len()] = [$(Self::$variant,)*];

            /// Its name in logs and in `/metrics`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

tasks! {
    /// Evaluates the alert rules, and tells what follows.
    Alerts => "alerts",
    /// Brings the tables into shape, and watches over those who write them.
    Storing => "storing",
    /// Writes one table.
    TableWriter => "table_writer",
    /// Marks the hours that got rows.
    Marks => "marks",
    /// Logs what became of batches and events.
    Summary => "summary",
    /// Looks after what ingest goes by: a day that is over, a file that was replaced.
    IngestTending => "ingest_tending",
    /// Writes down what apps have used of the day.
    Quotas => "quotas",
    /// Reads the certificate again.
    Certificate => "certificate",
}

/// How often each task has panicked since the start; a handle.
#[derive(Clone, Debug, Default)]
pub struct Panics(Arc<[Counter; Task::ALL.len()]>);

impl Panics {
    pub(crate) fn of(&self, task: Task) -> u64 {
        self.0[task as usize].get()
    }
}

/// Keeps tasks running until a shutdown.
#[derive(Clone)]
pub(crate) struct Keeper {
    panics: Panics,
    shutdown: CancellationToken,
    pause: Duration,
}

impl Keeper {
    /// Counts in `panics`. When `shutdown` comes tasks end by themselves, and are started once more if that is by a panic before it.
    pub(crate) fn new(panics: Panics, shutdown: CancellationToken) -> Self {
        Self {
            panics,
            shutdown,
            pause: PAUSE,
        }
    }

    /// With another pause.
    pub(crate) fn pausing(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Does what `start` begins until it ends, and begins it again when it panics.
    pub(crate) async fn keep<F>(self, task: Task, start: impl FnMut() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.keep_and_tell(task, start, |_| {}).await;
    }

    /// Likewise; tells `panicked` each time, before the pause.
    pub(crate) async fn keep_and_tell<F>(
        self,
        task: Task,
        mut start: impl FnMut() -> F,
        mut panicked: impl FnMut(&JoinError),
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        loop {
            let Err(error) = AbortOnDropHandle::new(tokio::spawn(start())).await else {
                return;
            };
            if !error.is_panic() {
                // The runtime is ending.
                return;
            }
            self.panics.0[task as usize].add(1);
            tracing::error!(
                task = task.name(),
                %error,
                "what runs beside the requests has panicked, which is a bug in the collector: it starts again"
            );
            panicked(&error);
            if self.shutdown.is_cancelled() {
                return;
            }
            tokio::select! {
                // What it does at the end it does then.
                () = self.shutdown.cancelled() => {}
                () = sleep(self.pause) => {}
            }
        }
    }
}

/// What a blocking task gave; its panic goes on here. `None` when the runtime is ending.
pub(crate) async fn finished<T>(task: JoinHandle<T>) -> Option<T> {
    match task.await {
        Ok(given) => Some(given),
        Err(error) => {
            if let Ok(panic) = error.try_into_panic() {
                std::panic::resume_unwind(panic);
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::mpsc;
    use tokio::task::spawn_blocking;
    use tokio::time::{Instant, timeout};

    use super::*;

    /// A task that says when it starts and how often it had panicked by then, panics as often as it is told, and then runs until the shutdown.
    struct Subject {
        panics: Panics,
        shutdown: CancellationToken,
        starts: mpsc::Receiver<(Instant, u64)>,
        kept: JoinHandle<()>,
    }

    impl Subject {
        fn start(panicking: u32) -> Self {
            let (panics, shutdown) = (Panics::default(), CancellationToken::new());
            let (started, starts) = mpsc::channel(8);
            let left = Arc::new(AtomicU32::new(panicking));
            let (end, counted) = (shutdown.clone(), panics.clone());
            let start = move || {
                let (started, left, end) = (started.clone(), Arc::clone(&left), end.clone());
                let start = (Instant::now(), counted.of(Task::Quotas));
                async move {
                    started.send(start).await.unwrap();
                    let panics = left.load(Ordering::Relaxed) > 0;
                    // Where most of the work is done.
                    let done = spawn_blocking(move || assert!(!panics, "in the work"));
                    left.fetch_sub(u32::from(panics), Ordering::Relaxed);
                    finished(done).await;
                    end.cancelled().await;
                }
            };
            let keeper = Keeper::new(panics.clone(), shutdown.clone());
            let kept = tokio::spawn(keeper.keep(Task::Quotas, start));
            Self {
                panics,
                shutdown,
                starts,
                kept,
            }
        }

        /// When it starts next.
        async fn next(&mut self) -> (Instant, u64) {
            timeout(10 * PAUSE, self.starts.recv()).await.unwrap().unwrap()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_counted_and_starts_again_after_a_pause() {
        let mut subject = Subject::start(2);
        let (mut last, _) = subject.next().await;
        for panics in 1..=2 {
            let (again, counted) = subject.next().await;
            assert_eq!((again - last, counted), (PAUSE, panics));
            last = again;
        }
        sleep(2 * PAUSE).await;
        assert!(subject.starts.try_recv().is_err(), "it runs");
        assert_eq!(Task::ALL.map(|task| subject.panics.of(task)).iter().sum::<u64>(), 2);
        subject.shutdown.cancel();
        subject.kept.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_ends_the_pause_and_a_panic_after_it_the_task() {
        let mut subject = Subject::start(u32::MAX);
        let (first, _) = subject.next().await;
        sleep(PAUSE / 2).await;
        assert_eq!(subject.panics.of(Task::Quotas), 1);
        subject.shutdown.cancel();
        let (again, _) = subject.next().await;
        assert_eq!(again - first, PAUSE / 2);
        subject.kept.await.unwrap();
        assert_eq!(subject.panics.of(Task::Quotas), 2);
    }
}
