//! Values of metrics on their way into events, and the units of both sides.

use crate::host::Host;
use crate::vitals::{Metric, Scope};

/// Milliseconds of a time on the wire.
#[expect(clippy::cast_precision_loss, reason = "the wire has integers below 2^53")]
pub(crate) fn millis(micros: i64) -> f64 {
    to_millis(micros as f64)
}

/// Milliseconds of a time that the engine's host knows.
pub(crate) fn to_millis(micros: f64) -> f64 {
    micros / 1e3
}

/// The wire's integer of a time in ms.
pub(crate) fn micros(millis: f64) -> f64 {
    whole(millis * 1e3)
}

/// The wire's integer of a score.
pub(crate) fn millionths(score: f64) -> f64 {
    whole(score * 1e6)
}

/// The nearest integer that the wire has. A cast from a float cuts; no_std has no `round`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "it is clamped"
)]
#[cfg_attr(target_arch = "wasm32", inline(never))]
fn whole(value: f64) -> f64 {
    let half = if value < 0.0 { -0.5 } else { 0.5 };
    (value + half).clamp(-MOST, MOST) as i64 as f64
}

/// 2^53: integers beyond it are no integers in JavaScript.
const MOST: f64 = 9_007_199_254_740_992.0;

/// The report of a scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    /// The number of its view in batches.
    pub(crate) view: u32,
    pub(crate) scope: Scope,
    pub(crate) seq: f64,
}

impl Report {
    /// Begins the event of a value in its own unit; the further fields of `VitalEvent` and the end are the caller's.
    pub(crate) fn begin(self, metric: Metric, value: f64, host: &mut impl Host) {
        host.begin(self.view, self.seq);
        host.put(f64::from(metric as u8));
        host.put(f64::from(self.scope as u8));
        host.put(value);
    }
}
