//! What `/metrics` looks like: as its documentation says, as Prometheus wants it, for whom it is. What the numbers are is
//! tested with a real ClickHouse, in `store/metrics.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use rum_collector::config::Config;
use rum_collector::run::Collector;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt as _;

const BATCH: &str = r#"[1,0,"00000000000000ff",1795226217000,[1795226212000,"https://shop.example","0.1.0"],
    [[1,0,1200,"6b00f0a400000001","6b00f0a400000002",0,0,"/product/7"],[2,0,1200,1,0,1100000]]]"#;

const HERE: [u8; 4] = [127, 0, 0, 1];
const ELSEWHERE: [u8; 4] = [203, 0, 113, 9];

/// A collector that has no database yet.
struct Subject(Collector);

impl Subject {
    /// With TLS, though nobody connects.
    fn open(folder: &Path) -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        fs::write(&certificate, certified.cert.pem()).unwrap();
        fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
        let environment = [
            ("RUM_DATA", folder.display().to_string()),
            ("RUM_TLS_CERTIFICATE", certificate.display().to_string()),
            ("RUM_TLS_KEY", key.display().to_string()),
            ("RUM_SDK_DIST", folder.display().to_string()),
            (
                "RUM_APPS",
                r#"[{name = "shop", key = "k", origins = ["*"], events_per_day = 1000, bytes_per_day = 1000}]"#
                    .to_owned(),
            ),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let config = Config::load(None, environment).unwrap();
        Self(Collector::open(&config, watch::channel(None).1).unwrap())
    }

    async fn ask(&self, request: http::request::Builder, body: &str, peer: [u8; 4]) -> (StatusCode, String) {
        let request = request.extension(ConnectInfo(SocketAddr::from((peer, 1))));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.0.router().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        self.ask(Request::get(path), "", HERE).await
    }

    async fn take_a_batch(&self) {
        let (status, answer) = self.ask(Request::post("/v1/batches?k=k"), BATCH, HERE).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    }

    async fn page(&self) -> String {
        let (status, page) = self.get("/metrics").await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    }
}

/// A page on which every metric has a sample.
async fn full_page() -> String {
    let folder = TempDir::new().unwrap();
    let subject = Subject::open(folder.path());
    subject.take_a_batch().await;
    subject.page().await
}

/// The value of a sample.
fn sample(page: &str, name: &str) -> f64 {
    let line = page
        .lines()
        .find(|line| line.rsplit_once(' ').is_some_and(|(found, _)| found == name));
    let value = line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok());
    value.unwrap_or_else(|| panic!("{name} is not in\n{page}"))
}

fn operating() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md");
    fs::read_to_string(path).unwrap()
}

/// The rows of the documentation's table, made from a page: name, kind, labels, meaning.
fn rows(page: &str) -> Vec<String> {
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = line.split_once(['{', ' ']).unwrap();
        let names = rest
            .rsplit("=\"")
            .skip(1)
            .filter_map(|text| text.rsplit([',', '{']).next());
        labels
            .entry(name)
            .or_default()
            .extend(names.filter(|name| *name != "le"));
    }
    let families = page.split("# HELP ").skip(1).map(|family| {
        let (name, rest) = family.split_once(' ').unwrap();
        let (help, rest) = rest.split_once('\n').unwrap();
        let kind = rest
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.strip_prefix(name))
            .unwrap();
        let kind = kind.lines().next().unwrap().trim();
        let of_bucket = format!("{name}_bucket");
        let labels = labels.get(name).or(labels.get(of_bucket.as_str()));
        let labels: Vec<_> = labels.into_iter().flatten().map(|label| format!("`{label}`")).collect();
        format!("| `{name}` | {kind} | {} | {help} |", labels.join(", "))
    });
    families.collect()
}

#[tokio::test]
async fn the_documentation_has_a_row_for_each_metric() {
    let page = full_page().await;
    let text = operating();
    // There is no /proc but on Linux.
    let here = |row: &&str| cfg!(target_os = "linux") || !row.contains("`process_");
    let documented: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `rum_") || line.starts_with("| `process_"))
        .filter(here)
        .collect();
    let found = rows(&page);
    assert!(
        documented == found,
        "the table of docs/operating.md has to be:\n{}",
        found.join("\n")
    );
}

/// promtool with these words and this input.
fn promtool(words: &[&str], input: &str) -> Output {
    let program = env::var_os("RUM_PROMTOOL").unwrap_or_else(|| "promtool".into());
    let child = Command::new(&program)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!(
            "{} cannot be run ({error}): `cargo xtask test --only native` fetches promtool; or take it from Debian's package \
             prometheus, or from prometheus.io, and set RUM_PROMTOOL to its path",
            program.display()
        )
    });
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn is_clean(output: &Output, input: &str) {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}\n{input}");
}

