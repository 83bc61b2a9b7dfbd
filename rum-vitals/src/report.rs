//! When a metric is reported, and how it is judged.

/// The difference that a metric of `value` is to be reported with; NaN if it is not to be reported.
///
/// `previous` is the value that was reported last, NaN if none was. A value below 0 is none yet. What did not change is said
/// once; 0 is worth saying.
#[unsafe(no_mangle)]
pub extern "C" fn report_delta(value: f64, previous: f64) -> f64 {
    let delta = if previous.is_nan() { value } else { value - previous };
    let news = previous.is_nan() || delta != 0.0;
    if value >= 0.0 && news { delta } else { f64::NAN }
}

/// 0 for a good `value`, 1 for one that needs improvement, 2 for a poor one: above `good`, above `fair`.
#[unsafe(no_mangle)]
pub extern "C" fn report_rating(value: f64, good: f64, fair: f64) -> u32 {
    u32::from(value > good).saturating_add(u32::from(value > fair))
}

/// How long after `origin` something at `t` was. What was before it took no time.
#[unsafe(no_mangle)]
pub extern "C" fn time_after(t: f64, origin: f64) -> f64 {
    (t - origin).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: f64 = f64::NAN;

    #[test]
    fn what_changed_is_reported_with_the_difference() {
        for (value, previous, expected) in [
            (0.0, NONE, Some(0.0)),
            (0.0, 0.0, None),
            (120.0, NONE, Some(120.0)),
            (120.0, 120.0, None),
            (150.0, 120.0, Some(30.0)),
            // INP falls where the outliers of 50 more interactions are left out.
            (80.0, 120.0, Some(-40.0)),
            (-1.0, NONE, None),
            (-1.0, 120.0, None),
            (NONE, NONE, None),
        ] {
            let delta = report_delta(value, previous);
            assert_eq!(
                Some(delta).filter(|delta| !delta.is_nan()),
                expected,
                "{value} after {previous}"
            );
        }
    }

    #[test]
    fn thresholds_belong_to_the_better_rating() {
        let judged = [2_500.0, 2_500.1, 4_000.0, 4_000.1].map(|value| report_rating(value, 2_500.0, 4_000.0));
        assert_eq!(judged, [0, 1, 1, 2]);
    }

    #[test]
    fn what_was_before_its_origin_took_no_time() {
        assert_eq!(time_after(300.5, 100.0), 200.5);
        assert_eq!(time_after(100.0, 300.5), 0.0);
    }
}
