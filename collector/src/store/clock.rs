//! What to think of a sender's clock.

use rum_core::Id;

/// A difference between the clocks below this, in ms, is left alone. It cannot be told from the time that a request
/// takes to arrive, and correcting it would move the rows of every honest clock by their network's latency.
const SKEW_LIMIT_MS: i64 = 60_000;

/// A view may have started this long before its rows arrive, in ms: batches wait up to 24 h in a page's storage, and a
/// clock may be a day behind.
pub(crate) const OLDEST_START_MS: i64 = 48 * 3_600_000;

/// A view may start this much after its rows arrive, in ms: a clock that is set by hand.
pub(crate) const NEWEST_START_MS: i64 = 5 * 60_000;

/// Whether the start of a view, as its id has it, can be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewStart {
    /// It can.
    Plausible,
    /// It cannot: an hour made from it would put the row into a partition of its own, far away or expired.
    Implausible,
}

/// Judges the start of a view whose rows arrived at `received_ms` (since the epoch).
pub(crate) fn judge(view_id: Id, received_ms: i64) -> ViewStart {
    let start_ms = i64::from(view_id.start_seconds()) * 1_000;
    let earliest = received_ms.saturating_sub(OLDEST_START_MS);
    let latest = received_ms.saturating_add(NEWEST_START_MS);
    if (earliest..=latest).contains(&start_ms) {
        ViewStart::Plausible
    } else {
        ViewStart::Implausible
    }
}

/// How far a sender's clock is behind ours, in ms, negative if it is ahead: what to add to its times. Given what both said about
/// the request, the one when it was sent and ours when it had arrived; 0 if the difference says nothing.
pub(crate) fn skew_ms(sent_ms: i64, received_ms: i64) -> i64 {
    let skew = received_ms.saturating_sub(sent_ms);
    if skew.saturating_abs() > SKEW_LIMIT_MS { skew } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_226_212_000;

    #[test]
    fn a_view_starts_within_two_days_before_and_five_minutes_after_its_arrival() {
        for (hours, minutes, expected) in [
            (0, 0, ViewStart::Plausible),
            (0, 5, ViewStart::Plausible),
            (0, 6, ViewStart::Implausible),
            (24, 0, ViewStart::Implausible),
            (-24, 0, ViewStart::Plausible),
            (-48, 0, ViewStart::Plausible),
            (-48, -1, ViewStart::Implausible),
        ] {
            let seconds = NOW_MS / 1_000 + hours * 3_600 + minutes * 60;
            let view = Id::starting_at(u32::try_from(seconds).unwrap(), 7);
            assert_eq!(judge(view, NOW_MS), expected, "{hours} h {minutes} min");
        }
        assert_eq!(judge(Id(0), NOW_MS), ViewStart::Implausible);
        assert_eq!(judge(Id(u64::MAX), i64::MIN), ViewStart::Implausible);
    }

    #[test]
    fn only_a_large_skew_is_corrected() {
        for (skew, expected) in [
            (0, 0),
            (60_000, 0),
            (60_001, 60_001),
            (-60_000, 0),
            (-86_400_000, -86_400_000),
        ] {
            assert_eq!(skew_ms(NOW_MS - skew, NOW_MS), expected);
        }
        assert_eq!(skew_ms(i64::MIN, i64::MAX), i64::MAX);
    }
}
