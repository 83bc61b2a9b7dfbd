//! The first time the page was hidden: paints from then on say nothing about what a user saw.

/// Start of the first `hidden` at or after activation, in ms.
#[derive(Clone, Copy, Debug)]
pub struct FirstHidden {
    /// Infinite if there is none.
    first: f64,
    activation: f64,
}

impl Default for FirstHidden {
    fn default() -> Self {
        Self::NEVER
    }
}

impl FirstHidden {
    /// Not so far.
    pub const NEVER: Self = Self {
        first: f64::INFINITY,
        activation: 0.0,
    };

    /// The page became hidden at `t`.
    pub fn push(&mut self, t: f64) {
        if t >= self.activation && t < self.first {
            self.first = t;
        }
    }

    /// The prerendered page was activated at `t`: being hidden before that was no user's doing.
    pub fn activated(&mut self, t: f64) {
        self.activation = t;
        if self.first < t {
            self.first = f64::INFINITY;
        }
    }

    /// True if something at `t` was seen before the page was first hidden.
    #[must_use]
    pub fn seen(&self, t: f64) -> bool {
        t < self.first
    }
}
