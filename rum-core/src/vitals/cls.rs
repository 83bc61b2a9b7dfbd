//! Cumulative layout shift (<https://web.dev/articles/cls>): the largest session window of shifts.

use alloc::string::String;

use super::{Metric, bare};
use crate::wire::event::VitalEvent;
use crate::wire::record::ShiftRecord;

/// A window ends one second after its last shift …
const GAP: i64 = 1_000_000;
/// … and five seconds after its first one.
const LENGTH: i64 = 5_000_000;

/// Consecutive shifts without the user's doing.
#[derive(Clone, Debug, Default)]
struct Window {
    value: i64,
    first: i64,
    last: i64,
    largest: i64,
    largest_at: i64,
    target: Option<String>,
}

/// CLS of a document or of a view.
#[derive(Clone, Debug, Default)]
pub struct Cls {
    open: Window,
    worst: Window,
}

impl Cls {
    /// A layout shift at `t`.
    pub fn push(&mut self, t: i64, shift: &ShiftRecord) {
        if shift.recent_input != 0 || shift.value <= 0 {
            return;
        }
        let joins =
            self.open.value > 0 && t.saturating_sub(self.open.last) < GAP && t.saturating_sub(self.open.first) < LENGTH;
        if !joins {
            self.open = Window {
                first: t,
                ..Window::default()
            };
        }
        let open = &mut self.open;
        open.value = open.value.saturating_add(shift.value);
        open.last = t;
        if shift.value > open.largest {
            open.largest = shift.value;
            open.largest_at = t;
            open.target.clone_from(&shift.target);
        }
        if open.value > self.worst.value {
            self.worst.clone_from(open);
        }
    }

    /// The value, 0 if nothing shifted, with the largest shift of the worst window.
    #[must_use]
    pub fn value(&self) -> VitalEvent {
        VitalEvent {
            target: self.worst.target.clone(),
            at: (self.worst.value > 0).then_some(self.worst.largest_at),
            ..bare(Metric::Cls, self.worst.value)
        }
    }
}
