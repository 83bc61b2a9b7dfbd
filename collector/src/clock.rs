//! What time it is: the one place that asks the system's clock for the time of day.

use jiff::{SignedDuration, Timestamp};

use crate::fault;

/// Now. It may jump, also backward: nobody may count on its order.
pub(crate) fn now() -> Timestamp {
    Timestamp::now() + SignedDuration::from_millis(fault::clock_jump_ms())
}

/// Now, in ms since the epoch.
pub(crate) fn now_ms() -> i64 {
    now().as_millisecond()
}
