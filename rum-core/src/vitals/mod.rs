//! The Core Web Vitals and their relatives, each computed as the reference library does
//! (<https://github.com/GoogleChrome/web-vitals>). Every vital has the same shape: `push` takes what was seen,
//! `value` (or what the value is about) says what the metric is now, `None` while there is nothing to report, which is
//! not zero.
//!
//! Times are in ms since the time origin, as browsers give them, and a score is a plain number: so the same code computes
//! from the integers of the wire and, for `wasm-rum/web-vitals`, from the browser's own doubles.

pub mod cls;
pub mod fcp;
pub mod inp;
pub mod lcp;
pub mod ttfb;
mod visibility;

pub use cls::{Cls, Shift};
pub use fcp::Fcp;
pub use inp::{Entry, Inp};
pub use lcp::Lcp;
pub use ttfb::Ttfb;
pub use visibility::FirstHidden;

/// A metric, by its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Metric {
    /// Largest contentful paint.
    Lcp = 1,
    /// Cumulative layout shift.
    Cls = 2,
    /// Interaction to next paint.
    Inp = 3,
    /// First contentful paint.
    Fcp = 4,
    /// Time to first byte.
    Ttfb = 5,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Lcp, Self::Cls, Self::Inp, Self::Fcp, Self::Ttfb];

    /// The metric of a number on the wire.
    #[must_use]
    pub fn from_wire(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| *metric as i64 == number)
    }

    /// The name people use, such as `LCP`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lcp => "LCP",
            Self::Cls => "CLS",
            Self::Inp => "INP",
            Self::Fcp => "FCP",
            Self::Ttfb => "TTFB",
        }
    }

    /// The largest good value and the largest that is not poor (<https://web.dev/articles/vitals#core-web-vitals>).
    #[must_use]
    pub const fn thresholds(self) -> (i64, i64) {
        match self {
            Self::Lcp => (2_500_000, 4_000_000),
            Self::Cls => (100_000, 250_000),
            Self::Inp => (200_000, 500_000),
            Self::Fcp => (1_800_000, 3_000_000),
            Self::Ttfb => (800_000, 1_800_000),
        }
    }

    /// The largest value that can be a user's experience: 10 minutes, for INP 60 s, for CLS 1,000. Background tabs and
    /// machines that sleep produce larger ones; the collector drops and counts them, of either execution.
    #[must_use]
    pub const fn cap(self) -> i64 {
        match self {
            Self::Lcp | Self::Fcp | Self::Ttfb => 600_000_000,
            Self::Inp => 60_000_000,
            Self::Cls => 1_000_000_000,
        }
    }

    /// How a value is judged.
    #[must_use]
    pub const fn rate(self, value: i64) -> Rating {
        let (good, fair) = self.thresholds();
        if value <= good {
            Rating::Good
        } else if value <= fair {
            Rating::NeedsImprovement
        } else {
            Rating::Poor
        }
    }
}

/// How a value is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rating {
    /// At most the lower threshold.
    Good = 1,
    /// Between the thresholds.
    NeedsImprovement = 2,
    /// Above the upper threshold.
    Poor = 3,
}

/// What a value covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Scope {
    /// The whole document, as the reference library reports it.
    Document = 0,
    /// One view of it.
    View = 1,
}

/// A number, or `other` while it is not known (NaN).
#[cfg_attr(target_arch = "wasm32", inline(never))]
pub(crate) fn known(number: f64, other: f64) -> f64 {
    if number.is_nan() { other } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_belong_to_the_better_rating() {
        for metric in Metric::ALL {
            let (good, fair) = metric.thresholds();
            assert_eq!(metric.rate(good), Rating::Good, "{metric:?}");
            assert_eq!(metric.rate(good + 1), Rating::NeedsImprovement, "{metric:?}");
            assert_eq!(metric.rate(fair), Rating::NeedsImprovement, "{metric:?}");
            assert_eq!(metric.rate(fair + 1), Rating::Poor, "{metric:?}");
            assert_eq!(Metric::from_wire(metric as i64), Some(metric));
        }
        assert_eq!(Metric::from_wire(0), None);
    }
}
