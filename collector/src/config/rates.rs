//! Sampling rates: which share of its sessions an app keeps, by version.

use std::collections::BTreeMap;

use crate::batch::Weights;

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The share of sessions that are kept, above 0.
    pub share: f64,
    /// Errors are sent by these sessions only; else by every one that has any.
    pub errors_sampled: bool,
}

/// The rates of one app. A page says only which version its session froze, so a share never changes under its number.
/// Version 0 keeps everything, and is there always.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    by_version: BTreeMap<u32, Rate>,
    in_force: u32,
}

impl Rates {
    /// Rates by version, without version 0.
    pub(super) const fn new(by_version: BTreeMap<u32, Rate>, in_force: u32) -> Self {
        Self { by_version, in_force }
    }

    /// What the sessions of this version, as the wire has it, stand for; `None` if no such version is configured.
    #[must_use]
    pub fn weights(&self, version: i64) -> Option<Weights> {
        let version = u32::try_from(version).ok()?;
        if version == 0 {
            return Some(Weights::WHOLE);
        }
        let rate = self.by_version.get(&version)?;
        Some(Weights::new(rate.share, rate.errors_sampled))
    }

    /// The version that new sessions are to freeze, and its rate; `None` while that is version 0, which pages use unasked.
    #[must_use]
    pub fn announced(&self) -> Option<(u32, Rate)> {
        self.by_version.get(&self.in_force).map(|rate| (self.in_force, *rate))
    }

    /// The version in force.
    pub(super) const fn in_force(&self) -> u32 {
        self.in_force
    }

    /// All versions but 0, with their rates.
    pub(super) fn listed(&self) -> impl Iterator<Item = (u32, Rate)> {
        self.by_version.iter().map(|(version, rate)| (*version, *rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_0_keeps_everything_and_needs_no_announcement() {
        let rate = |share| Rate {
            share,
            errors_sampled: false,
        };
        let rates = Rates::new(BTreeMap::from([(1, rate(0.1)), (2, rate(0.5))]), 2);
        for (version, share) in [(0, Some(1.0)), (1, Some(0.1)), (2, Some(0.5)), (3, None), (-1, None)] {
            let weights = share.map(|share| Weights::new(share, false));
            assert_eq!(rates.weights(version), weights, "{version}");
        }
        assert_eq!(rates.announced(), Some((2, rate(0.5))));
        assert_eq!(Rates::new(BTreeMap::from([(1, rate(0.1))]), 0).announced(), None);
        assert_eq!(Rates::default().weights(0), Some(Weights::WHOLE));
    }
}
