//! How far the running configuration is the one that is written: what `/readyz` and `/metrics` say of it.

use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock;

/// A handle on what became of the last change; cheap to clone.
#[derive(Clone, Debug)]
pub struct ConfigState(watch::Sender<Report>);

/// What became of the last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When the configuration in force was read.
    pub last_success: Timestamp,
    /// Why what is written now is not in force; `None` if it is.
    pub problem: Option<String>,
    /// Keys whose change takes a restart.
    pub needs_restart: Vec<&'static str>,
}

impl ConfigState {
    /// Of a collector that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(Report {
            last_success: clock::now(),
            problem: None,
            needs_restart: Vec::new(),
        }))
    }

    /// What became of the last change.
    #[must_use]
    pub fn report(&self) -> Report {
        self.0.borrow().clone()
    }

    pub(crate) fn succeeded(&self, needs_restart: Vec<&'static str>) {
        self.0.send_replace(Report {
            last_success: clock::now(),
            problem: None,
            needs_restart,
        });
    }

    pub(crate) fn failed(&self, problem: String) {
        self.0.send_modify(|report| report.problem = Some(problem));
    }
}

impl Default for ConfigState {
    fn default() -> Self {
        Self::new()
    }
}
