//! How much may be sent: batches a second, by a rate and a burst, and what is stored of a day.

use std::num::{NonZeroU32, NonZeroU64};

use super::check::Problems;
use super::raw::{RawApp, RawLimits};

/// Seconds of its rate that a sender may send at once, unless the configuration says otherwise: visits come in bunches,
/// and after an interruption pages send what they kept.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// More a second than one collector takes.
const MOST_PER_SECOND: u64 = 1_000_000;

/// Far more than anybody sends in a day, and far from where numbers end.
const MOST_PER_DAY: u64 = 1 << 50;

/// Batches that a sender may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// In the long run.
    pub per_second: NonZeroU32,
    /// At once, after a pause.
    pub burst: NonZeroU32,
}

/// What is stored of an app's batches in one day of UTC, each batch once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DailyQuota {
    /// Their events; `None` is as many as come.
    pub events: Option<NonZeroU64>,
    /// Bytes of their bodies as they were sent; `None` is as many as come.
    pub bytes: Option<NonZeroU64>,
}

/// A number as it is written, and its key.
struct Written {
    key: String,
    value: Option<u64>,
}

/// How many batches one client address may send.
pub(super) fn of_address(raw: &RawLimits, problems: &mut Problems) -> Option<RateLimit> {
    let written = |key: &str, value| Written {
        key: format!("limits.{key}"),
        value,
    };
    rate_limit(
        &written("address_batches_per_second", raw.address_batches_per_second),
        &written("address_burst", raw.address_burst),
        problems,
    )
}

/// What an app may send; `place` names its keys.
pub(super) fn of_app(
    raw: &RawApp,
    place: impl Fn(&str) -> String,
    problems: &mut Problems,
) -> (Option<RateLimit>, DailyQuota) {
    let written = |key: &str, value| Written { key: place(key), value };
    let rate = rate_limit(
        &written("batches_per_second", raw.batches_per_second),
        &written("burst", raw.burst),
        problems,
    );
    let bytes = raw.bytes_per_day.map(|bytes| bytes.0);
    let quota = DailyQuota {
        events: at_least_one(&written("events_per_day", raw.events_per_day), MOST_PER_DAY, problems),
        bytes: at_least_one(&written("bytes_per_day", bytes), MOST_PER_DAY, problems),
    };
    (rate, quota)
}

fn rate_limit(rate: &Written, burst: &Written, problems: &mut Problems) -> Option<RateLimit> {
    let per_second = at_least_one(rate, MOST_PER_SECOND, problems).and_then(narrow);
    let given = at_least_one(burst, 10 * MOST_PER_SECOND, problems).and_then(narrow);
    if burst.value.is_some() && rate.value.is_none() {
        problems.add(
            &burst.key,
            format!("is set, and {} is absent, so nothing is limited", rate.key),
            format!("set {}, or remove this", rate.key),
        );
    }
    let per_second = per_second?;
    Some(RateLimit {
        per_second,
        burst: given.unwrap_or_else(|| per_second.saturating_mul(BURST_SECONDS)),
    })
}

fn at_least_one(Written { key, value }: &Written, most: u64, problems: &mut Problems) -> Option<NonZeroU64> {
    let value = (*value)?;
    let good = NonZeroU64::new(value).filter(|value| value.get() <= most);
    if good.is_none() {
        problems.add(
            key,
            format!("{value} is out of range"),
            format!("use 1 to {most}, or leave it out for no limit"),
        );
    }
    good
}

fn narrow(number: NonZeroU64) -> Option<NonZeroU32> {
    NonZeroU32::try_from(number).ok()
}
