//! Values with units, as people write and read them: `2.5s`, `2500ms`, `0.1`, `12`.

use std::time::Duration;

use jiff::SignedDuration;
use rum_core::vitals::Metric;

use crate::store::query::Measure;

/// What a rule's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Milliseconds.
    Time,
    /// Layout shift: no unit.
    Score,
    /// How many.
    Count,
}

impl Unit {
    pub(crate) const fn of(measure: Measure) -> Self {
        match measure {
            Measure::Quantile {
                metric: Metric::Cls, ..
            } => Self::Score,
            Measure::Quantile { .. } => Self::Time,
            Measure::ErrorCount => Self::Count,
        }
    }

    /// Reads a threshold: ms for times. The error says how to write one.
    pub(crate) fn read(self, text: &str) -> Result<f64, &'static str> {
        let plain = text
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|value| value.is_finite() && *value >= 0.0);
        match self {
            Self::Time => plain
                .or_else(|| duration(text).ok().map(|time| time.as_secs_f64() * 1000.0))
                .ok_or("write a time, such as `2500ms`, `2.5s` or `2500` (ms)"),
            Self::Score => plain.ok_or("layout shift has no unit: write a number, such as `0.1`"),
            Self::Count => plain
                .filter(|value| value.fract() == 0.0)
                .ok_or("write a whole number of errors, such as `10`"),
        }
    }

    /// The value as a person reads it.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Time if value < 1000.0 => format!("{value:.0} ms"),
            Self::Time => format!("{:.2} s", value / 1000.0),
            Self::Score => format!("{value:.3}"),
            Self::Count => format!("{value:.0}"),
        }
    }
}

/// Reads a length of time, such as `30s`, `5m` or `1h30m`. The error says how to write one.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    text.trim()
        .parse::<SignedDuration>()
        .ok()
        .and_then(|signed| Duration::try_from(signed).ok())
        .ok_or("write a length of time with its unit, such as `30s`, `5m` or `1h30m`")
}

/// The time as a person writes it.
pub(crate) fn show_duration(time: Duration) -> String {
    format!("{:#}", SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_in_their_unit() {
        for (unit, text, expected) in [
            (Unit::Time, "2500ms", Some(2500.0)),
            (Unit::Time, "2.5s", Some(2500.0)),
            (Unit::Time, "2.5 s", Some(2500.0)),
            (Unit::Time, "2500", Some(2500.0)),
            (Unit::Time, "0", Some(0.0)),
            (Unit::Time, "1m30s", Some(90_000.0)),
            (Unit::Time, "-1", None),
            (Unit::Time, "-1s", None),
            (Unit::Time, "1s ago", None),
            (Unit::Time, "NaN", None),
            (Unit::Time, "inf", None),
            (Unit::Time, "fast", None),
            (Unit::Time, "", None),
            (Unit::Score, "0.25", Some(0.25)),
            (Unit::Score, "250ms", None),
            (Unit::Count, "10", Some(10.0)),
            (Unit::Count, "1.5", None),
            (Unit::Count, "10ms", None),
        ] {
            assert_eq!(unit.read(text).ok(), expected, "{text:?} as {unit:?}");
        }
    }

    #[test]
    fn values_are_shown_with_their_unit() {
        for (unit, value, expected) in [
            (Unit::Time, 12.4, "12 ms"),
            (Unit::Time, 2741.0, "2.74 s"),
            (Unit::Score, 0.18734, "0.187"),
            (Unit::Count, 12.0, "12"),
        ] {
            assert_eq!(unit.show(value), expected);
        }
    }

    #[test]
    fn lengths_of_time_have_units() {
        for (text, expected) in [
            ("5m", Some(300)),
            ("1h30m", Some(5400)),
            ("0s", Some(0)),
            ("5", None),
            ("-5m", None),
            ("soon", None),
        ] {
            assert_eq!(duration(text).ok(), expected.map(Duration::from_secs), "{text:?}");
        }
    }
}
