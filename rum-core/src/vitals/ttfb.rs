//! Time to first byte (<https://web.dev/articles/ttfb>): `responseStart` after activation.

/// TTFB of a document.
#[derive(Clone, Debug, Default)]
pub struct Ttfb {
    response_start: Option<f64>,
}

impl Ttfb {
    /// The navigation entry's `responseStart` in ms; capture sends it only once the entry is complete and valid.
    pub fn push(&mut self, response_start: f64) {
        self.response_start = Some(response_start).filter(|t| *t > 0.0);
    }

    /// The value in ms.
    #[must_use]
    pub fn value(&self, activation: f64) -> Option<f64> {
        Some((self.response_start? - activation).max(0.0))
    }
}
