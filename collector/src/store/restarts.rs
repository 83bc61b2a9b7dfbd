//! How often the embedded ClickHouse was started anew.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often the embedded ClickHouse has ended, or not started, without being told to, since the collector's start. Who
/// watches over it says so; of a server nobody does.
#[derive(Debug, Default)]
pub struct Restarts {
    stuck: AtomicU64,
    other: AtomicU64,
}

impl Restarts {
    /// That it was so often: `stuck` times because a statement did not stop, `other` times for whatever reason else.
    pub fn set(&self, stuck: u64, other: u64) {
        self.stuck.store(stuck, Ordering::Relaxed);
        self.other.store(other, Ordering::Relaxed);
    }

    /// Each reason, as metrics have it, with how often.
    pub(crate) fn by_reason(&self) -> [(&'static str, u64); 2] {
        [
            ("stuck_statement", self.stuck.load(Ordering::Relaxed)),
            ("other", self.other.load(Ordering::Relaxed)),
        ]
    }
}
