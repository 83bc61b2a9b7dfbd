//! Interaction to next paint (<https://web.dev/articles/inp>): the longest interaction, one left out for every 50.

use super::known;
use crate::limits::INTERACTIONS;

/// Event Timing entries whose paints are at most this far apart (ms) were presented by one frame, for durations are rounded to
/// 8 ms (<https://www.w3.org/TR/event-timing/>).
const FRAME: f64 = 8.0;
/// Frames that are remembered besides those of the longest interactions: entries of one frame do not come at one time.
const FRAMES: u32 = 10;
/// Frames at most, until those that are too old are forgotten.
const MOST_FRAMES: usize = 32;
/// One interaction is left out for each of these.
const PER_OUTLIER: f64 = 50.0;
/// Chromium's interaction ids grow by 7 (<https://web.dev/articles/inp>).
const ID_STEP: f64 = 7.0;

/// An Event Timing entry. Times are in ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
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
}

/// Entries that one frame presented.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Names the frame in interactions; later frames have larger ones. 0 is no frame.
    number: u32,
    /// `startTime + duration` of its first entry.
    paint: f64,
    start: f64,
    processing_start: f64,
    processing_end: f64,
}

impl Frame {
    /// Room for one: nothing was presented with it, for nothing compares with NaN.
    const NONE: Self = Self {
        number: 0,
        paint: f64::NAN,
        start: f64::NAN,
        processing_start: f64::NAN,
        processing_end: f64::NAN,
    };
}

/// Counts interactions by their ids, where the browser does not.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    least: f64,
    most: f64,
}

impl Ids {
    /// None so far.
    pub const NONE: Self = Self {
        least: f64::INFINITY,
        most: 0.0,
    };

    /// The `interactionId` of an entry; 0 is none.
    pub fn push(&mut self, id: f64) {
        if id > 0.0 && id < self.least {
            self.least = id;
        }
        if id > self.most {
            self.most = id;
        }
    }

    /// A guess at how many interactions there were.
    #[must_use]
    pub fn count(&self) -> f64 {
        if self.most > 0.0 {
            (self.most - self.least) / ID_STEP + 1.0
        } else {
            0.0
        }
    }
}

/// One of the longest interactions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// `interactionId`.
    pub id: f64,
    /// When the user acted, in ms.
    pub start: f64,
    /// Its longest entry's duration in ms.
    pub duration: f64,
    frame: u32,
    /// Of equally long ones the one that was so first comes first.
    since: u32,
}

impl Interaction {
    fn is_before(&self, other: &Self) -> bool {
        self.duration > other.duration || (self.duration == other.duration && self.since < other.since)
    }
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

/// INP of a document or of a view. Whoever pushes keeps by place what else is worth knowing of an interaction.
///
/// Lists are in place and in no order: of so few the next one is found soon enough, and in Wasm lists that grow and are
/// sorted cost more bytes than all that is done with them.
#[derive(Clone, Debug)]
pub struct Inp {
    longest: [Option<Interaction>; INTERACTIONS],
    /// How often one of them became longer.
    changes: u32,
    frames: [Frame; MOST_FRAMES],
    /// The number of the latest frame.
    numbered: u32,
    /// The latest `processingEnd`.
    processed: f64,
    ids: Ids,
    /// `performance.interactionCount` when this scope began, NaN if that was with the document …
    counted_from: f64,
    /// … and now, NaN where the browser does not count.
    counted: f64,
}

impl Default for Inp {
    fn default() -> Self {
        Self::NONE
    }
}

impl Inp {
    /// Of a scope in which nothing happened so far.
    pub const NONE: Self = Self {
        longest: [None; INTERACTIONS],
        changes: 0,
        frames: [Frame::NONE; MOST_FRAMES],
        numbered: 0,
        processed: 0.0,
        ids: Ids::NONE,
        counted_from: f64::NAN,
        counted: f64::NAN,
    };

    /// The value of a scope with interactions that are all too short for an entry: the least that Event Timing can say.
    pub const LEAST: f64 = FRAME;

    /// For a scope that begins later than the document: the interactions that the browser had counted by then are not its own.
    pub fn begin_at(&mut self, interaction_count: f64) {
        self.counted_from = interaction_count;
    }

    /// An Event Timing entry of any event: what it is to one of the longest interactions, which has that slot.
    /// Inlined, for to a caller elsewhere an answer of several values goes through memory.
    #[inline(always)]
    pub fn push(&mut self, entry: Entry) -> Option<(usize, Taken)> {
        let frame = self.present(&entry);
        self.interact(entry, frame)
    }

    /// Counts an entry into the frame that presented it; answers with the frame's number.
    pub fn present(&mut self, entry: &Entry) -> u32 {
        let &Entry {
            start,
            duration,
            processing_start,
            processing_end,
            ..
        } = entry;
        if processing_end > self.processed {
            self.processed = processing_end;
        }
        let paint = start + duration;
        let mut same: Option<&mut Frame> = None;
        let mut room: Option<&mut Frame> = None;
        for frame in &mut self.frames {
            let later = |known: &Option<&mut Frame>| known.as_ref().is_none_or(|known| known.number < frame.number);
            if (paint - frame.paint).abs() <= FRAME {
                if later(&same) {
                    same = Some(frame);
                }
            } else if (room.is_none() || !later(&room)) && !needed(&self.longest, frame) {
                room = Some(frame);
            }
        }
        if let Some(frame) = same {
            if start < frame.start {
                frame.start = start;
            }
            if processing_start < frame.processing_start {
                frame.processing_start = processing_start;
            }
            if processing_end > frame.processing_end {
                frame.processing_end = processing_end;
            }
            return frame.number;
        }
        self.numbered = self.numbered.wrapping_add(1);
        if let Some(room) = room {
            *room = Frame {
                number: self.numbered,
                paint,
                start,
                processing_start,
                processing_end,
            };
        }
        self.numbered
    }

