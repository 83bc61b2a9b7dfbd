//! How many rows an insert of one table may have: fewer once ClickHouse had no memory or no time for so many, and more again while
//! all goes well. Pure: what happened is an argument.
//!
//! It halves at once and grows by equal steps, as TCP's window does: what a limit lets through is found soon, and asked for too much
//! seldom. How often a table is inserted into is not decided here: an insert has what has gathered since the last one.

use std::time::Duration;

/// No refusal takes it below: an insert costs more than so few rows do. What is refused then is halved, and not remembered.
const FEWEST: usize = 100;

/// Slowness alone does not take it below: what so few rows wait for is not the rows, and more inserts would only be more of it.
const FEWEST_IF_SLOW: usize = 10_000;

/// An insert that took longer had too many rows, long before it would run into a limit. In less than half of it there is room for
/// more.
const SLOW: Duration = Duration::from_secs(5);

/// From nothing to the most rows in so many steps.
const STEPS: usize = 50;

/// How many rows an insert may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InsertSize {
    rows: usize,
    most: usize,
}

impl InsertSize {
    /// As many as there may ever be.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { rows: most, most }
    }

    /// How many now.
    pub(super) fn rows(self) -> usize {
        self.rows
    }

    /// ClickHouse took `rows` within `took`.
    pub(super) fn taken(&mut self, rows: usize, took: Duration) {
        if took > SLOW && rows > FEWEST_IF_SLOW {
            self.rows = self.rows.min((rows / 2).max(FEWEST_IF_SLOW));
        } else if took < SLOW / 2 && rows >= self.rows {
            // Fewer rows than it may have say nothing of more.
            self.rows = (self.rows + self.most.div_ceil(STEPS)).min(self.most);
        }
    }

    /// `rows` were too many at once.
    pub(super) fn refused(&mut self, rows: usize) {
        self.rows = (self.rows.min(rows) / 2).max(FEWEST).min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 100_000;
    const QUICK: Duration = Duration::from_millis(300);

    /// A size that has come down to `rows`.
    fn of(rows: usize) -> InsertSize {
        InsertSize { rows, most: MOST }
    }

    #[track_caller]
    fn check(mut size: InsertSize, happened: impl Fn(&mut InsertSize), expected: usize) {
        happened(&mut size);
        assert_eq!(size.rows(), expected);
    }

    #[test]
    fn a_refusal_halves_what_was_refused() {
        check(InsertSize::new(MOST), |size| size.refused(MOST), 50_000);
        // There were not as many rows as there might have been: less than these is what may be taken.
        check(InsertSize::new(MOST), |size| size.refused(3_000), 1_500);
        // A frame is not divided, so a batch may have had more.
        check(of(MOST), |size| size.refused(140_000), 50_000);
        check(of(8_000), |size| size.refused(20_000), 4_000);
    }

    #[test]
    fn refusals_end_at_a_floor_and_never_raise_it() {
        let mut size = InsertSize::new(MOST);
        for _ in 0..40 {
            size.refused(size.rows());
        }
        assert_eq!(size.rows(), FEWEST);
        // One row was refused alone.
        check(size, |size| size.refused(1), FEWEST);
        check(InsertSize::new(40), |size| size.refused(40), 40);
    }

    #[test]
    fn it_grows_by_equal_steps_up_to_the_most() {
        check(of(50_000), |size| size.taken(50_000, QUICK), 52_000);
        check(of(99_000), |size| size.taken(99_000, QUICK), MOST);
        check(of(MOST), |size| size.taken(MOST, QUICK), MOST);
        let mut size = of(FEWEST);
        let steps = (0..).take_while(|_| {
            size.taken(size.rows(), QUICK);
            size.rows() < MOST
        });
        assert_eq!(steps.count(), 49);
    }

    #[test]
    fn few_rows_say_nothing_of_more() {
        check(of(50_000), |size| size.taken(49_999, QUICK), 50_000);
    }

    #[test]
    fn time_takes_it_down_and_keeps_it_there() {
        let long = SLOW + Duration::from_millis(1);
        check(of(MOST), |size| size.taken(MOST, long), 50_000);
        check(of(MOST), |size| size.taken(30_000, long), 15_000);
        check(of(MOST), |size| size.taken(12_000, long), FEWEST_IF_SLOW);
        // Neither slow nor quick.
        check(of(50_000), |size| size.taken(50_000, SLOW), 50_000);
        check(of(50_000), |size| size.taken(50_000, SLOW / 2), 50_000);
    }

    #[test]
    fn a_disk_that_is_slow_for_any_rows_gets_no_more_inserts_for_it() {
        let forever = Duration::from_secs(100);
        check(of(MOST), |size| size.taken(500, forever), MOST);
        check(of(MOST), |size| size.taken(FEWEST_IF_SLOW, forever), MOST);
        // A refusal has taken it further down.
        check(of(2_000), |size| size.taken(2_000, forever), 2_000);
        check(of(2_000), |size| size.taken(20_000, forever), 2_000);
    }
}
