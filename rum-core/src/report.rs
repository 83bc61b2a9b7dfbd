//! One value of a metric on its way into an event, and the units of both sides.

use alloc::string::String;

use crate::vitals::{Metric, Scope};
use crate::wire::Writer;
use crate::wire::event::kind;

/// Milliseconds of a time on the wire.
#[expect(clippy::cast_precision_loss, reason = "the wire has integers below 2^53")]
pub(crate) fn millis(micros: i64) -> f64 {
    micros as f64 / 1e3
}

/// The wire's integer of a time in ms.
pub(crate) fn micros(millis: f64) -> i64 {
    whole(millis * 1e3)
}

/// The wire's integer of a score.
pub(crate) fn millionths(score: f64) -> i64 {
    whole(score * 1e6)
}

/// The nearest integer that the wire has. A cast from a float cuts; no_std has no `round`.
#[expect(clippy::cast_possible_truncation, reason = "it is clamped")]
fn whole(value: f64) -> i64 {
    let half = if value < 0.0 { -0.5 } else { 0.5 };
    (value + half).clamp(-MOST, MOST) as i64
}

/// 2^53: integers beyond it are no integers in JavaScript.
const MOST: f64 = 9_007_199_254_740_992.0;

/// The fields of `VitalEvent`, in its units. Texts are JSON.
#[derive(Clone, Debug)]
pub(crate) struct Report<'a> {
    pub(crate) metric: Metric,
    pub(crate) scope: Scope,
    pub(crate) value: i64,
    pub(crate) target: Option<&'a str>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) at: Option<i64>,
    /// Input delay, processing, presentation.
    pub(crate) phases: [Option<i64>; 3],
    pub(crate) resource: Option<&'a str>,
    pub(crate) frames: Option<String>,
}

impl Report<'_> {
    pub(crate) const fn new(metric: Metric, scope: Scope, value: i64) -> Self {
        Self {
            metric,
            scope,
            value,
            target: None,
            detail: None,
            at: None,
            phases: [None; 3],
            resource: None,
            frames: None,
        }
    }

    /// The event, as report `seq` of view `view`.
    pub(crate) fn write(&self, view: i64, seq: i64) -> String {
        let mut w = Writer::default();
        w.begin_array();
        for number in [
            kind::Vital,
            view,
            seq,
            self.metric as i64,
            self.scope as i64,
            self.value,
        ] {
            w.int(number);
        }
        w.json_or_null(self.target);
        w.json_or_null(self.detail);
        w.int_or_null(self.at);
        for phase in &self.phases {
            w.int_or_null(*phase);
        }
        w.json_or_null(self.resource);
        w.json_or_null(self.frames.as_deref());
        w.end_array();
        w.finish()
    }
}
