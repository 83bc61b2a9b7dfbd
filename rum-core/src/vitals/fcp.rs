//! First contentful paint (<https://web.dev/articles/fcp>): the paint's time after activation, if the page was visible.

use super::FirstHidden;

/// FCP of a document.
#[derive(Clone, Debug)]
pub struct Fcp {
    /// NaN before that: nothing compares with it, so it was not seen.
    painted: f64,
}

impl Default for Fcp {
    fn default() -> Self {
        Self::NONE
    }
}

impl Fcp {
    /// Not so far.
    pub const NONE: Self = Self { painted: f64::NAN };

    /// The browser painted the first content at `t` (ms).
    pub fn push(&mut self, t: f64) {
        if self.painted.is_nan() {
            self.painted = t;
        }
    }

    /// The value in ms, if the paint was seen.
    #[must_use]
    pub fn value(&self, activation: f64, hidden: &FirstHidden) -> Option<f64> {
        hidden.seen(self.painted).then(|| (self.painted - activation).max(0.0))
    }
}
