//! Traces of the real program, as a receiver of OTLP gets them.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use reqwest::{Client, Method, StatusCode};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::sleep;

use self::program::{Program, command};

/// How long anything may take before the test says that it will not happen.
const DEADLINE: Duration = Duration::from_secs(90);

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// All spans that came.
type Spans = Arc<Mutex<Vec<Span>>>;

/// What the OpenTelemetry collector does with `POST /v1/traces`: it decodes and keeps.
async fn receiver() -> (String, Spans) {
    let spans = Spans::default();
    let take = async |State(spans): State<Spans>, body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        for of_service in request.resource_spans {
            let resource = of_service.resource.unwrap();
            let service = resource
                .attributes
                .iter()
                .find(|one| one.key == "service.name")
                .unwrap();
            let name = service.value.clone().unwrap().value.unwrap();
            assert_eq!(name, Value::StringValue("rum-collector".to_owned()));
            let of_scopes = of_service.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.lock().unwrap().extend(of_scopes);
        }
        StatusCode::OK
    };
    let router = Router::new()
        .route("/v1/traces", post(take))
        .with_state(Arc::clone(&spans));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, spans)
}

struct Collector {
    program: Program,
    http: Client,
}

impl Collector {
    fn start(sections: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let rules = "rules:\n  - alert: SlowLcp\n    metric: lcp\n    stat: p75\n    above: 4s\n    window: 5m\n";
        fs::write(folder.path().join("rules.yaml"), rules).unwrap();
        let config = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"data\"\n[[apps]]\nname = \"shop\"\nkey = \"k\"\norigins = [\"*\"]\n[alerts]\nrules = \"rules.yaml\"\n\
             evaluate_every = \"1s\"\n{sections}"
        );
        fs::write(folder.path().join("rum.toml"), config).unwrap();
        Self {
            program: Program::start(folder, ""),
            http: Client::new(),
        }
    }

    async fn post(&self, id: u64, traceparent: Option<&str>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let body = format!(
            r#"[1,0,"{id:016x}",{now}000,[{now}000,"https://shop.example","0.1.0"],[[1,0,1200,"{now:08x}{id:08x}","{now:08x}00000001",0,0,"/"]]]"#
        );
        let url = format!("{}/v1/batches?k=k", self.program.url);
        let request = self.http.post(url).body(body);
        let request = traceparent
            .into_iter()
            .fold(request, |request, parent| request.header("traceparent", parent));
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }

    /// Ends it in order, after which all of its spans are there.
    fn end(self) {
        assert!(self.program.end("-TERM").success());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(span: &Span, key: &str) -> Option<Value> {
    let found = span.attributes.iter().find(|one| one.key == key)?;
    found.value.clone()?.value
}

#[tokio::test]
async fn a_request_its_commit_inserts_and_rounds_of_the_rules_are_told() {
    let (url, spans) = receiver().await;
    let collector = Collector::start(&format!(
        "[limits]\ndrain = \"60s\"\n[traces]\nendpoint = {url:?}\nratio = 1.0\n"
    ));
    collector.post(1, Some(&format!("00-{TRACE}-{CALLER}-01"))).await;
    collector.post(2, None).await;
    collector
        .post(3, Some(&format!("00-{}-{CALLER}-00", "1".repeat(32))))
        .await;
    let made_up = collector
        .http
        .request(Method::from_bytes(b"BREW").unwrap(), &collector.program.url);
    assert_eq!(made_up.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let started = Instant::now();
    let has = |name: &str| spans.lock().unwrap().iter().any(|span| span.name == name);
    while !(has("insert") && has("alert round")) {
        assert!(started.elapsed() < DEADLINE, "{:#?}", spans.lock().unwrap());
        sleep(Duration::from_millis(50)).await;
    }
    tokio::task::spawn_blocking(move || collector.end()).await.unwrap();

    let spans = spans.lock().unwrap();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let (requests, commits) = (named("POST /v1/batches"), named("spool commit"));
    // The caller of the third does not record its trace, so neither do we.
    assert_eq!((requests.len(), commits.len()), (2, 2), "{spans:#?}");
    let ours = requests.iter().find(|span| hex(&span.trace_id) == TRACE).unwrap();
    assert_eq!(hex(&ours.parent_span_id), CALLER);
    assert_eq!(attribute(ours, "http.response.status_code"), Some(Value::IntValue(204)));
    assert!(ours.start_time_unix_nano < ours.end_time_unix_nano);
    for request in &requests {
        let of_request =
            |commit: &&&Span| commit.parent_span_id == request.span_id && commit.trace_id == request.trace_id;
        assert_eq!(commits.iter().filter(of_request).count(), 1);
    }
    let other = requests.iter().find(|span| hex(&span.trace_id) != TRACE).unwrap();
    assert!(other.parent_span_id.is_empty());
    // Nobody names spans by making methods up.
    let text = |text: &str| Some(Value::StringValue(text.to_owned()));
    let made_up = named("HTTP other");
    assert_eq!(made_up.len(), 1, "{spans:#?}");
    let made_up = made_up[0];
    assert_eq!(attribute(made_up, "http.request.method"), text("_OTHER"));
    assert_eq!(attribute(made_up, "http.request.method_original"), text("BREW"));
    assert_eq!(attribute(ours, "http.request.method"), text("POST"));
    let of_views = |span: &&&Span| attribute(span, "db.collection.name") == text("views");
    assert!(named("insert").iter().any(|span| of_views(&span)));
}

#[tokio::test]
async fn of_a_ratio_of_nothing_only_what_a_caller_records_is_told() {
    let (url, spans) = receiver().await;
    let nowhere = "[clickhouse]\nurl = \"http://127.0.0.1:9\"\n";
    let collector = Collector::start(&format!("{nowhere}[traces]\nendpoint = {url:?}\nratio = 0\n"));
    for id in 1..20 {
        collector.post(id, None).await;
    }
    collector.post(20, Some(&format!("00-{TRACE}-{CALLER}-01"))).await;
    tokio::task::spawn_blocking(move || collector.end()).await.unwrap();
    let names: Vec<_> = spans.lock().unwrap().iter().map(|span| span.name.clone()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_receiver_that_can_be_none_is_refused() {
    for (sections, said) in [
        ("[traces]\nendpoint = \"collector:4318\"\n", "traces.endpoint"),
        ("[traces]\nratio = 2\n", "traces.ratio"),
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("rum.toml"), sections).unwrap();
        let check = command(folder.path(), &["check-config"]).output().unwrap();
        let error = String::from_utf8_lossy(&check.stderr).into_owned();
        assert!(!check.status.success() && error.contains(said), "{error}");
    }
}
