//! What one app has used of a day of UTC, and how near that is to its quota. Pure: what time it is says the caller.

use std::num::NonZeroU64;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use crate::config::DailyQuota;

const DAY_MS: i64 = 86_400_000;

/// From how many percent of its quota on an app is worth a look.
const NEAR: u64 = 80;

/// A day of UTC, as the number of days since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(i64);

impl Day {
    /// The day of this moment, in ms since the epoch.
    pub(super) fn of(now_ms: i64) -> Self {
        Self(now_ms.div_euclid(DAY_MS))
    }

    /// ms from then until the next day begins.
    pub(super) fn ms_left(now_ms: i64) -> i64 {
        DAY_MS - now_ms.rem_euclid(DAY_MS)
    }

    /// As people write it: `2026-11-22`.
    pub(super) fn text(self) -> String {
        let begin = Timestamp::from_second(self.0.saturating_mul(DAY_MS / 1_000)).unwrap_or_default();
        Offset::UTC.to_datetime(begin).date().to_string()
    }

    /// The day that is written so.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let date: Date = text.parse().ok()?;
        let begin = Offset::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok()?;
        Some(Self::of(begin.as_millisecond()))
    }

    /// The day on which something is counted at `now_ms`, while `self` is being counted. The clock's yesterday is still
    /// today: midnight is not at the same moment for requests that run at the same time. Earlier than that, somebody has
    /// set the clock back.
    pub(super) fn or_of(self, now_ms: i64) -> Self {
        let now = Self::of(now_ms);
        if now.0 == self.0 - 1 { self } else { now }
    }
}

/// What of an app's batches is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Their events.
    Events,
    /// Bytes of their bodies.
    Bytes,
}

impl Resource {
    pub(crate) const ALL: [Self; 2] = [Self::Events, Self::Bytes];

    /// Its name in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Bytes => "bytes",
        }
    }

    /// Its key in the configuration of an app.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Events => "events_per_day",
            Self::Bytes => "bytes_per_day",
        }
    }

    pub(crate) const fn limit(self, quota: &DailyQuota) -> Option<NonZeroU64> {
        match self {
            Self::Events => quota.events,
            Self::Bytes => quota.bytes,
        }
    }
}

/// How near the use of a day is to its quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Nobody has to look.
    #[default]
    Within,
    /// At 80 % or more.
    Near,
    /// Used up: batches are refused.
    Over,
}

/// The use of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DayUse {
    pub(super) day: Day,
    pub(super) events: u64,
    pub(super) bytes: u64,
    /// What the log has said of this day.
    pub(super) told: Level,
}

impl DayUse {
    /// Nothing yet.
    pub(super) fn new(day: Day) -> Self {
        Self {
            day,
            events: 0,
            bytes: 0,
            told: Level::Within,
        }
    }

    /// The use at `now_ms`: nothing if a day has begun since.
    pub(super) fn at(self, now_ms: i64) -> Self {
        let day = self.day.or_of(now_ms);
        if day == self.day { self } else { Self::new(day) }
    }

    pub(super) fn of(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Events => self.events,
            Resource::Bytes => self.bytes,
        }
    }

    /// Adds a stored batch. What is to be said of it in the log: once a day that the quota is near, and once that it is used up.
    pub(super) fn add(&mut self, events: u64, bytes: u64, quota: &DailyQuota) -> Option<Level> {
        self.events = self.events.saturating_add(events);
        self.bytes = self.bytes.saturating_add(bytes);
        let level = self.level(quota);
        let news = level > self.told;
        self.told = self.told.max(level);
        news.then_some(level)
    }

    /// How near it is to the quota: in the resource that is nearest.
    pub(super) fn level(&self, quota: &DailyQuota) -> Level {
        match self.percent(quota) {
            None => Level::Within,
            Some((_, percent)) if percent >= 100 => Level::Over,
            Some((_, percent)) if percent >= NEAR => Level::Near,
            Some(_) => Level::Within,
        }
    }

    /// The resource that is nearest to its limit, and how much of that is used, in whole percent; `None` without limits.
    pub(super) fn percent(&self, quota: &DailyQuota) -> Option<(Resource, u64)> {
        let used = Resource::ALL.into_iter().filter_map(|resource| {
            let limit = u128::from(resource.limit(quota)?.get());
            let percent = u128::from(self.of(resource)) * 100 / limit;
            Some((resource, u64::try_from(percent).unwrap_or(u64::MAX)))
        });
        used.max_by_key(|(_, percent)| *percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22, 10:00.
    const NOON: i64 = 1_795_341_600_000;
    const HOUR: i64 = 3_600_000;

    fn quota(events: u64, bytes: u64) -> DailyQuota {
        DailyQuota {
            events: NonZeroU64::new(events),
            bytes: NonZeroU64::new(bytes),
        }
    }

    #[test]
    fn a_day_is_one_of_utc_and_written_as_people_do() {
        let day = Day::of(NOON);
        assert_eq!(day.text(), "2026-11-22");
        assert_eq!(Day::parse("2026-11-22"), Some(day));
        assert_eq!(Day::of(NOON + 14 * HOUR - 1), day);
        assert_eq!(Day::of(NOON + 14 * HOUR).text(), "2026-11-23");
        assert_eq!(Day::ms_left(NOON), 14 * HOUR);
        assert_eq!(Day::ms_left(NOON + 14 * HOUR), 24 * HOUR);
        for text in ["", "today", "2026-13-01", "22"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_use_of_a_day_ends_with_it() {
        let mut used = DayUse::new(Day::of(NOON));
        used.add(5, 7, &quota(0, 0));
        let midnight = NOON + 14 * HOUR;
        for (now_ms, events) in [
            (NOON, 5),
            (midnight - 1, 5),
            (midnight, 0),
            // A request that began before another one's midnight.
            (NOON - 20 * HOUR, 5),
            // Somebody has set the clock back.
            (NOON - 48 * HOUR, 0),
            (NOON + 480 * HOUR, 0),
        ] {
            assert_eq!(used.at(now_ms).events, events, "{now_ms}");
        }
    }

    #[test]
    fn each_level_is_told_once_a_day() {
        let quota = quota(10, 1_000);
        let mut used = DayUse::new(Day::of(NOON));
        let told = [
            (7, 0, None),
            (0, 799, None),
            (1, 0, Some(Level::Near)),
            (0, 1, None),
            (1, 0, None),
            (0, 200, Some(Level::Over)),
            (9, 900, None),
        ];
        for (at, (events, bytes, expected)) in told.into_iter().enumerate() {
            assert_eq!(used.add(events, bytes, &quota), expected, "batch {at}");
        }
        let mut tomorrow = used.at(NOON + 24 * HOUR);
        assert_eq!(tomorrow.add(50, 0, &quota), Some(Level::Over), "at once, if it is so");
        assert_eq!(tomorrow.add(1, 0, &quota), None);
    }

    #[test]
    fn the_level_is_that_of_the_resource_which_is_nearest_to_its_limit() {
        for (events, bytes, of, expected) in [
            (79, 0, quota(100, 100), Level::Within),
            (80, 0, quota(100, 100), Level::Near),
            (0, 80, quota(100, 100), Level::Near),
            (99, 100, quota(100, 100), Level::Over),
            (u64::MAX, 0, quota(0, 100), Level::Within),
            (u64::MAX, u64::MAX, quota(1, 1), Level::Over),
        ] {
            let mut used = DayUse::new(Day::of(NOON));
            used.add(events, bytes, &of);
            assert_eq!(used.level(&of), expected, "{events} {bytes} of {of:?}");
        }
    }
}
