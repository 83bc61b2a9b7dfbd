//! Time to first byte (<https://web.dev/articles/ttfb>): `responseStart` after activation.

use super::{Metric, bare};
use crate::wire::event::VitalEvent;

/// TTFB of a document.
#[derive(Clone, Debug, Default)]
pub struct Ttfb {
    response_start: Option<i64>,
}

impl Ttfb {
    /// The navigation entry's `responseStart`; capture sends it only once the entry is complete and valid.
    pub fn push(&mut self, response_start: Option<i64>) {
        self.response_start = response_start.filter(|t| *t > 0);
    }

    /// The value.
    #[must_use]
    pub fn value(&self, activation: i64) -> Option<VitalEvent> {
        Some(bare(
            Metric::Ttfb,
            self.response_start?.saturating_sub(activation).max(0),
        ))
    }
}
