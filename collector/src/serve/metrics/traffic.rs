//! Requests by route, method and status. The places are all there from the start: a request adds to two of them.

use std::array;
use std::time::Duration;

use http::{Method, StatusCode};

use super::exposition::Family;
use crate::meter::{Counter, Histogram, Unit};

/// As the router writes them; what has no route of its own is [`OTHER`], whatever its path.
const ROUTES: [&str; 12] = [
    "/v1/batches",
    "/v1/reports",
    "/v1/schema.json",
    "/v1/sql",
    "/v1/login",
    "/v1/logout",
    "/{name}",
    "/healthz",
    "/readyz",
    "/readyz/{component}",
    "/metrics",
    "/openapi.json",
];
const METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "POST"];
/// All that this server answers.
const STATUSES: [u16; 16] = [
    200, 204, 206, 304, 400, 401, 403, 404, 405, 408, 413, 415, 416, 429, 500, 503,
];
const OTHER: &str = "other";

/// In µs.
const TIMES: &[u64] = &[
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 2_500_000, 10_000_000,
];

/// What was asked, and how it was answered, since the start of the process.
#[derive(Debug)]
pub(in crate::serve) struct Traffic([OfRoute; ROUTES.len() + 1]);

#[derive(Debug)]
struct OfRoute {
    answers: [[Counter; STATUSES.len() + 1]; METHODS.len() + 1],
    time: Histogram,
}

impl OfRoute {
    fn new() -> Self {
        Self {
            answers: Default::default(),
            time: Histogram::new(Unit::Microsecond, TIMES),
        }
    }
}

impl Traffic {
    pub(in crate::serve) fn new() -> Self {
        Self(array::from_fn(|_| OfRoute::new()))
    }

    /// A request of `route` was answered.
    pub(in crate::serve) fn answered(&self, route: Option<&str>, method: &Method, status: StatusCode, took: Duration) {
        let place = |known: Option<usize>, others: usize| known.unwrap_or(others);
        let of_route = &self.0[place(ROUTES.iter().position(|known| Some(*known) == route), ROUTES.len())];
        let method = METHODS.iter().position(|known| *known == method.as_str());
        let status = STATUSES.iter().position(|known| *known == status.as_u16());
        of_route.answers[place(method, METHODS.len())][place(status, STATUSES.len())].add(1);
        of_route.time.observe_time(took);
    }

    /// The metrics. Combinations that never occurred are not among them: most never will.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut requests = Family::counter(
            "rum_http_requests_total",
            "Requests that were answered. `route` is as the router has it, or other; so is an uncommon method or status.",
        );
        let mut times = Family::histogram(
            "rum_http_request_duration_seconds",
            "Time from the head of a request until its answer begins.",
        );
        let statuses: Vec<String> = STATUSES.iter().map(u16::to_string).chain([OTHER.to_owned()]).collect();
        for (of_route, route) in self.0.iter().zip(ROUTES.into_iter().chain([OTHER])) {
            for (of_method, method) in of_route.answers.iter().zip(METHODS.into_iter().chain([OTHER])) {
                for (count, status) in of_method.iter().zip(&statuses) {
                    if count.get() > 0 {
                        let labels = [("route", route), ("method", method), ("status", status.as_str())];
                        requests = requests.sample(labels, count.get());
                    }
                }
            }
            let time = of_route.time.snapshot();
            if time.count > 0 {
                times = times.sample([("route", route)], time);
            }
        }
        vec![requests, times]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_expected_is_other_and_not_lost() {
        let traffic = Traffic::new();
        let took = Duration::from_millis(3);
        traffic.answered(Some("/v1/batches"), &Method::POST, StatusCode::NO_CONTENT, took);
        traffic.answered(None, &Method::DELETE, StatusCode::IM_A_TEAPOT, took);
        traffic.answered(Some("/new"), &Method::GET, StatusCode::OK, took);
        let text = super::super::exposition::text(traffic.families()).unwrap();
        for line in [
            r#"rum_http_requests_total{route="/v1/batches",method="POST",status="204"} 1"#,
            r#"rum_http_requests_total{route="other",method="GET",status="200"} 1"#,
            r#"rum_http_requests_total{route="other",method="other",status="other"} 1"#,
            r#"rum_http_request_duration_seconds_count{route="other"} 2"#,
            r#"rum_http_request_duration_seconds_bucket{le="0.0025",route="/v1/batches"} 0"#,
            r#"rum_http_request_duration_seconds_bucket{le="0.005",route="/v1/batches"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("/v1/reports"), "nobody asked for it\n{text}");
    }
}
