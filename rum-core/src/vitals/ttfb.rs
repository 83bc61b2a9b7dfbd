//! Time to first byte (<https://web.dev/articles/ttfb>): `responseStart` after activation.

/// TTFB of a document.
#[derive(Clone, Debug, Default)]
pub struct Ttfb {
    /// 0 before there is one.
    response_start: f64,
}

impl Ttfb {
    /// Not so far.
    pub const NONE: Self = Self { response_start: 0.0 };

    /// The navigation entry's `responseStart` in ms; capture sends it only once the entry is complete and valid.
    pub fn push(&mut self, response_start: f64) {
        self.response_start = response_start;
    }

    /// The value in ms.
    #[must_use]
    pub fn value(&self, activation: f64) -> Option<f64> {
        (self.response_start > 0.0).then(|| (self.response_start - activation).max(0.0))
    }
}
