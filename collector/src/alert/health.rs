//! What `/readyz` may say about the alerts.

use jiff::Timestamp;
use tokio::sync::watch;

/// A handle on the state of the engine, for reading from elsewhere. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Health(watch::Sender<Report>);

/// How the engine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The end of the last round that evaluated every rule and recorded what it changed.
    pub last_round: Option<Timestamp>,
    /// Why the last round was not such a one; `None` if it was.
    pub problem: Option<String>,
}

impl Health {
    /// Of an engine that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(Report::default()))
    }

    /// How the engine is now.
    #[must_use]
    pub fn report(&self) -> Report {
        self.0.borrow().clone()
    }

    /// To wait until it is otherwise.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Report> {
        self.0.subscribe()
    }

    pub(super) fn succeeded(&self, now: Timestamp) {
        self.0.send_replace(Report {
            last_round: Some(now),
            problem: None,
        });
    }

    pub(crate) fn failed(&self, problem: String) {
        self.0.send_modify(|report| report.problem = Some(problem));
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}