    /// Forgets the frames that are neither among the latest nor those of the longest interactions.
    pub fn tidy(&mut self) {
        let old = self.numbered.saturating_sub(FRAMES);
        for frame in &mut self.frames {
            if frame.number <= old && !needed(&self.longest, frame) {
                *frame = Frame::NONE;
            }
        }
    }

    /// True while frame `number` is remembered.
    #[must_use]
    pub fn has_frame(&self, number: u32) -> bool {
        self.frames.iter().any(|frame| frame.number == number)
    }

    /// True if a long animation frame from `start` to `end` (ms) may be part of an interaction: it meets a frame that is
    /// remembered, or, if it is one of the `latest` few, events of its time may still come.
    #[must_use]
    pub fn may_need(&self, start: f64, end: f64, latest: u32) -> bool {
        let meets = |frame: &Frame| end >= frame.start && start <= frame.processing_end;
        self.frames.iter().any(meets) || (latest <= FRAMES && start > self.processed)
    }

    /// Takes the entry of an interaction that frame `frame` presented. Answers with the place of its interaction among the
    /// longest, which is below [`INTERACTIONS`] and stays the same until another one takes it over; `None` if it is no
    /// interaction or none of the longest.
    /// Inlined, for to a caller elsewhere an answer of several values goes through memory.
    #[inline(always)]
    pub fn interact(&mut self, entry: Entry, frame: u32) -> Option<(usize, Taken)> {
        let Entry {
            id, start, duration, ..
        } = entry;
        if id == 0.0 {
            return None;
        }
        self.ids.push(id);
        let places = || self.longest.iter();
        let known = places().position(|known| known.as_ref().is_some_and(|known| known.id == id));
        let free = || places().position(Option::is_none);
        let place = known
            .or_else(free)
            .or_else(|| self.ranked(INTERACTIONS.saturating_sub(1)))?;
        let slot = self.longest.get_mut(place)?;

        let mut taken = Taken::First;
        if let Some(there) = slot {
            let longer = duration > there.duration;
            if known.is_some() {
                taken = Taken::Longer;
                if !longer {
                    let equal = duration == there.duration && start == there.start;
                    return Some((place, if equal { Taken::Equal } else { Taken::Shorter }));
                }
            } else if !longer {
                return None;
            }
        }
        self.changes = self.changes.wrapping_add(1);
        *slot = Some(Interaction {
            id,
            start,
            duration,
            frame,
            since: self.changes,
        });
        Some((place, taken))
    }

    /// The place of the interaction with so many longer ones.
    fn ranked(&self, rank: usize) -> Option<usize> {
        self.longest.iter().position(|one| {
            let Some(one) = one else { return false };
            let mut longer = 0_usize;
            for other in &self.longest {
                if other.as_ref().is_some_and(|other| other.is_before(one)) {
                    longer = longer.wrapping_add(1);
                }
            }
            longer == rank
        })
    }

    /// Begins again, for a scope that begins later than the document.
    pub fn restart(&mut self) {
        self.longest = [const { None }; INTERACTIONS];
    }

    /// The browser's own count of interactions in the document so far; NaN if it has none.
    pub fn count(&mut self, interaction_count: f64) {
        self.counted = known(interaction_count, self.counted);
    }

    /// The browser's count so far: where a later scope begins.
    #[must_use]
    pub fn counted(&self) -> f64 {
        known(self.counted, self.started())
    }

    /// Interactions in this scope: the browser's count, else guessed from the ids.
    fn interactions(&self) -> f64 {
        known(self.counted - self.started(), self.ids.count())
    }

    /// The browser's count when this scope began.
    fn started(&self) -> f64 {
        known(self.counted_from, 0.0)
    }

    /// The interaction that is the value, with its place.
    /// Inlined, for to a caller elsewhere an answer of several values goes through memory.
    #[must_use]
    #[inline(always)]
    pub fn interaction(&self) -> Option<(usize, &Interaction)> {
        let place = self.place_of(self.interactions())?;
        Some((place, self.at(place)?))
    }

    /// The interaction at a place that [`interact`](Self::interact) or [`place_of`](Self::place_of) answered with.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&Interaction> {
        self.longest.get(place)?.as_ref()
    }

    /// The place of the interaction that is the value, if there were so many.
    #[must_use]
    pub fn place_of(&self, interactions: f64) -> Option<usize> {
        // A cast from a float saturates, and takes the whole part.
        let outliers = (interactions / PER_OUTLIER) as usize;
        let kept = self.longest.iter().flatten().count();
        self.ranked(outliers.min(kept.saturating_sub(1)))
    }

    /// True if the user did something that was always too short for an entry. A document's first input has one however
    /// short it is, so only later scopes can say so.
    #[must_use]
    pub fn only_short(&self) -> bool {
        self.longest.iter().all(Option::is_none) && !self.counted_from.is_nan() && self.interactions() > 0.0
    }

    /// The parts of `interaction`: those of its whole frame, cut to the interaction.
    #[must_use]
    pub fn phases(&self, interaction: &Interaction) -> Phases {
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

/// True for the frame of one of the longest interactions.
fn needed(longest: &[Option<Interaction>], frame: &Frame) -> bool {
    longest
        .iter()
        .flatten()
        .any(|interaction| interaction.frame == frame.number)
}
