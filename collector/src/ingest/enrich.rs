//! From an accepted batch to an enriched one: what the request says about its sender, and what the rows stand for.

use super::outcome::{Outcome, Tally};
use crate::batch::{AcceptedBatch, EnrichedBatch, Visitor, Weights};

/// Adds who sent it, and the weights. Of a bot its events are counted: they are stored as all others, and left out of what people
/// read.
pub(super) fn enrich(accepted: AcceptedBatch, visitor: Visitor, weights: Weights, tally: &mut Tally) -> EnrichedBatch {
    if !visitor.agent.bot.is_empty() {
        tally.add(Outcome::EventOfBot, accepted.events() as u64);
    }
    EnrichedBatch {
        accepted,
        visitor,
        weights,
    }
}
