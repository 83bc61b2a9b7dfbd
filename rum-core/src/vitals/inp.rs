//! Interaction to next paint (<https://web.dev/articles/inp>): the longest interaction, one left out for every 50.

use alloc::vec::Vec;

use crate::limits::INTERACTIONS;

/// Event Timing entries whose paints are at most this far apart (ms) were presented by one frame, for durations are rounded to
/// 8 ms (<https://www.w3.org/TR/event-timing/>).
const FRAME: f64 = 8.0;
/// Frames that are remembered besides those of the longest interactions: entries of one frame do not come at one time.
const FRAMES: usize = 10;
/// One interaction is left out for each of these.
const PER_OUTLIER: f64 = 50.0;
/// Chromium's interaction ids grow by 7 (<https://web.dev/articles/inp>).
const ID_STEP: f64 = 7.0;

/// An Event Timing entry. Times are in ms. `N` names the entry, `T` its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<N, T> {
    /// `interactionId`; 0 of an event that is no interaction, but shares its frame with one.
    pub id: f64,
    /// `startTime`.
    pub start: f64,
    /// `duration`.
    pub duration: f64,
    /// `processingStart`.
    pub processing_start: f64,
    /// `processingEnd`.
    pub processing_end: f64,
    /// What names it, such as the event's type.
    pub name: N,
    /// Its target, if that is still known.
    pub target: Option<T>,
}

/// Entries that one frame presented.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Names the frame in interactions.
    number: u32,
    /// `startTime + duration` of its first entry.
    paint: f64,
    processing_start: f64,
    processing_end: f64,
}

/// One of the longest interactions.
#[derive(Clone, Debug, PartialEq)]
pub struct Interaction<N, T> {
    /// `interactionId`.
    pub id: f64,
    /// When the user acted, in ms.
    pub start: f64,
    /// Its longest entry's duration in ms.
    pub duration: f64,
    /// Of that entry.
    pub name: N,
    /// The first target that any of its entries knew.
    pub target: Option<T>,
    frame: u32,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It belongs to none of the longest interactions.
    Ignored,
    /// It is the first of an interaction.
    First,
    /// It is longer than what was known of its interaction.
    Longer,
    /// It is as long, and began with it.
    Equal,
    /// It is shorter.
    Shorter,
}

/// The parts of an interaction, each in ms: they add up to its duration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phases {
    /// From the interaction to the first handler of its frame.
    pub input_delay: f64,
    /// In handlers, and between them.
    pub processing: f64,
    /// From the last handler to the next paint.
    pub presentation: f64,
}

/// INP of a document or of a view.
#[derive(Clone, Debug)]
pub struct Inp<N, T> {
    /// Longest first.
    longest: Vec<Interaction<N, T>>,
    frames: Vec<Frame>,
    numbered: u32,
    ids: Option<(f64, f64)>,
    /// `performance.interactionCount` when this scope began, if that was not with the document …
    counted_from: Option<f64>,
    /// … and now.
    counted: Option<f64>,
}

impl<N, T> Default for Inp<N, T> {
    fn default() -> Self {
        Self {
            longest: Vec::new(),
            frames: Vec::new(),
            numbered: 0,
            ids: None,
            counted_from: None,
            counted: None,
        }
    }
}

impl<N, T> Inp<N, T> {
    /// The value of a scope with interactions that are all too short for an entry: the least that Event Timing can say.
    pub const LEAST: f64 = FRAME;

    /// For a scope that begins later than the document: the interactions that the browser had counted by then are not its own.
    #[must_use]
    pub fn counting_from(interaction_count: Option<f64>) -> Self {
        Self {
            counted_from: interaction_count,
            ..Self::default()
        }
    }

