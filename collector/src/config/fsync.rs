//! When what was acknowledged is synced to the disk.

use std::time::Duration;

use super::check::Problems;
use super::defaults;
use super::raw::RawSpool;

/// What a 204 promises. Whatever it is, a batch outlives the end of the process, for the system has it by then; they differ
/// in what a loss of power, or of the system, may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Nothing: the answer comes after the sync, which batches of a few ms share.
    Batch,
    /// What was acknowledged within this time, and while the sync at its end ran.
    Interval(Duration),
    /// What the system has not written yet: on Linux some 30 s by default.
    Off,
}

impl Fsync {
    /// As the configuration spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Interval(_) => "interval",
            Self::Off => "off",
        }
    }
}

/// Takes both settings together.
pub(super) fn check(raw: &RawSpool, problems: &mut Problems) -> Fsync {
    let longest = Duration::from_secs(60);
    let every = problems.span(
        "spool.fsync_interval",
        raw.fsync_interval,
        defaults::FSYNC_INTERVAL,
        Duration::from_millis(1)..=longest,
    );
    let fsync = match raw.fsync.as_deref() {
        None | Some("batch") => Fsync::Batch,
        Some("interval") => Fsync::Interval(every),
        Some("off") => Fsync::Off,
        Some(other) => {
            problems.add(
                "spool.fsync",
                format!("{other:?} is no way to sync"),
                "use \"batch\" (before each answer), \"interval\" (every spool.fsync_interval) or \"off\" (the system decides)",
            );
            return Fsync::Batch;
        }
    };
    if raw.fsync_interval.is_some() && !matches!(fsync, Fsync::Interval(_)) {
        problems.add(
            "spool.fsync_interval",
            format!("is set, and spool.fsync is \"{}\"", fsync.name()),
            "set spool.fsync = \"interval\", or remove this",
        );
    }
    fsync
}
