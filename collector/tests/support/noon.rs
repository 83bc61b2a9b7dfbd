//! Tests of what ends with a day of UTC have their collector's clock say that it is noon: no midnight comes while they run.

#![expect(
    clippy::unwrap_used,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

use std::time::{SystemTime, UNIX_EPOCH};

const DAY_MS: i64 = 86_400_000;

/// By how many ms a clock has to jump ahead for that. Not back: what pages send now would be of the future.
pub(crate) fn ms_until_noon() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let of_day = i64::try_from(now.as_millis()).unwrap() % DAY_MS;
    (DAY_MS + DAY_MS / 2 - of_day) % DAY_MS
}
