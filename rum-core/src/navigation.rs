//! From a navigation's moments to its phases.

use crate::wire::record::NavigationRecord;

/// The phases of a navigation, from `PerformanceNavigationTiming` (<https://www.w3.org/TR/navigation-timing-2/>).
/// Durations are in µs; moments are in µs since activation (the time origin, if the page was not prerendered).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavigationPhases {
    /// Redirects: `redirectEnd - redirectStart`.
    pub redirect: Option<i64>,
    /// Service worker start-up: `fetchStart - workerStart`.
    pub worker: Option<i64>,
    /// Name look-up: `domainLookupEnd - domainLookupStart`.
    pub dns: Option<i64>,
    /// Connecting, TLS included: `connectEnd - connectStart`.
    pub connect: Option<i64>,
    /// TLS: `connectEnd - secureConnectionStart`.
    pub tls: Option<i64>,
    /// Waiting for the first byte: `responseStart - requestStart`.
    pub request: Option<i64>,
    /// Receiving the document: `responseEnd - responseStart`.
    pub response: Option<i64>,
    /// Moment of `domInteractive`.
    pub dom_interactive: Option<i64>,
    /// Moment of `domContentLoadedEventEnd`.
    pub dom_content_loaded: Option<i64>,
    /// Moment of `domComplete`.
    pub dom_complete: Option<i64>,
    /// Moment of `loadEventEnd`.
    pub load: Option<i64>,
}

/// The duration between two moments; none if either did not happen or the clock went backwards.
fn between(start: Option<i64>, end: Option<i64>) -> Option<i64> {
    Some(end?.saturating_sub(start?)).filter(|duration| *duration >= 0)
}

impl From<&NavigationRecord> for NavigationPhases {
    fn from(n: &NavigationRecord) -> Self {
        let activation = n.activation.unwrap_or(0);
        let after_activation = |moment: Option<i64>| Some(moment?.saturating_sub(activation).max(0));
        Self {
            redirect: between(n.redirect_start, n.redirect_end),
            worker: between(n.worker_start, n.fetch_start),
            dns: between(n.dns_start, n.dns_end),
            connect: between(n.connect_start, n.connect_end),
            tls: between(n.tls_start, n.connect_end),
            request: between(n.request_start, n.response_start),
            response: between(n.response_start, n.response_end),
            dom_interactive: after_activation(n.dom_interactive),
            dom_content_loaded: after_activation(n.dom_content_loaded),
            dom_complete: after_activation(n.dom_complete),
            load: after_activation(n.load),
        }
    }
}
