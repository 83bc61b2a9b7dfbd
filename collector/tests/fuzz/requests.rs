//! Query strings and headers: of the ingest routes, of `/v1/sql`, and paths that nobody has.

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::budget::spend;
use crate::mutation::{mutated, mutated_text};
use crate::subject::{Subject, TOKEN, bodies, memory};

const PATHS: &[&str] = &[
    "/v1/batches",
    "/v1/reports",
    "/v1/sql",
    "/v1/login",
    "/metrics",
    "/readyz",
    "/readyz/spool",
    "/rum.js",
    "/healthz",
    "/",
    "/v1/batches/x",
];

const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "BREW"];

const QUERIES: &[&str] = &[
    "k=k",
    "k=k&z=gzip",
    "k=k&z=zstd&s=1&t=1795226217000",
    "k=k&v=1",
    "format=csv&param_page=/cart&param_x=%5B1%2C2%5D",
    "format=json&param_a=1&param_a=2",
];

/// Names of headers that are read, with values that are right.
const HEADERS: &[(&str, &str)] = &[
    ("origin", "https://shop.example"),
    ("content-type", "text/plain;charset=UTF-8"),
    ("content-type", "application/reports+json"),
    ("content-type", "application/csp-report"),
    ("content-encoding", "gzip"),
    ("content-length", "10"),
    ("x-forwarded-for", "203.0.113.7, 10.0.0.1"),
    ("forwarded", "for=\"[2001:db8::1]:4711\";proto=https, for=10.0.0.1"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    ),
    ("sec-ch-ua", "\"Chromium\";v=\"156\", \"Not.A/Brand\";v=\"99\""),
    ("sec-ch-ua-mobile", "?1"),
    ("sec-ch-ua-platform", "\"Android\""),
    ("sec-fetch-site", "same-origin"),
    ("cookie", "__Host-rum=abc; b=c"),
    ("authorization", "Bearer rum_x"),
    ("authorization", "Basic cnVtOng="),
    ("if-none-match", "W/\"abc\", \"def\""),
    ("range", "bytes=0-10"),
    ("accept-encoding", "br;q=1.0, gzip;q=0.5, *;q=0"),
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "content-type"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("x-request-id", "abc"),
];

/// A header with its value, changed.
fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let corpus: Vec<_> = HEADERS.iter().map(|(_, value)| value.as_bytes().to_vec()).collect();
    prop_oneof![
        select(HEADERS).prop_map(|(name, value)| (name, value.as_bytes().to_vec())),
        (select(HEADERS), mutated(corpus)).prop_map(|((name, _), value)| (name, value)),
    ]
}

#[test]
fn parameters_and_headers() {
    let subject = Subject::new();
    let report = br#"[{"age":7,"type":"crash","url":"https://shop.example/cart","body":{"reason":"oom"}}]"#.to_vec();
    let strategy = (
        select(METHODS),
        select(PATHS),
        mutated_text(QUERIES),
        vec(header(), 0..8),
        mutated([bodies(), vec![report, b"SELECT 1".to_vec()]].concat()),
    );
    spend(memory(), strategy, |(method, path, query, headers, body)| {
        let mut request = Request::builder().method(*method).uri(format!("{path}?{query}"));
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request = request.header(*name, value);
            }
        }
        subject.ask(request, body.clone()).map(drop)
    });
}

/// Who has a token gets further: to what is said of parameters, and to a database that is not there.
#[test]
fn sql() {
    let subject = Subject::new();
    let statements: Vec<_> = [
        "SELECT page, quantile(0.75)(value) FROM rum.web_vitals WHERE page = {page:String} GROUP BY page",
        "SELECT 1; SELECT 2",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    let strategy = (mutated_text(&QUERIES[4..]), mutated(statements));
    spend(memory(), strategy, |(query, body)| {
        let request = Request::post(format!("/v1/sql?{query}")).header(AUTHORIZATION, format!("Bearer {TOKEN}"));
        match subject.ask(request, body.clone())? {
            0 | 400 | 413 | 503 => Ok(()),
            status => Err(format!("it is answered {status}, without a database")),
        }
    });
}
