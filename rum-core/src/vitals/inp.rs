//! Interaction to next paint (<https://web.dev/articles/inp>): the longest interaction, one left out for every 50.

use alloc::vec::Vec;

use crate::limits::INTERACTIONS;

/// Event Timing entries whose paints are at most this far apart (ms) were presented by one frame, for durations are rounded to
/// 8 ms (<https://www.w3.org/TR/event-timing/>).
const FRAME: f64 = 8.0;
/// Frames that are remembered besides those of the longest interactions: entries of one frame do not come at one time.
const FRAMES: usize = 10;
/// Frames at most, until those that are too old are forgotten.
const MOST_FRAMES: usize = 32;
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
    start: f64,
    processing_start: f64,
    processing_end: f64,
}

/// Counts interactions by their ids, where the browser does not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ids {
    range: Option<(f64, f64)>,
}

impl Ids {
    /// None so far.
    pub const NONE: Self = Self { range: None };

    /// The `interactionId` of an entry; 0 is none.
    pub fn push(&mut self, id: f64) {
        if id > 0.0 {
            let (least, most) = self.range.unwrap_or((id, id));
            self.range = Some((least.min(id), most.max(id)));
        }
    }

    /// A guess at how many interactions there were.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.range.map_or(0.0, |(least, most)| (most - least) / ID_STEP + 1.0)
    }
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
    /// Its place among the longest, below [`INTERACTIONS`]: another one has it only when this one was let go.
    pub slot: usize,
    frame: u32,
}

/// What an entry is to its interaction, which is one of the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is the first.
    First,
    /// It is longer than what was known of its interaction.
    Longer,
    /// It is as long, and began with it.
    Equal,
    /// It is shorter.
    Shorter,
}

/// The moments that divide an interaction, in ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phases {
    /// When the user acted.
    pub start: f64,
    /// When the first handler of its frame began, not before `start`.
    pub processing_start: f64,
    /// When the last one had ended, not after `paint`.
    pub processing_end: f64,
    /// The next paint.
    pub paint: f64,
}

impl Phases {
    /// From the interaction to the first handler of its frame.
    #[must_use]
    pub fn input_delay(&self) -> f64 {
        self.processing_start - self.start
    }

    /// In handlers, and between them.
    #[must_use]
    pub fn processing(&self) -> f64 {
        self.processing_end - self.processing_start
    }

    /// From the last handler to the next paint.
    #[must_use]
    pub fn presentation(&self) -> f64 {
        self.paint - self.processing_end
    }
}

/// Appends to a list of at most `most`, which is allocated once: lists that grow by and by cost the page's Wasm 400 bytes.
fn append<T>(list: &mut Vec<T>, item: T, most: usize) {
    if list.capacity() == 0 {
        *list = Vec::with_capacity(most);
    }
    if list.len() < list.capacity() {
        list.push(item);
    }
}

/// INP of a document or of a view.
#[derive(Clone, Debug)]
pub struct Inp<N, T> {
    /// Longest first.
    longest: Vec<Interaction<N, T>>,
    frames: Vec<Frame>,
    numbered: u32,
    /// The latest `processingEnd`.
    processed: f64,
    ids: Ids,
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
            processed: 0.0,
            ids: Ids::default(),
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
    pub fn push(&mut self, entry: Entry<N, T>) {
        let frame = self.present(&entry);
        self.interact(entry, frame);
    }

    /// Counts an entry into the frame that presented it; answers with the frame's number.
    pub fn present(&mut self, entry: &Entry<N, T>) -> u32 {
        self.processed = self.processed.max(entry.processing_end);
        let paint = entry.start + entry.duration;
        let same = |frame: &&mut Frame| (paint - frame.paint).abs() <= FRAME;
        if let Some(frame) = self.frames.iter_mut().rev().find(same) {
            frame.start = frame.start.min(entry.start);
            frame.processing_start = frame.processing_start.min(entry.processing_start);
            frame.processing_end = frame.processing_end.max(entry.processing_end);
            return frame.number;
        }
        if self.frames.len() >= MOST_FRAMES {
            self.tidy();
        }
        self.numbered = self.numbered.wrapping_add(1);
        let frame = Frame {
            number: self.numbered,
            paint,
            start: entry.start,
            processing_start: entry.processing_start,
            processing_end: entry.processing_end,
        };
        append(&mut self.frames, frame, MOST_FRAMES);
        self.numbered
    }

