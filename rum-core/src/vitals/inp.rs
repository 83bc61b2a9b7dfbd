//! Interaction to next paint (<https://web.dev/articles/inp>): the longest interaction, one left out for every 50.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Metric, bare};
use crate::limits::INTERACTIONS;
use crate::wire::event::VitalEvent;
use crate::wire::record::InteractionRecord;

/// Event Timing entries that start within this time of a frame's paint share it; durations are rounded to 8 ms
/// (<https://www.w3.org/TR/event-timing/>).
const FRAME: i64 = 8_000;
/// One interaction is left out for each of these.
const PER_OUTLIER: i64 = 50;
/// Chromium's interaction ids grow by 7 (<https://web.dev/articles/inp>).
const ID_STEP: i64 = 7;

#[derive(Clone, Debug)]
struct Interaction {
    id: i64,
    start: i64,
    duration: i64,
    processing_start: i64,
    processing_end: i64,
    name: String,
    target: Option<String>,
}

/// INP of a document or of a view.
#[derive(Clone, Debug, Default)]
pub struct Inp {
    /// Longest first.
    longest: Vec<Interaction>,
    ids: Option<(i64, i64)>,
    /// `performance.interactionCount` when this scope began, if that was not with the document …
    counted_from: Option<i64>,
    /// … and now.
    counted: Option<i64>,
}

impl Inp {
    /// Interactions before this scope began do not count into it.
    #[must_use]
    pub fn counting_from(interaction_count: i64) -> Self {
        Self {
            counted_from: Some(interaction_count),
            ..Self::default()
        }
    }

    /// An Event Timing entry that began at `t`.
    pub fn push(&mut self, t: i64, entry: &InteractionRecord) {
        let (least, most) = self.ids.unwrap_or((entry.interaction_id, entry.interaction_id));
        self.ids = Some((least.min(entry.interaction_id), most.max(entry.interaction_id)));

        let new = Interaction {
            id: entry.interaction_id,
            start: t,
            duration: entry.duration,
            processing_start: entry.processing_start,
            processing_end: entry.processing_end,
            name: entry.name.clone(),
            target: entry.target.clone(),
        };
        let known = self.longest.iter().position(|known| known.id == new.id);
        let new = match known.map(|at| self.longest.remove(at)) {
            None => new,
            Some(known) if new.duration > known.duration => Interaction {
                target: new.target.or(known.target),
                ..new
            },
            // Handlers of one frame: together they are the interaction's processing time.
            Some(known) if new.duration == known.duration && new.start == known.start => Interaction {
                processing_start: known.processing_start.min(new.processing_start),
                processing_end: known.processing_end.max(new.processing_end),
                target: known.target.or(new.target),
                ..known
            },
            Some(known) => Interaction {
                target: known.target.or(new.target),
                ..known
            },
        };
        let place = self
            .longest
            .iter()
            .position(|other| other.duration < new.duration)
            .unwrap_or(self.longest.len());
        self.longest.insert(place, new);
        self.longest.truncate(INTERACTIONS);
    }

    /// The browser's own count of interactions in the document so far.
    pub fn count(&mut self, interaction_count: Option<i64>) {
        self.counted = interaction_count.or(self.counted);
    }

    /// The browser's count so far: where a later scope begins.
    #[must_use]
    pub fn counted(&self) -> i64 {
        self.counted.or(self.counted_from).unwrap_or(0)
    }

    /// Interactions in this scope: the browser's count, else guessed from the ids.
    fn interactions(&self) -> i64 {
        let by_ids = self.ids.map_or(0, |(least, most)| {
            most.saturating_sub(least).div_euclid(ID_STEP).saturating_add(1)
        });
        self.counted
            .map_or(by_ids, |counted| counted.saturating_sub(self.counted_from.unwrap_or(0)))
    }

    /// The value, if there was an interaction, with its three parts.
    #[must_use]
    pub fn value(&self) -> Option<VitalEvent> {
        let outliers = usize::try_from(self.interactions().div_euclid(PER_OUTLIER)).unwrap_or(0);
        let found = self.longest.get(outliers.min(self.longest.len().saturating_sub(1)));
        let Some(found) = found else {
            // Counted, but too short for an entry: the least that Event Timing can say, one frame of 8 ms.
            return (self.interactions() > 0 && self.counted_from.is_some()).then(|| bare(Metric::Inp, FRAME));
        };
        let paint = found.start.saturating_add(found.duration).max(found.processing_start);
        let processed = found.processing_end.min(paint).max(found.processing_start);
        Some(VitalEvent {
            target: found.target.clone(),
            detail: Some(found.name.clone()),
            at: Some(found.start),
            input_delay: Some(found.processing_start.saturating_sub(found.start)),
            processing: Some(processed.saturating_sub(found.processing_start)),
            presentation: Some(paint.saturating_sub(processed)),
            ..bare(Metric::Inp, found.duration)
        })
    }
}
