//! What the time to first byte was spent on (<https://web.dev/articles/ttfb>).

use crate::report::millis;
use crate::wire::record::NavigationRecord;

/// The moments of a navigation up to its first byte, in ms since the time origin; 0 is what did not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RequestMoments {
    /// `activationStart`.
    pub activation: f64,
    /// `workerStart`.
    pub worker_start: f64,
    /// `fetchStart`.
    pub fetch_start: f64,
    /// `domainLookupStart`.
    pub dns_start: f64,
    /// `connectStart`.
    pub connect_start: f64,
    /// `connectEnd`.
    pub connect_end: f64,
    /// `responseStart`.
    pub response_start: f64,
}

impl From<&NavigationRecord> for RequestMoments {
    fn from(navigation: &NavigationRecord) -> Self {
        let moment = |moment: Option<i64>| moment.map_or(0.0, millis);
        Self {
            activation: moment(navigation.activation),
            worker_start: moment(navigation.worker_start),
            fetch_start: moment(navigation.fetch_start),
            dns_start: moment(navigation.dns_start),
            connect_start: moment(navigation.connect_start),
            connect_end: moment(navigation.connect_end),
            response_start: moment(navigation.response_start),
        }
    }
}

/// The parts of a TTFB, each in ms: they add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// Before the request was handled at all: mostly redirects.
    pub waiting: f64,
    /// Service worker and HTTP cache.
    pub cache: f64,
    /// Name look-up.
    pub dns: f64,
    /// Connecting, TLS included.
    pub connection: f64,
    /// From the connection to the first byte: network and server.
    pub request: f64,
}

impl RequestMoments {
    /// The first byte after activation, in ms.
    #[must_use]
    pub fn first_byte(&self) -> f64 {
        (self.response_start - self.activation).max(0.0)
    }

    /// The parts of a TTFB of `value` ms.
    #[must_use]
    pub fn parts(&self, value: f64) -> Parts {
        let after_activation = |moment: f64| (moment - self.activation).max(0.0);
        // Starting a service worker is time in the cache: where that ends no browser says.
        let handled = if self.worker_start > 0.0 {
            self.worker_start
        } else {
            self.fetch_start
        };
        let handled = after_activation(handled);
        let dns_start = after_activation(self.dns_start);
        let connect_start = after_activation(self.connect_start);
        let connect_end = after_activation(self.connect_end);
        Parts {
            waiting: handled,
            cache: dns_start - handled,
            // What lies between the look-up's end and the connection belongs to the look-up …
            dns: connect_start - dns_start,
            connection: connect_end - connect_start,
            // … and what lies between connection and request to the request.
            request: value - connect_end,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The navigation of an ordinary load, moments in µs.
    pub(crate) fn navigation() -> NavigationRecord {
        NavigationRecord {
            kind: 0,
            activation: None,
            redirect_start: None,
            redirect_end: None,
            worker_start: None,
            fetch_start: Some(10_000),
            dns_start: Some(12_000),
            dns_end: Some(30_000),
            connect_start: Some(32_000),
            tls_start: Some(40_000),
            connect_end: Some(60_000),
            request_start: Some(61_000),
            response_start: Some(200_000),
            response_end: Some(220_000),
            dom_interactive: Some(300_000),
            dom_content_loaded_start: Some(310_000),
            dom_content_loaded: Some(320_000),
            dom_complete: Some(900_000),
            load: Some(910_000),
            transfer_bytes: Some(5_300),
            encoded_bytes: Some(5_000),
            decoded_bytes: Some(20_000),
            status: Some(200),
            protocol: None,
        }
    }

    #[track_caller]
    fn check(record: &NavigationRecord, expected: [f64; 5]) {
        let moments = RequestMoments::from(record);
        let value = moments.first_byte();
        let Parts {
            waiting,
            cache,
            dns,
            connection,
            request,
        } = moments.parts(value);
        let found = [waiting, cache, dns, connection, request];
        assert_eq!(found, expected);
        assert_eq!(found.iter().sum::<f64>(), value);
    }

    #[test]
    fn parts_add_up() {
        check(&navigation(), [10.0, 2.0, 20.0, 28.0, 140.0]);
    }

    #[test]
    fn a_service_worker_is_time_in_the_cache() {
        let record = NavigationRecord {
            worker_start: Some(4_000),
            ..navigation()
        };
        check(&record, [4.0, 8.0, 20.0, 28.0, 140.0]);
    }

    /// A mistake found in peers: no prerender offset.
    #[test]
    fn what_was_over_at_activation_took_no_time() {
        for (activation, expected) in [
            (50_000, [0.0, 0.0, 0.0, 10.0, 140.0]),
            (150_000, [0.0, 0.0, 0.0, 0.0, 50.0]),
            (5_000_000, [0.0; 5]),
        ] {
            let record = NavigationRecord {
                activation: Some(activation),
                ..navigation()
            };
            check(&record, expected);
        }
    }
}
