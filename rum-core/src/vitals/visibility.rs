//! The first time the page was hidden: paints from then on say nothing about what a user saw.

/// Start of the first `hidden` at or after activation, in ms.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstHidden {
    first: Option<f64>,
    activation: f64,
}

impl FirstHidden {
    /// Not so far.
    pub const NEVER: Self = Self {
        first: None,
        activation: 0.0,
    };

    /// The page became hidden at `t`.
    pub fn push(&mut self, t: f64) {
        if t >= self.activation && self.first.is_none_or(|first| t < first) {
            self.first = Some(t);
        }
    }

    /// The prerendered page was activated at `t`: being hidden before that was no user's doing.
    pub fn activated(&mut self, t: f64) {
        self.activation = t;
        self.first = self.first.filter(|first| *first >= t);
    }

    /// True if something at `t` was seen before the page was first hidden.
    #[must_use]
    pub fn seen(&self, t: f64) -> bool {
        self.first.is_none_or(|first| t < first)
    }
}
