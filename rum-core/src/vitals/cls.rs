//! Cumulative layout shift (<https://web.dev/articles/cls>): the largest session window of shifts.

/// A window ends one second after its last shift …
const GAP: f64 = 1_000.0;
/// … and five seconds after its first one.
const LENGTH: f64 = 5_000.0;

/// One `layout-shift` entry. `W` is whatever names it: a selector, or a handle of the entry.
#[derive(Clone, Debug, PartialEq)]
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

/// Consecutive shifts without the user's doing.
#[derive(Clone, Debug)]
struct Window<W> {
    value: f64,
    first: f64,
    last: f64,
    largest: Shift<W>,
}

/// CLS of a document or of a view.
#[derive(Clone, Debug)]
pub struct Cls<W> {
    open: Option<Window<W>>,
    worst: Option<Window<W>>,
}

impl<W> Default for Cls<W> {
    fn default() -> Self {
        Self {
            open: None,
            worst: None,
        }
    }
}

impl<W: Clone> Cls<W> {
    /// A layout shift that the user had not caused just before (`hadRecentInput` is false).
    pub fn push(&mut self, shift: Shift<W>) -> Joined {
        let joined = match &mut self.open {
            Some(open) if open.value > 0.0 && shift.t - open.last < GAP && shift.t - open.first < LENGTH => {
                open.value += shift.value;
                open.last = shift.t;
                // Of equal ones the later, as the reference library's attribution has it.
                if shift.value >= open.largest.value {
                    open.largest = shift;
                }
                Joined::Open
            }
            open => {
                *open = Some(Window {
                    value: shift.value,
                    first: shift.t,
                    last: shift.t,
                    largest: shift,
                });
                Joined::New
            }
        };
        if self.open.as_ref().is_some_and(|open| open.value > self.value()) {
            self.worst.clone_from(&self.open);
        }
        joined
    }

    /// The score of the worst window; 0 if nothing shifted.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.worst.as_ref().map_or(0.0, |worst| worst.value)
    }

    /// The largest shift of the worst window: not of the latest one.
    #[must_use]
    pub fn largest(&self) -> Option<&Shift<W>> {
        self.worst.as_ref().map(|worst| &worst.largest)
    }
}
