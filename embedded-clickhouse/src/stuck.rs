//! A statement that does not stop. The engine looks whether it is cancelled, or out of time, between blocks; a function
//! that takes minutes over one value (`position` of a text of megabytes in another) is never asked. Nothing but the end of
//! the process frees its thread and its place, so the child ends and its supervisor starts it anew: what is in the tables
//! survives that, and whoever inserts repeats.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    exception::{Exception, Kind},
    execute::{Part, Phase},
};

/// How long a client that does not take its answer may keep the others from being told.
const TELL_LIMIT: Duration = Duration::from_secs(1);

/// Since when the engine has had a statement without a word; `None` while it is its client that is waited for.
pub(crate) type Silence = watch::Receiver<Option<Instant>>;

/// Why a statement has to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Due {
    /// Nobody wants its answer any more.
    Cancelled,
    /// `max_execution_time`.
    After(Duration),
}

/// The statements that run, and whether one of them is stuck.
pub(crate) struct Watch {
    patience: Duration,
    running: Mutex<HashMap<u64, Running>>,
    reason: OnceLock<String>,
    is_stuck: CancellationToken,
}

struct Running {
    query_id: String,
    parts: mpsc::Sender<Part>,
    phase: watch::Receiver<Phase>,
}

/// Forgets a statement when it is dropped.
pub(crate) struct Registered {
    id: u64,
    watch: Arc<Watch>,
}

impl Watch {
    /// `patience` is what a statement may take to stop.
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            patience,
            running: Mutex::default(),
            reason: OnceLock::new(),
            is_stuck: CancellationToken::new(),
        }
    }

    /// Remembers a statement, so that it can be told of the end.
    pub(crate) fn register(
        self: &Arc<Self>,
        id: u64,
        query_id: String,
        parts: mpsc::Sender<Part>,
        phase: watch::Receiver<Phase>,
    ) -> Registered {
        let running = Running { query_id, parts, phase };
        self.running().insert(id, running);
        Registered {
            id,
            watch: Arc::clone(self),
        }
    }

    /// Waits until statement `id` has ended, or has been silent for too long after it was `due` to stop.
    pub(crate) async fn over(&self, id: u64, due: Due, mut silence: Silence) {
        let end = match due {
            Due::Cancelled => Instant::now(),
            Due::After(limit) => Instant::now() + limit,
        };
        loop {
            let since = *silence.borrow_and_update();
            // While a client fetches slowly, the engine is not to blame.
            let Some(since) = since else {
                match silence.changed().await {
                    Ok(()) => continue,
                    Err(_) => return,
                }
            };
            tokio::select! {
                changed = silence.changed() => if changed.is_err() { return },
                () = sleep_until(since.max(end) + self.patience) => return self.give_up(id, due),
            }
        }
    }

    fn give_up(&self, id: u64, due: Due) {
        let after = self.patience.as_secs_f64();
        let due = match due {
            Due::Cancelled => "it was cancelled".to_owned(),
            Due::After(limit) => format!("its time of {} s was over", limit.as_secs_f64()),
        };
        let running = self.running();
        let query_id = running.get(&id).map_or("?", |running| &running.query_id);
        let others = running.len().saturating_sub(1);
        let reason = format!(
            "statement {query_id} did not stop within {after} s after {due}: it is ended with the process, and so are {others} others"
        );
        // The first one is reason enough.
        let _ = self.reason.set(reason);
        self.is_stuck.cancel();
    }

    /// Why the process has to end, once it has to.
    pub(crate) async fn stuck(&self) -> String {
        self.is_stuck.cancelled().await;
        self.reason.get().cloned().unwrap_or_default()
    }

    /// Tells every client that its statement ends here.
    pub(crate) async fn tell_all(&self) {
        let mut told = JoinSet::new();
        for (_, Running { parts, phase, .. }) in self.running().drain() {
            let exception = end_of(*phase.borrow());
            told.spawn(async move { parts.send_timeout(Part::Failed(exception), TELL_LIMIT).await.is_ok() });
        }
        while told.join_next().await.is_some() {}
    }

    fn running(&self) -> MutexGuard<'_, HashMap<u64, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.watch.running().remove(&self.id);
    }
}

/// What a statement in this phase is told: of a write nobody knows how far it is.
fn end_of(phase: Phase) -> Exception {
    let kind = match phase {
        Phase::Writing => Kind::UnknownStatusOfInsert,
        Phase::Waiting | Phase::Reading | Phase::Finished => Kind::Aborted,
    };
    let message = "ClickHouse starts anew, because a statement does not stop; ask again";
    Exception::new(kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> Arc<Watch> {
        Arc::new(Watch::new(Duration::from_secs(60)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_statement_is_stuck_a_minute_after_it_was_due() {
        let watch = watch();
        let began = Instant::now();
        let (_statement, silence) = super::watch::channel(Some(began));
        let over = watch.over(7, Due::After(Duration::from_secs(30)), silence);
        let (reason, ()) = tokio::join!(watch.stuck(), over);
        assert_eq!(began.elapsed().as_secs(), 90);
        assert!(reason.contains("its time of 30 s was over"), "{reason}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_statement_that_speaks_or_waits_for_its_client_is_not() {
        let watch = watch();
        let (statement, silence) = super::watch::channel(Some(Instant::now()));
        let talk = async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(50)).await;
                statement.send_replace(Some(Instant::now()));
            }
            statement.send_replace(None);
            tokio::time::sleep(Duration::from_secs(1_000)).await;
            drop(statement);
        };
        tokio::join!(watch.over(7, Due::Cancelled, silence), talk);
        assert!(!watch.is_stuck.is_cancelled());
    }

    #[tokio::test]
    async fn everybody_is_told_by_what_the_statement_did() {
        let watch = watch();
        let (_keep, phase) = super::watch::channel(Phase::Writing);
        let (sender, mut parts) = mpsc::channel(1);
        let registered = watch.register(1, "mine".into(), sender, phase);
        watch.tell_all().await;
        let Some(Part::Failed(exception)) = parts.recv().await else {
            panic!("nothing was said")
        };
        assert_eq!(exception.code(), 319);
        drop(registered);
        assert_eq!(end_of(Phase::Reading).code(), 236);
    }
}