#[tokio::test]
async fn losses_and_torn_tails_are_counted_apart() {
    let folder = TempDir::new().unwrap();
    let subject = Subject::open(folder.path());
    subject.take_a_batch().await;
    drop(subject);
    let segment = folder.path().join("spool/000000000001.segment");
    let whole = fs::read(&segment).unwrap();
    // Where the frames begin: the format in `collector/src/store/segment.rs`.
    let frame = whole.len() - 32_768;
    let mut flipped = whole.clone();
    flipped[32_768] ^= 1;
    let cut = &whole[..whole.len() - 7];
    for (bytes, places, lost, torn) in [
        (&whole[..], 0, 0, 0),
        (&flipped[..], 1, frame, 0),
        (cut, 0, 0, frame - 7),
    ] {
        fs::write(&segment, bytes).unwrap();
        let page = Subject::open(folder.path()).page().await;
        let found = [
            "rum_spool_damaged_places_total",
            "rum_spool_lost_bytes_total",
            "rum_spool_torn_bytes",
        ]
        .map(|name| sample(&page, name));
        assert_eq!(found, [places, lost, torn].map(|n| n as f64));
    }
}

#[tokio::test]
async fn promtool_has_nothing_to_say_about_the_metrics() {
    let page = full_page().await;
    let output = promtool(&["check", "metrics"], &page);
    is_clean(&output, &page);
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    let bad = promtool(&["check", "metrics"], "rum_things 1\n");
    assert!(!bad.status.success(), "it does look: {bad:?}");
}

#[tokio::test]
async fn documented_expressions_are_promql_on_metrics_that_exist() {
    let page = full_page().await;
    let text = operating();
    let expressions: Vec<&str> = text
        .split("```promql\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(expressions.len() >= 5, "{expressions:?}");
    let mut rules = "groups:\n- name: documented\n  rules:\n".to_owned();
    for (number, expression) in expressions.iter().enumerate() {
        rules += &format!(
            "  - record: documented:number{number}\n    expr: {}\n",
            Value::from(*expression)
        );
        let names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in names.filter(|name| name.starts_with("rum_") || name.starts_with("process_")) {
            let there = page.lines().any(|line| line.split(['{', ' ']).next() == Some(name));
            assert!(there, "{name} is no metric: {expression}");
        }
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("rules.yaml");
    fs::write(&file, &rules).unwrap();
    is_clean(&promtool(&["check", "rules", file.to_str().unwrap()], ""), &rules);
}

#[tokio::test]
async fn metrics_are_for_the_machine_itself() {
    let folder = TempDir::new().unwrap();
    let subject = Subject::open(folder.path());
    let proxied = Request::get("/metrics").header("x-forwarded-for", "127.0.0.1");
    for (request, peer) in [(Request::get("/metrics"), ELSEWHERE), (proxied, HERE)] {
        let (status, answer) = subject.ask(request, "", peer).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::FORBIDDEN, &"operators_only".into())
        );
    }
    // It counts those, too.
    let refused = r#"rum_http_requests_total{route="/metrics",method="GET",status="403"}"#;
    assert_eq!(sample(&subject.page().await, refused), 2.0);
}

#[tokio::test]
async fn every_route_is_counted_under_its_name() {
    let folder = TempDir::new().unwrap();
    let subject = Subject::open(folder.path());
    let asked = [
        ("/v1/batches", "/v1/batches", 405),
        ("/v1/reports", "/v1/reports", 405),
        ("/v1/schema.json", "/v1/schema.json", 200),
        ("/rum.js", "/{name}", 404),
        ("/healthz", "/healthz", 200),
        ("/readyz", "/readyz", 503),
        ("/readyz/spool", "/readyz/{component}", 200),
        ("/metrics", "/metrics", 200),
        ("/openapi.json", "/openapi.json", 200),
        ("/a/b", "other", 404),
    ];
    for (path, _, expected) in asked {
        assert_eq!(subject.get(path).await.0, expected, "{path}");
    }
    let page = subject.page().await;
    for (path, route, status) in asked {
        let name = format!(r#"rum_http_requests_total{{route="{route}",method="GET",status="{status}"}}"#);
        assert_eq!(sample(&page, &name), 1.0, "{path}");
    }
}

#[tokio::test]
async fn what_waits_has_an_age_that_a_restart_does_not_end() {
    let folder = TempDir::new().unwrap();
    let views = r#"rum_spool_oldest_age_seconds{table="views"}"#;
    let subject = Subject::open(folder.path());
    assert_eq!(sample(&subject.page().await, views), 0.0);
    let before = jiff::Timestamp::now();
    subject.take_a_batch().await;
    drop(subject);
    let subject = Subject::open(folder.path());
    // It is counted in ms: at least one has to pass.
    while jiff::Timestamp::now().duration_since(before).as_millis() < 2 {
        tokio::task::yield_now().await;
    }
    let age = sample(&subject.page().await, views);
    let since = jiff::Timestamp::now().duration_since(before).as_secs_f64();
    assert!(age > 0.0 && age <= since + 0.001, "{age} of {since}");
}
