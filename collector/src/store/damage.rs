//! Damaged places: what was acknowledged lay there, and cannot be read any more.

use std::collections::BTreeSet;

use super::cursor::Position;
use crate::meter::Counter;

/// Places that are told apart; beyond them the counts stand still.
const MOST: usize = 10_000;

/// A damaged place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    /// Where it begins.
    pub(super) at: Position,
    /// How long it is.
    pub(super) bytes: u64,
}

impl Damage {
    /// From `at` to an offset of the same segment.
    pub(super) fn between(at: Position, end: u64) -> Self {
        let bytes = end.saturating_sub(at.offset);
        Self { at, bytes }
    }

    /// A segment of which nothing can be read.
    pub(super) fn whole(segment: u64, bytes: u64) -> Self {
        let at = Position { segment, offset: 0 };
        Self { at, bytes }
    }
}

/// What was lost since the start of the process; it does not become less when a damaged segment is deleted.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    /// Damaged places.
    pub(crate) places: Counter,
    /// Their bytes.
    pub(crate) bytes: Counter,
}

/// The places that are known: each reader comes by, and each place counts once.
#[derive(Debug, Default)]
pub(super) struct Damages(BTreeSet<Position>);

impl Damages {
    /// Whether this place needs no further word.
    pub(super) fn knows(&self, at: Position) -> bool {
        self.0.contains(&at) || self.0.len() >= MOST
    }

    /// Counts a place, unless it is known.
    pub(super) fn add(&mut self, Damage { at, bytes }: Damage, losses: &Losses) {
        if self.knows(at) {
            return;
        }
        self.0.insert(at);
        losses.places.add(1);
        losses.bytes.add(bytes);
        tracing::error!(
            segment = at.segment,
            offset = at.offset,
            bytes,
            "the spool is damaged here: frames are lost"
        );
    }

    /// A segment is deleted: nobody comes by any more.
    pub(super) fn forget(&mut self, segment: u64) {
        self.0.retain(|at| at.segment != segment);
    }

    /// The segments that they are in.
    pub(super) fn segments(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|at| at.segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(segment: u64, offset: u64) -> Position {
        Position { segment, offset }
    }

    #[test]
    fn a_place_counts_once_and_for_ever() {
        let (mut damages, losses) = (Damages::default(), Losses::default());
        for damage in [
            Damage::between(at(1, 100), 140),
            Damage::between(at(1, 100), 140),
            Damage::between(at(2, 100), 110),
            Damage::whole(3, 1_000),
        ] {
            damages.add(damage, &losses);
        }
        let counted = || (losses.places.get(), losses.bytes.get());
        assert_eq!(counted(), (3, 1_050));
        assert!(damages.knows(at(2, 100)) && !damages.knows(at(2, 101)));
        damages.forget(2);
        assert_eq!(damages.segments().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(counted(), (3, 1_050));
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let (mut damages, losses) = (Damages::default(), Losses::default());
        for offset in 0..=MOST as u64 {
            damages.add(Damage::between(at(1, offset), offset + 1), &losses);
        }
        assert_eq!(losses.places.get(), MOST as u64);
        damages.forget(1);
        damages.add(Damage::whole(2, 7), &losses);
        assert_eq!(losses.places.get(), MOST as u64 + 1);
    }
}
