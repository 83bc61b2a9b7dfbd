//! What is logged.

use tracing_subscriber::EnvFilter;

use super::super::raw::RawLog;
use super::super::{Log, defaults};
use super::Problems;

pub(super) fn check(raw: RawLog, problems: &mut Problems) -> Log {
    let level = raw.level.unwrap_or_else(|| defaults::LOG_LEVEL.to_owned());
    if let Err(error) = EnvFilter::try_new(&level) {
        problems.add(
            "log.level",
            format!("{level:?} is no filter: {error}"),
            "write error, warn, info, debug or trace, or directives such as \"info,rum_collector::store=debug\"",
        );
    }
    Log { level }
}
