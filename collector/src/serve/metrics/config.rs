//! Whether the configuration in force is the one that is written.

use super::exposition::Family;
use crate::config_state::ConfigState;

/// The metrics, as Prometheus has them of itself.
pub(super) fn families(state: &ConfigState) -> Vec<Family> {
    let report = state.report();
    let successful = Family::gauge(
        "rum_config_last_reload_successful",
        "1 if the configuration is in force as it was written last, 0 if that was refused and the one before is.",
    );
    let timestamp = Family::gauge(
        "rum_config_last_reload_success_timestamp_seconds",
        "When the configuration in force was read, in seconds since the epoch.",
    );
    vec![
        successful.sample([], report.problem.is_none()),
        timestamp.sample([], u64::try_from(report.last_success.as_second()).unwrap_or_default()),
    ]
}
