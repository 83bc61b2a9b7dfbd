//! Counters, gauges and histograms that cost what an atomic addition costs: no lock, no allocation, no label. Who counts knows nothing
//! of who reads; `serve/metrics.rs` gives them their names when it is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows, from 0 at the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// `n` more.
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// How many so far.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that is what it was set to last, 0 at the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    /// It is `value` now.
    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// What it is.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one step of a histogram's values is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A thing that is counted.
    One,
    /// A millionth of a second.
    Microsecond,
    /// A thousandth of a second.
    Millisecond,
}

impl Unit {
    /// How many of them are one of what is told: of times a second.
    const fn of_base(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Microsecond => 1e6,
            Self::Millisecond => 1e3,
        }
    }
}

/// How often values were how large.
#[derive(Debug)]
pub(crate) struct Histogram {
    unit: Unit,
    /// The largest value of each bucket, ascending; larger values have a bucket more.
    bounds: &'static [u64],
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A histogram at one moment, in base units: seconds of times.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    /// The sum of all values.
    pub(crate) sum: f64,
    /// How many values there were.
    pub(crate) count: u64,
    /// Each bucket's largest value, infinite the last, and how many values are in this bucket alone.
    pub(crate) buckets: Vec<(f64, u64)>,
}

impl Histogram {
    /// Without values; `bounds` are in `unit`, ascending.
    pub(crate) fn new(unit: Unit, bounds: &'static [u64]) -> Self {
        Self {
            unit,
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// `times` times the same value, in the histogram's unit.
    pub(crate) fn observe(&self, value: u64, times: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(times, Ordering::Relaxed);
            self.sum.fetch_add(value.saturating_mul(times), Ordering::Relaxed);
        }
    }

    /// One time, of a histogram of times.
    pub(crate) fn observe_time(&self, time: Duration) {
        let value = match self.unit {
            Unit::One => u128::from(time.as_secs()),
            Unit::Microsecond => time.as_micros(),
            Unit::Millisecond => time.as_millis(),
        };
        self.observe(u64::try_from(value).unwrap_or(u64::MAX), 1);
    }

    /// How it is now. What is observed meanwhile may be in the buckets and not in the sum yet.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let base = |value: u64| value as f64 / self.unit.of_base();
        let bounds = self.bounds.iter().map(|bound| base(*bound)).chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds
            .zip(&self.counts)
            .map(|(bound, count)| (bound, count.load(Ordering::Relaxed)))
            .collect();
        Snapshot {
            sum: base(self.sum.load(Ordering::Relaxed)),
            // Of the buckets, so that both are always the same number.
            count: buckets.iter().map(|(_, count)| count).sum(),
            buckets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_first_bucket_that_it_is_not_above() {
        for (value, bucket) in [(0, 0), (1_000, 0), (1_001, 1), (5_000, 1), (5_001, 2), (u64::MAX, 2)] {
            let histogram = Histogram::new(Unit::Microsecond, &[1_000, 5_000]);
            histogram.observe(value, 3);
            let mut expected = vec![(0.001, 0), (0.005, 0), (f64::INFINITY, 0)];
            expected[bucket].1 = 3;
            let snapshot = histogram.snapshot();
            assert_eq!((snapshot.buckets, snapshot.count), (expected, 3), "{value}");
        }
    }

    #[test]
    fn sums_are_in_seconds() {
        for (unit, sum) in [(Unit::Microsecond, 0.002_5), (Unit::Millisecond, 0.002)] {
            let histogram = Histogram::new(unit, &[10]);
            histogram.observe_time(Duration::from_micros(2_500));
            assert_eq!(histogram.snapshot().sum, sum, "{unit:?}");
        }
        let counts = Histogram::new(Unit::One, &[1, 2]);
        counts.observe(2, 5);
        assert_eq!(counts.snapshot().sum, 10.0);
    }
}
