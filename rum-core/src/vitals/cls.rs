//! Cumulative layout shift (<https://web.dev/articles/cls>): the largest session window of shifts.

/// A window ends one second after its last shift …
const GAP: f64 = 1_000.0;
/// … and five seconds after its first one.
const LENGTH: f64 = 5_000.0;

/// One `layout-shift` entry. `W` is whatever names it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift<W> {
    /// Its `startTime` in ms.
    pub t: f64,
    /// Its score.
    pub value: f64,
    /// What names it.
    pub what: W,
}

/// Where a shift went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// It opened a window.
    New,
    /// It joined the open window.
    Open,
}

/// The latest session window: consecutive shifts without the user's doing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    value: f64,
    first: f64,
    last: f64,
}

impl Window {
    /// None so far.
    pub const NONE: Self = Self {
        value: 0.0,
        first: 0.0,
        last: 0.0,
    };

    /// A shift of score `value` at `t` (ms) joins this window, or makes it another one.
    pub fn push(&mut self, t: f64, value: f64) -> Joined {
        if self.value > 0.0 && t - self.last < GAP && t - self.first < LENGTH {
            self.value += value;
            self.last = t;
            return Joined::Open;
        }
        *self = Self {
            value,
            first: t,
            last: t,
        };
        Joined::New
    }

    /// The score of its shifts together.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// No shift joins it any more.
    pub fn close(&mut self) {
        self.value = 0.0;
    }
}

/// CLS of a document or of a view.
#[derive(Clone, Copy, Debug)]
pub struct Cls<W> {
    open: Window,
    /// The largest shift of the open window.
    largest: Option<Shift<W>>,
    /// The score of the worst window so far, and its largest shift.
    worst: Option<(f64, Shift<W>)>,
}

impl<W> Default for Cls<W> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<W> Cls<W> {
    /// Nothing shifted so far.
    pub const NONE: Self = Self {
        open: Window::NONE,
        largest: None,
        worst: None,
    };
}

impl<W: Copy> Cls<W> {
    /// A layout shift that the user had not caused just before (`hadRecentInput` is false).
    pub fn push(&mut self, shift: Shift<W>) {
        let joined = self.open.push(shift.t, shift.value);
        let largest = match self.largest {
            // Of equal ones the later, as the reference library's attribution has it.
            Some(largest) if joined == Joined::Open && largest.value > shift.value => largest,
            _ => shift,
        };
        if self.open.value() > self.value() {
            self.worst = Some((self.open.value(), largest));
        }
        self.largest = Some(largest);
    }

    /// The score of the worst window; 0 if nothing shifted.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.worst.as_ref().map_or(0.0, |(value, _)| *value)
    }

    /// The largest shift of the worst window: not of the latest one.
    #[must_use]
    pub fn largest(&self) -> Option<&Shift<W>> {
        self.worst.as_ref().map(|(_, largest)| largest)
    }

    /// The largest shift of the open window, which may still become the worst.
    #[must_use]
    pub fn latest(&self) -> Option<&Shift<W>> {
        self.largest.as_ref()
    }
}
