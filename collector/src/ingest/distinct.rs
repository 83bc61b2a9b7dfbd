//! How many different texts there were, about, in 4 KiB however many they are.
//!
//! A HyperLogLog: of the texts whose hash begins with the same 12 bits only the longest run of zeros after them is kept, and a run of n
//! zeros needs about 2^n texts. The standard error is 1.6 %. <https://algo.inria.fr/flajolet/Publications/FlFuGaMe07.pdf>

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU8, Ordering};

const BITS: u32 = 12;
const PLACES: usize = 1 << BITS;

/// Counts different texts; one more thread is no harm.
pub(crate) struct Distinct(Box<[AtomicU8]>);

impl Default for Distinct {
    fn default() -> Self {
        Self((0..PLACES).map(|_| AtomicU8::new(0)).collect())
    }
}

impl std::fmt::Debug for Distinct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Distinct(about {})", self.estimate())
    }
}

/// A text, as far as it is needed to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    /// That of a text.
    pub(super) fn of(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl Distinct {
    /// Counts a text; whether the count has changed by it.
    pub(super) fn add(&self, Mark(hash): Mark) -> bool {
        let place = (hash >> (64 - BITS)) as usize;
        // The last bit ends a run that has no other end.
        let run = (hash << BITS | 1 << (BITS - 1)).leading_zeros() + 1;
        let run = run as u8;
        let longest = self
            .0
            .get(place)
            .map(|longest| longest.fetch_max(run, Ordering::Relaxed));
        longest.is_some_and(|longest| longest < run)
    }

    /// How many there were, about.
    pub(crate) fn estimate(&self) -> u64 {
        let places = PLACES as f64;
        let (mut empty, mut sum) = (0_u32, 0.0);
        for longest in &self.0 {
            let longest = longest.load(Ordering::Relaxed);
            empty += u32::from(longest == 0);
            sum += (-f64::from(longest)).exp2();
        }
        let raw = 0.7213 / (1.0 + 1.079 / places) * places * places / sum;
        // While many places are empty, their number says more.
        let estimate = if raw <= 2.5 * places && empty > 0 {
            places * (places / f64::from(empty)).ln()
        } else {
            raw
        };
        estimate.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_about_right() {
        for (texts, allowed) in [
            (0, 0.0),
            (1, 0.0),
            (10, 0.0),
            (1_000, 0.03),
            (20_000, 0.06),
            (300_000, 0.06),
        ] {
            let distinct = Distinct::default();
            for _ in 0..2 {
                for number in 0..texts {
                    distinct.add(Mark::of(&format!("/page/{number}")));
                }
            }
            let (found, expected) = (distinct.estimate() as f64, f64::from(texts));
            assert!((found - expected).abs() <= allowed * expected, "{found} of {expected}");
        }
    }

    #[test]
    fn a_text_that_was_there_changes_nothing() {
        let distinct = Distinct::default();
        assert!(distinct.add(Mark::of("/")));
        assert!(!distinct.add(Mark::of("/")));
        assert_eq!(distinct.estimate(), 1);
    }
}
