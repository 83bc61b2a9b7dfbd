//! First contentful paint (<https://web.dev/articles/fcp>): the paint's time after activation, if the page was visible.

use super::{FirstHidden, Metric, bare};
use crate::wire::event::VitalEvent;

/// FCP of a document.
#[derive(Clone, Debug, Default)]
pub struct Fcp {
    painted: Option<i64>,
}

impl Fcp {
    /// The browser painted the first content at `t`.
    pub fn push(&mut self, t: i64) {
        self.painted.get_or_insert(t);
    }

    /// The value, if the paint was seen.
    #[must_use]
    pub fn value(&self, activation: i64, hidden: &FirstHidden) -> Option<VitalEvent> {
        let painted = self.painted.filter(|t| hidden.seen(*t))?;
        Some(bare(Metric::Fcp, painted.saturating_sub(activation).max(0)))
    }
}
