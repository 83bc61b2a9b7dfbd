//! Where traces of the collector go.

use super::super::raw::RawTraces;
use super::super::{Traces, defaults};
use super::{Problems, http_url};

pub(super) fn check(raw: RawTraces, problems: &mut Problems) -> Traces {
    if let Some(endpoint) = &raw.endpoint {
        http_url("traces.endpoint", endpoint, problems);
    }
    let ratio = raw.ratio.unwrap_or(defaults::TRACES_RATIO);
    if !(0.0..=1.0).contains(&ratio) {
        problems.add(
            "traces.ratio",
            format!("{ratio} is no share"),
            "use 0 to 1, such as 0.01 for one of a hundred",
        );
    }
    Traces {
        endpoint: raw.endpoint,
        ratio,
    }
}