    /// An Event Timing entry of any event.
    pub fn push(&mut self, entry: Entry<N, T>) -> Taken {
        let frame = self.frame(&entry);
        let Entry {
            id,
            start,
            duration,
            name,
            target,
            ..
        } = entry;
        if id == 0.0 {
            return Taken::Ignored;
        }
        let (least, most) = self.ids.unwrap_or((id, id));
        self.ids = Some((least.min(id), most.max(id)));

        let new = Interaction {
            id,
            start,
            duration,
            name,
            target,
            frame,
        };
        let known = self.longest.iter().position(|known| known.id == id);
        let mut at = known.unwrap_or(self.longest.len());
        let taken = match (self.longest.get_mut(at), at.checked_sub(1)) {
            (Some(known), _) if duration > known.duration => {
                // Its target is the first that any of its entries knew.
                let target = known.target.take();
                *known = new;
                known.target = target.or(known.target.take());
                Taken::Longer
            }
            (Some(known), _) if duration == known.duration && start == known.start => {
                known.target = known.target.take().or(new.target);
                Taken::Equal
            }
            (Some(_), _) => Taken::Shorter,
            (None, Some(last)) if at >= INTERACTIONS => {
                let Some(shortest) = self.longest.get_mut(last).filter(|last| duration > last.duration) else {
                    return Taken::Ignored;
                };
                *shortest = new;
                at = last;
                Taken::First
            }
            (None, _) => {
                self.longest.push(new);
                Taken::First
            }
        };
        // Longest first; of equals the one that was there before.
        while let Some(before) = at.checked_sub(1) {
            match self.longest.get(before..=at) {
                Some([before, this]) if before.duration < this.duration => {}
                _ => break,
            }
            self.longest.swap(before, at);
            at = before;
        }
        taken
    }

    /// The frame that presented `entry`, with the entry counted into it.
    fn frame(&mut self, entry: &Entry<N, T>) -> u32 {
        let paint = entry.start + entry.duration;
        let same = |frame: &&mut Frame| (paint - frame.paint).abs() <= FRAME;
        if let Some(frame) = self.frames.iter_mut().rev().find(same) {
            frame.processing_start = frame.processing_start.min(entry.processing_start);
            frame.processing_end = frame.processing_end.max(entry.processing_end);
            return frame.number;
        }
        if self.frames.len() >= FRAMES.saturating_add(INTERACTIONS) {
            let longest = &self.longest;
            let needed = |frame: &Frame| longest.iter().any(|interaction| interaction.frame == frame.number);
            let oldest = self.frames.iter().position(|frame| !needed(frame)).unwrap_or(0);
            self.frames.remove(oldest);
        }
        self.numbered = self.numbered.wrapping_add(1);
        self.frames.push(Frame {
            number: self.numbered,
            paint,
            processing_start: entry.processing_start,
            processing_end: entry.processing_end,
        });
        self.numbered
    }

    /// The browser's own count of interactions in the document so far.
    pub fn count(&mut self, interaction_count: Option<f64>) {
        self.counted = interaction_count.or(self.counted);
    }

    /// The browser's count so far: where a later scope begins.
    #[must_use]
    pub fn counted(&self) -> f64 {
        self.counted.or(self.counted_from).unwrap_or(0.0)
    }

    /// Interactions in this scope: the browser's count, else guessed from the ids.
    fn interactions(&self) -> f64 {
        let by_ids = self.ids.map_or(0.0, |(least, most)| (most - least) / ID_STEP + 1.0);
        self.counted
            .map_or(by_ids, |counted| counted - self.counted_from.unwrap_or(0.0))
    }

    /// The interaction that is the value.
    #[must_use]
    pub fn interaction(&self) -> Option<&Interaction<N, T>> {
        // A cast from a float saturates, and takes the whole part.
        let outliers = (self.interactions() / PER_OUTLIER) as usize;
        self.longest.get(outliers.min(self.longest.len().saturating_sub(1)))
    }

    /// True if the user did something that was always too short for an entry. A document's first input has one however
    /// short it is, so only later scopes can say so.
    #[must_use]
    pub fn only_short(&self) -> bool {
        self.longest.is_empty() && self.counted_from.is_some() && self.interactions() > 0.0
    }

    /// The parts of `interaction`: those of its whole frame, cut to the interaction.
    #[must_use]
    pub fn phases(&self, interaction: &Interaction<N, T>) -> Phases {
        let Interaction { start, duration, .. } = *interaction;
        let frame = self.frames.iter().find(|frame| frame.number == interaction.frame);
        let (first, last) = frame.map_or((start, start), |frame| (frame.processing_start, frame.processing_end));
        // A handler of an earlier event may have run when the user acted.
        let first = first.max(start);
        // Durations are rounded, and a dialogue that blocks is no processing after the paint.
        let paint = (start + duration).max(first);
        let last = last.min(paint);
        Phases {
            input_delay: first - start,
            processing: last - first,
            presentation: paint - last,
        }
    }
}
