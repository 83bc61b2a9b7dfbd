//! When a value is too much (or too little), and when it is well again: two lines instead of one stop flapping.

/// The line that a value must cross to fire, and the one it must come back over to resolve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Threshold {
    /// Fires over `fires`; resolves at or under `resolves`, which is not larger.
    Above { fires: f64, resolves: f64 },
    /// Fires under `fires`; resolves at or over `resolves`, which is not smaller.
    Below { fires: f64, resolves: f64 },
}

/// On which side of the two lines a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Over the line that fires.
    Breached,
    /// Between the lines: not enough to fire, not enough to resolve.
    Between,
    /// Well.
    Clear,
}

impl Threshold {
    /// The line that fires, in the metric's unit.
    pub(crate) const fn fires(self) -> f64 {
        match self {
            Self::Above { fires, .. } | Self::Below { fires, .. } => fires,
        }
    }

    pub(crate) fn judge(self, value: f64) -> Judgement {
        let (breached, clear) = match self {
            Self::Above { fires, resolves } => (value > fires, value <= resolves),
            Self::Below { fires, resolves } => (value < fires, value >= resolves),
        };
        match (breached, clear) {
            (true, _) => Judgement::Breached,
            (false, true) => Judgement::Clear,
            (false, false) => Judgement::Between,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Judgement::{Between, Breached, Clear};
    use super::*;

    #[test]
    fn a_value_on_a_line_does_not_fire_and_does_resolve() {
        let above = Threshold::Above {
            fires: 2500.0,
            resolves: 2000.0,
        };
        let below = Threshold::Below {
            fires: 10.0,
            resolves: 20.0,
        };
        let one_line = Threshold::Above {
            fires: 5.0,
            resolves: 5.0,
        };
        for (threshold, value, expected) in [
            (above, 2500.1, Breached),
            (above, 2500.0, Between),
            (above, 2000.1, Between),
            (above, 2000.0, Clear),
            (below, 9.9, Breached),
            (below, 10.0, Between),
            (below, 20.0, Clear),
            (one_line, 5.1, Breached),
            (one_line, 5.0, Clear),
        ] {
            assert_eq!(threshold.judge(value), expected, "{value} against {threshold:?}");
        }
    }
}
