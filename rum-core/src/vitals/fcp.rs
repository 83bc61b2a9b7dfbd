//! First contentful paint (<https://web.dev/articles/fcp>): the paint's time after activation, if the page was visible.

use super::FirstHidden;

/// FCP of a document.
#[derive(Clone, Debug, Default)]
pub struct Fcp {
    painted: Option<f64>,
}

impl Fcp {
    /// The browser painted the first content at `t` (ms).
    pub fn push(&mut self, t: f64) {
        self.painted.get_or_insert(t);
    }

    /// The value in ms, if the paint was seen.
    #[must_use]
    pub fn value(&self, activation: f64, hidden: &FirstHidden) -> Option<f64> {
        let painted = self.painted.filter(|t| hidden.seen(*t))?;
        Some((painted - activation).max(0.0))
    }
}