    /// Forgets the frames that are neither among the latest nor those of the longest interactions.
    pub fn tidy(&mut self) {
        let old = self.frames.len().saturating_sub(FRAMES);
        let mut kept = 0;
        for at in 0..self.frames.len() {
            let needed = |frame: &Frame| self.longest.iter().any(|interaction| interaction.frame == frame.number);
            if at >= old || self.frames.get(at).is_some_and(needed) {
                self.frames.swap(kept, at);
                kept = kept.saturating_add(1);
            }
        }
        self.frames.truncate(kept);
    }

    /// True while frame `number` is remembered.
    #[must_use]
    pub fn has_frame(&self, number: u32) -> bool {
        self.frames.iter().any(|frame| frame.number == number)
    }

    /// True if a long animation frame from `start` to `end` (ms) may be part of an interaction: it meets a frame that is
    /// remembered, or, if it is one of the `latest` few, events of its time may still come.
    #[must_use]
    pub fn may_need(&self, start: f64, end: f64, latest: usize) -> bool {
        let meets = |frame: &Frame| end >= frame.start && start <= frame.processing_end;
        self.frames.iter().any(meets) || (latest <= FRAMES && start > self.processed)
    }

    /// Takes the entry of an interaction that frame `frame` presented; one that is no interaction is ignored.
    pub fn interact(&mut self, entry: Entry<N, T>, frame: u32) -> Option<(usize, Taken)> {
        let Entry {
            id,
            start,
            duration,
            name,
            target,
            ..
        } = entry;
        if id == 0.0 {
            return None;
        }
        self.ids.push(id);

        let known = self.longest.iter().position(|known| known.id == id);
        let mut at = known.unwrap_or(self.longest.len());
        let mut new = Interaction {
            id,
            start,
            duration,
            name,
            target,
            slot: at,
            frame,
        };
        let taken = match (self.longest.get_mut(at), at.checked_sub(1)) {
            (Some(known), _) if duration > known.duration => {
                new.slot = known.slot;
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
                let shortest = self.longest.get_mut(last).filter(|last| duration > last.duration)?;
                new.slot = shortest.slot;
                *shortest = new;
                at = last;
                Taken::First
            }
            (None, _) => {
                append(&mut self.longest, new, INTERACTIONS);
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
        let slot = self.longest.get(at)?.slot;
        Some((slot, taken))
    }

    /// Begins again, for a scope that begins later than the document.
    pub fn restart(&mut self) {
        self.longest.clear();
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
        let from = self.counted_from.unwrap_or(0.0);
        self.counted.map_or_else(|| self.ids.count(), |counted| counted - from)
    }

    /// The interaction that is the value.
    #[must_use]
    pub fn interaction(&self) -> Option<&Interaction<N, T>> {
        self.interaction_of(self.interactions())
    }

    /// The interaction that is the value, if there were so many.
    #[must_use]
    pub fn interaction_of(&self, interactions: f64) -> Option<&Interaction<N, T>> {
        // A cast from a float saturates, and takes the whole part.
        let outliers = (interactions / PER_OUTLIER) as usize;
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
        self.phases_in(interaction.frame, interaction.start, interaction.duration)
    }

    /// The parts of an entry that frame `number` presented, from its `startTime` and `duration`.
    #[must_use]
    pub fn phases_in(&self, number: u32, start: f64, duration: f64) -> Phases {
        let frame = self.frames.iter().find(|frame| frame.number == number);
        let (first, last) = frame.map_or((start, start), |frame| (frame.processing_start, frame.processing_end));
        // A handler of an earlier event may have run when the user acted.
        let processing_start = first.max(start);
        // Durations are rounded, and a dialogue that blocks is no processing after the paint.
        let paint = (start + duration).max(processing_start);
        Phases {
            start,
            processing_start,
            processing_end: last.min(paint),
            paint,
        }
    }
}
