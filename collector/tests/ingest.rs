//! The whole collector without a socket and without a database: what is refused and how, and that after each refusal the
//! next good batch is answered 204 and is in the spool. Over 500 lines, for it is one table of bad input around one fixture.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use rum_collector::config::Config;
use rum_collector::run::Collector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt as _;

const SHOP: &str = "https://shop.example";
const DOCUMENT: &str = r#"[1795226212000,"https://shop.example","0.1.0"]"#;

/// A collector with one app, and the folder that it lives in.
struct Subject {
    collector: Collector,
    folder: TempDir,
}

impl Subject {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            collector: open(folder.path(), ""),
            folder,
        }
    }

    /// `more` follows the app's own lines in the configuration.
    fn with(more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            collector: open(folder.path(), more),
            folder,
        }
    }

    /// Ends it without a shutdown, and opens another one on the same folder.
    fn restarted(self) -> Self {
        let Self { collector, folder } = self;
        drop(collector);
        Self {
            collector: open(folder.path(), ""),
            folder,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.collector.router().oneshot(request).await.unwrap()).await
    }

    async fn post(&self, body: impl Into<Body>) -> Answer {
        self.send(post("k=key", body).body).await
    }

    async fn outcome(&self, name: &str) -> u64 {
        let answer = self.send(get("/readyz", "127.0.0.1:1")).await;
        answer.json["outcomes"][name].as_u64().unwrap_or(0)
    }

    /// The next good batch is stored: the collector lives, and its state is whole.
    #[track_caller]
    fn still_takes_batches(&self) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let before = self.outcome("batch_stored").await;
            let answer = self.post(good(before + 1_000)).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "after {caller}: {}", answer.json);
            assert_eq!(self.outcome("batch_stored").await, before + 1, "after {caller}");
        }
    }
}

fn open(folder: &Path, more: &str) -> Collector {
    let file = folder.join("collector.toml");
    let text = format!(
        "data = {data:?}\n[sdk]\ndist = {dist:?}\n[[apps]]\nname = \"shop\"\nkey = \"key\"\norigins = [\"{SHOP}\"]\n{more}",
        data = folder.join("data"),
        dist = folder.join("dist"),
    );
    fs::write(&file, text).unwrap();
    let config = Config::load(Some(&file), []).unwrap();
    // No database: the spool keeps what comes.
    Collector::open(&config, watch::channel(None).1).unwrap()
}

/// A question of the peer with this address.
fn get(path: &str, peer: &str) -> Request<Body> {
    let peer: SocketAddr = peer.parse().unwrap();
    let request = Request::get(path).extension(ConnectInfo(peer));
    request.body(Body::empty()).unwrap()
}

/// A request that a test may change before it sends it.
struct Draft {
    body: Request<Body>,
}

impl Draft {
    fn header(mut self, name: http::HeaderName, value: &str) -> Self {
        self.body.headers_mut().insert(name, value.parse().unwrap());
        self
    }
}

fn post(query: &str, body: impl Into<Body>) -> Draft {
    let request = Request::post(format!("/v1/batches?{query}")).header(CONTENT_TYPE, "text/plain;charset=UTF-8");
    Draft {
        body: request.header(ORIGIN, SHOP).body(body.into()).unwrap(),
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self {
            status: parts.status,
            headers: parts.headers,
            json,
        }
    }

    /// The refusal of a page's request: its status, its code, its place, and that a page can read it.
    #[track_caller]
    fn is_refusal(&self, status: u16, code: &str, at: Option<u64>) {
        let error = &self.json["error"];
        assert_eq!(
            (self.status.as_u16(), error["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.json
        );
        assert_eq!(error["at"].as_u64(), at, "{}", self.json);
        assert!(
            error["message"].as_str().is_some_and(|message| message.len() > 20),
            "{}",
            self.json
        );
        self.is_readable();
    }

    #[track_caller]
    fn is_readable(&self) {
        assert_eq!(self.headers["access-control-allow-origin"], "*");
        let exposed = self.headers["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("Retry-After"), "{exposed}");
        assert!(!self.headers["x-request-id"].is_empty());
    }
}

/// A compact batch of one view and one LCP.
fn good(batch: u64) -> String {
    compact(
        batch,
        r#"[1,0,1200,"6b00f0a400000001","6b00f0a400000002",0,0,"/product/7"],[2,0,1200,1,0,1100000,"img","/hero.avif"]"#,
    )
}

fn compact(batch: u64, items: &str) -> String {
    format!(r#"[1,0,"{batch:016x}",1795226217000,{DOCUMENT},[{items}]]"#)
}

fn documented(batch: u64) -> Value {
    json!({
        "version": 1,
        "batch_id": format!("{batch:016x}"),
        "sent_at_ms": 1_795_226_217_000_i64,
        "document": { "time_origin_ms": 1_795_226_212_000_i64, "origin": SHOP, "sdk": "curl" },
        "views": [{
            "seq": 1200, "view_id": "6b00f0a400000001", "session_id": "6b00f0a400000002",
            "kind": 0, "start": 0, "page": "/product/7"
        }],
        "vitals": [{ "view": 0, "seq": 1200, "metric": 1, "scope": 0, "value": 1_100_000 }]
    })
}

/// What a page without Wasm sends: a view, a paint, and a cut.
fn records(batch: u64) -> String {
    let records = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,"/product/7"],[8,3,0,0,1],[5,1,1200000],[11,2,5000000,0,0,[3000]]"#;
    format!(r#"[1,1,"{batch:016x}",1795226217000,{DOCUMENT},[{records}]]"#)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn br(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*text, &mut out, &brotli::enc::BrotliEncoderParams::default()).unwrap();
    out
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;
const ENCODINGS: [(&str, Compress); 4] = [("gzip", gzip), ("deflate", deflate), ("br", br), ("zstd", zstd)];

#[tokio::test]
async fn every_form_is_stored() {
    let subject = Subject::new();
    for (body, events) in [(good(1), 2), (documented(2).to_string(), 2), (records(3), 3)] {
        let before = subject.outcome("event_accepted").await;
        let answer = subject.post(body.clone()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{body}: {}", answer.json);
        answer.is_readable();
        // Chromium gives the keepalive quota back later for answers that may not be stored.
        assert!(!answer.headers.contains_key("cache-control"));
        assert_eq!(subject.outcome("event_accepted").await - before, events, "{body}");
    }
    assert_eq!(subject.outcome("batch_stored").await, 3);
}

#[tokio::test]
async fn every_encoding_is_understood_from_the_header_and_from_the_query() {
    let subject = Subject::new();
    let mut batch = 0;
    for (name, compress) in ENCODINGS {
        for parameter in ["", "&z="] {
            batch += 1;
            let body = compress(good(batch).as_bytes());
            let request = match parameter {
                "" => post("k=key", body).header(CONTENT_ENCODING, name),
                parameter => post(&format!("k=key{parameter}{name}"), body),
            };
            let answer = subject.send(request.body).await;
            assert_eq!(
                answer.status,
                StatusCode::NO_CONTENT,
                "{name} {parameter}: {}",
                answer.json
            );
        }
    }
    assert_eq!(subject.outcome("batch_stored").await, batch);
}

#[tokio::test]
async fn a_batch_counts_once_also_after_a_restart() {
    let subject = Subject::new();
    subject.post(good(7)).await;
    subject.post(good(7)).await;
    assert_eq!(
        (
            subject.outcome("batch_stored").await,
            subject.outcome("batch_duplicate").await
        ),
        (1, 1)
    );
    let subject = subject.restarted();
    let answer = subject.post(good(7)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(
        (
            subject.outcome("batch_stored").await,
            subject.outcome("batch_duplicate").await
        ),
        (0, 1)
    );
}

#[tokio::test]
async fn senders_that_may_not_send_are_refused() {
    let subject = Subject::new();
    for (request, status, code) in [
        (post("", good(1)), 400, "missing_key"),
        (post("k=", good(1)), 403, "unknown_key"),
        (post("k=other&s=1", good(1)), 403, "unknown_key"),
        (post("k=key&s=soon", good(1)), 400, "bad_parameter"),
        (
            post("k=key", good(1)).header(ORIGIN, "https://evil.example"),
            403,
            "origin_not_allowed",
        ),
        (
            post("k=key", good(1)).header(ORIGIN, "http://shop.example"),
            403,
            "origin_not_allowed",
        ),
        (
            post("k=key", good(1)).header(CONTENT_TYPE, "multipart/form-data"),
            415,
            "unsupported_media_type",
        ),
        (
            post("k=key", good(1)).header(CONTENT_ENCODING, "lzma"),
            415,
            "unknown_encoding",
        ),
        (
            post("k=key", good(1)).header(CONTENT_ENCODING, "gzip, br"),
            415,
            "unknown_encoding",
        ),
    ] {
        subject.send(request.body).await.is_refusal(status, code, None);
        subject.still_takes_batches().await;
    }
    assert_eq!(subject.outcome("refused_sender").await, 6);
}

#[tokio::test]
async fn pages_without_an_origin_may_send_and_are_counted() {
    let subject = Subject::new();
    let opaque = post("k=key&s=1795226217000", good(1)).header(ORIGIN, "null");
    assert_eq!(subject.send(opaque.body).await.status, StatusCode::NO_CONTENT);
    let mut absent = post("k=key", good(2)).body;
    absent.headers_mut().remove(ORIGIN);
    assert_eq!(subject.send(absent).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        (
            subject.outcome("origin_opaque").await,
            subject.outcome("origin_absent").await
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let subject = Subject::new();
    // Reports are never without: their type needs it.
    for path in ["/v1/batches?k=key", "/v1/reports?k=key"] {
        let request = Request::options(path)
            .header(ORIGIN, SHOP)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-encoding,content-type");
        let answer = subject.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        answer.is_readable();
        assert_eq!(answer.headers["access-control-allow-methods"], "POST");
        assert_eq!(
            answer.headers["access-control-allow-headers"],
            "Content-Type, Content-Encoding"
        );
    }
}

#[tokio::test]
async fn what_is_no_batch_is_refused_with_its_place() {
    let subject = Subject::new();
    let id = "0000000000000001";
    let head = format!(r#"[1,0,"{id}",1795226217000,{DOCUMENT},["#);
    let start = head.len() as u64;
    let mut wrong_type = documented(1);
    wrong_type["vitals"][0]["value"] = json!("fast");
    let wrong_type = wrong_type.to_string();
    for (body, code, at) in [
        (String::new(), "not_a_batch", Some(0)),
        ("hello".into(), "not_a_batch", Some(0)),
        ("  <html>".into(), "not_a_batch", Some(2)),
        ("[1,0".into(), "bad_json", Some(4)),
        (r#"[1,0,7]"#.into(), "wrong_type", Some(5)),
        (format!(r#"[1,0,"{id}","#), "bad_json", Some(24)),
        (format!(r#"[9,0,"{id}",1,{DOCUMENT},[]]"#), "unknown_version", Some(4)),
        // The metric of a vital is a text, its scope a fraction, its value missing.
        (format!(r#"{head}[2,0,1,"LCP",0,1]]]"#), "wrong_type", Some(start + 7)),
        (format!(r#"{head}[2,0,1,1,0.5,1]]]"#), "wrong_type", Some(start + 10)),
        (format!("{head}[2,0,1,1,0]]]"), "missing_field", Some(start + 11)),
        (format!("{head}]]]"), "bad_json", Some(start + 2)),
        // A frame is a number, a script is a text, a list is an object, a nested field is missing.
        (
            format!("{head}[2,0,1,3,0,5,null,null,null,1,1,1,1,[7]]]]"),
            "wrong_type",
            Some(start + 37),
        ),
        (
            format!(r#"{head}[67,0,1,3,1,2,0,null,null,null,null,null,["a"]]]]"#),
            "wrong_type",
            Some(start + 42),
        ),
        (
            format!("{head}[67,0,1,3,1,2,0,null,null,null,null,null,{{}}]]]"),
            "wrong_type",
            Some(start + 41),
        ),
        (
            format!("{head}[67,0,1,3,1,2,0,null,null,null,null,null,[[1,2]]]]]"),
            "missing_field",
            Some(start + 47),
        ),
        ("{".into(), "bad_document", Some(0)),
        ("{}".into(), "bad_document", Some(1)),
    ] {
        subject.post(body).await.is_refusal(400, code, at);
        subject.still_takes_batches().await;
    }
    let answer = subject.post(wrong_type).await;
    assert_eq!(
        (answer.status, answer.json["error"]["code"].as_str()),
        (StatusCode::BAD_REQUEST, Some("bad_document"))
    );
    let answer = subject.post(vec![b'[', b'1', b',', 0xff]).await;
    answer.is_refusal(400, "not_utf8", Some(3));
    subject.still_takes_batches().await;
}

#[tokio::test]
async fn an_error_in_an_item_names_its_kind_and_field() {
    let subject = Subject::new();
    for (item, expected, place) in [
        (r#"[2,0,1,"LCP",0,1]"#, "expected an integer", "kind 2, field 3"),
        (
            "[67,0,1,3,1,2,0,null,null,null,null,null,[7]]",
            "expected an array",
            "kind 67, field 12",
        ),
        (
            "[67,0,1,3,1,2,0,null,null,null,null,null,[[1,2]]]",
            "expected a value for a required field",
            "kind 67, field 12",
        ),
        (
            r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/",null,null,null,null,null,[0],[1],null,"x"]"#,
            "expected an integer",
            "kind 1, field 16",
        ),
    ] {
        let answer = subject.post(compact(1, item)).await;
        let message = answer.json["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(expected) && message.contains(place), "{message}");
    }
}

#[tokio::test]
async fn too_much_is_refused() {
    let subject = Subject::with("[limits]\nbody_bytes = \"64 KiB\"\ndecompressed_bytes = \"256 KiB\"\n");
    subject
        .post(vec![b'['; (64 << 10) + 1])
        .await
        .is_refusal(413, "body_too_large", None);
    subject.still_takes_batches().await;
    subject
        .post(vec![b'['; 10 << 20])
        .await
        .is_refusal(413, "body_too_large", None);
    subject.still_takes_batches().await;
    let items = vec!["[999]"; 5_001].join(",");
    subject
        .post(compact(1, &items))
        .await
        .is_refusal(413, "too_many_items", None);
    subject.still_takes_batches().await;
    assert_eq!(subject.outcome("refused_size").await, 3);
}

#[tokio::test]
async fn a_small_batch_of_huge_rows_is_refused() {
    let subject = Subject::new();
    // Every row repeats its view's page; in clock_bad, where the year 2100 belongs, each of these characters takes six bytes.
    let view = format!(
        r#"[1,0,0,"f486570000000001","6b00f0a400000002",0,0,"/{}"]"#,
        "\\u0001".repeat(2_000)
    );
    let vitals: Vec<_> = (0..4_900).map(|seq| format!("[2,0,{seq},1,0,5]")).collect();
    let answer = subject.post(compact(1, &format!("{view},{}", vitals.join(",")))).await;
    answer.is_refusal(413, "rows_too_large", None);
    subject.still_takes_batches().await;
}

#[tokio::test]
async fn a_bomb_is_refused_in_every_encoding() {
    let subject = Subject::new();
    // 16 MiB of nothing, in less than 20 KiB.
    let text = vec![b' '; 16 << 20];
    for (name, compress) in ENCODINGS {
        let bomb = compress(&text);
        assert!(bomb.len() < 20 << 10, "{name}: {}", bomb.len());
        subject
            .send(post("k=key", bomb).header(CONTENT_ENCODING, name).body)
            .await
            .is_refusal(413, "decompressed_too_large", None);
        subject.still_takes_batches().await;
    }
}

#[tokio::test]
async fn what_is_not_its_encoding_is_refused() {
    let subject = Subject::new();
    for (name, compress) in ENCODINGS {
        let whole = compress(good(1).repeat(20).as_bytes());
        let truncated = whole[..whole.len() / 2].to_vec();
        for body in [truncated, good(1).into_bytes(), Vec::new()] {
            let request = post(&format!("k=key&z={name}"), body);
            subject
                .send(request.body)
                .await
                .is_refusal(400, "damaged_encoding", None);
            subject.still_takes_batches().await;
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let subject = Subject::new();
    let parts = [Ok(good(1).into_bytes()), Err(std::io::Error::other("reset by peer"))];
    let body = Body::from_stream(futures_util::stream::iter(parts));
    subject.post(body).await.is_refusal(400, "incomplete_body", None);
    subject.still_takes_batches().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_refused() {
    let subject = Subject::new();
    let body = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let answer = subject.post(body).await;
    answer.is_refusal(408, "body_timeout", None);
    assert_eq!(answer.headers["retry-after"], "10");
}

#[tokio::test]
async fn values_on_which_the_whole_batch_hangs_are_refused() {
    let subject = Subject::new();
    let view = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/"]"#;
    for (document, items, code) in [
        (r#"[-1,"https://shop.example","0.1.0"]"#, view, "out_of_range"),
        (
            r#"[9007199254740991,"https://shop.example","0.1.0"]"#,
            view,
            "out_of_range",
        ),
        (DOCUMENT, "[2,0,1,1,0,1]", "no_view"),
        (
            DOCUMENT,
            r#"[1,0,0,"0000000000000000","6b00f0a400000002",0,0,"/"]"#,
            "no_view",
        ),
    ] {
        let body = format!(r#"[1,0,"0000000000000001",1795226217000,{document},[{items}]]"#);
        subject.post(body).await.is_refusal(400, code, None);
        subject.still_takes_batches().await;
    }
}

#[tokio::test]
async fn what_is_dropped_or_cut_is_counted() {
    let subject = Subject::new();
    let view = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/"]"#;
    let items = [
        view.to_owned(),
        r#"[77,0,0,"of the future"]"#.into(),
        "[2,0,1,99,0,1]".into(),
        "[2,0,1,1,9,1]".into(),
        "[2,5,1,1,0,1]".into(),
        "[2,0,-1,1,0,1]".into(),
        "[2,0,1,1,0,-1]".into(),
        format!(r#"[2,0,1,1,0,1,"{}"]"#, "x".repeat(600)),
    ];
    let answer = subject.post(compact(1, &items.join(","))).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.json);
    for (outcome, expected) in [
        ("event_accepted", 2),
        ("event_unknown_kind", 1),
        ("event_unknown_value", 2),
        ("event_unknown_view", 1),
        ("event_out_of_range", 2),
        ("text_cut", 1),
    ] {
        assert_eq!(subject.outcome(outcome).await, expected, "{outcome}");
    }
    // An empty batch is nobody's loss, and stores nothing.
    let before = subject.outcome("batch_stored").await;
    assert_eq!(subject.post(compact(2, "")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        (
            subject.outcome("batch_empty").await,
            subject.outcome("batch_stored").await
        ),
        (1, before)
    );
}

#[tokio::test]
async fn errors_of_others_are_counted_and_stored_only_if_wanted() {
    let items = [
        r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/"]"#,
        r#"[65,0,1,1,0,0,null,"Script error.",null,0,3]"#,
        r#"[65,0,1,2,0,0,"Error","x","at f (chrome-extension://abcdefgh/content.js:1:2)",0,1]"#,
        r#"[65,0,1,3,0,0,"Error","x","at f (https://shop.example/a.js:1:2)",0,1]"#,
    ];
    for (subject, expected) in [
        (Subject::new(), [2, 1, 1]),
        (Subject::with("foreign_errors = \"keep\"\n"), [4, 0, 0]),
    ] {
        let answer = subject.post(compact(1, &items.join(","))).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.json);
        for (outcome, expected) in ["event_accepted", "error_opaque", "error_of_extension"]
            .iter()
            .zip(expected)
        {
            assert_eq!(subject.outcome(outcome).await, expected, "{outcome}");
        }
    }
}

#[tokio::test]
async fn an_answer_says_which_rate_new_sessions_are_to_freeze() {
    const RATES: &str = "rates = [{ version = 1, share = 0.5 }, { version = 3, share = 0.125 }]\n";
    for (more, expected) in [
        (String::new(), None),
        (RATES.to_owned(), None),
        (format!("{RATES}rate = 3\n"), Some("3;0.125")),
    ] {
        let subject = Subject::with(&more);
        // Stored, again, and empty: whatever is answered 2xx.
        for body in [good(1), good(1), compact(2, "")] {
            let answer = subject.post(body).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT);
            let rate = answer.headers.get("rum-rate").map(|rate| rate.to_str().unwrap());
            assert_eq!(rate, expected, "{more}");
            let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
            assert!(
                exposed.contains("Rum-Rate") && exposed.contains("Retry-After"),
                "{exposed}"
            );
        }
        let refused = subject.post("hello").await;
        assert!(!refused.headers.contains_key("rum-rate"));
    }
}

#[tokio::test]
async fn a_batch_of_a_rate_that_is_not_configured_is_taken_and_counted() {
    let subject = Subject::with("rates = [{ version = 1, share = 0.5 }]\n");
    for (batch, version, unknown) in [(1, "null", 0), (2, "0", 0), (3, "1", 0), (4, "2", 1), (5, "-1", 2)] {
        let body = good(batch).replace(r#""0.1.0"]"#, &format!(r#""0.1.0",null,null,{version}]"#));
        let answer = subject.post(body).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.json);
        assert_eq!(subject.outcome("rate_unknown").await, unknown, "{version}");
    }
    assert_eq!(subject.outcome("batch_stored").await, 5);
}

const REPORTS: &str = "application/reports+json";

fn reports(media_type: &str, body: impl Into<Body>) -> Draft {
    let request = Request::post("/v1/reports?k=key").header(CONTENT_TYPE, media_type);
    Draft {
        body: request.header(ORIGIN, SHOP).body(body.into()).unwrap(),
    }
}

#[tokio::test]
async fn reports_of_browsers_are_stored() {
    let subject = Subject::with("rates = [{ version = 1, share = 0.5 }]\nrate = 1\n");
    let crash =
        json!({ "age": 7, "type": "crash", "url": "https://shop.example/cart?x=1", "body": { "reason": "oom" } });
    let other = json!({ "age": 7, "type": "network-error", "url": "https://shop.example/", "body": {} });
    let older = json!({ "csp-report": { "document-uri": "https://shop.example/", "blocked-uri": "inline" } });
    for (media_type, body, events) in [
        (REPORTS, json!([crash, other]), 1),
        ("application/reports+json; charset=utf-8", json!([crash]), 1),
        ("application/csp-report", older, 1),
        (REPORTS, json!([]), 0),
    ] {
        let before = subject.outcome("event_accepted").await;
        let answer = subject.send(reports(media_type, body.to_string()).body).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{body}: {}", answer.json);
        answer.is_readable();
        assert!(!answer.headers.contains_key("rum-rate"), "no page reads it");
        assert_eq!(subject.outcome("event_accepted").await - before, events, "{body}");
    }
    for (outcome, expected) in [("batch_stored", 3), ("batch_empty", 1), ("report_other_type", 1)] {
        assert_eq!(subject.outcome(outcome).await, expected, "{outcome}");
    }
    let packed = reports(REPORTS, gzip(json!([crash]).to_string().as_bytes()));
    let answer = subject.send(packed.header(CONTENT_ENCODING, "gzip").body).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.json);
}

#[tokio::test]
async fn reports_are_dropped_one_by_one_and_counted() {
    let subject = Subject::new();
    let report = |url: &str, body: Value| json!({ "age": 0, "type": "crash", "url": url, "body": body });
    let mut many: Vec<_> = (0..103)
        .map(|number| report("https://shop.example/", json!({ "reason": format!("oom {number}") })))
        .collect();
    many[1] = report("no url", json!({}));
    many[2] = report("https://shop.example/", json!("no object"));
    many[3] = report("https://shop.example/", json!({ "reason": 7 }));
    many[4] = json!({ "type": "crash", "url": "https://shop.example/" });
    many[5] = json!(7);
    many[6] = json!({ "type": "coop", "url": "https://shop.example/", "body": {} });
    // An extension's, which the page's owner cannot mend.
    many[7] = json!({
        "type": "csp-violation", "url": "https://shop.example/",
        "body": { "blockedURL": "chrome-extension", "effectiveDirective": "font-src" },
    });
    let answer = subject.send(reports(REPORTS, json!(many).to_string()).body).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.json);
    for (outcome, expected) in [
        ("event_accepted", 93),
        ("report_malformed", 5),
        ("report_other_type", 1),
        ("report_over_limit", 3),
        ("error_of_extension", 1),
    ] {
        assert_eq!(subject.outcome(outcome).await, expected, "{outcome}");
    }
}

#[tokio::test]
async fn what_holds_no_reports_is_refused() {
    let subject = Subject::new();
    let report = json!([{ "type": "crash", "url": "https://shop.example/", "body": {} }]).to_string();
    for (request, status, code) in [
        (reports(REPORTS, "hello"), 400, "not_reports"),
        (reports(REPORTS, "{}"), 400, "not_reports"),
        (reports(REPORTS, "7"), 400, "not_reports"),
        (reports(REPORTS, vec![b'"', 0xff, b'"']), 400, "not_reports"),
        // Deeper than any report is.
        (reports(REPORTS, "[".repeat(100_000)), 400, "not_reports"),
        (
            reports("application/csp-report", r#"{"csp-report":{"document-uri":7}}"#),
            400,
            "not_reports",
        ),
        (reports("text/plain", report.clone()), 415, "unsupported_media_type"),
        (
            post("k=key", good(1)).header(CONTENT_TYPE, REPORTS),
            415,
            "unsupported_media_type",
        ),
        (
            reports(REPORTS, report).header(ORIGIN, "https://evil.example"),
            403,
            "origin_not_allowed",
        ),
        (reports(REPORTS, vec![b'['; 300 << 10]), 413, "body_too_large"),
    ] {
        subject.send(request.body).await.is_refusal(status, code, None);
        subject.still_takes_batches().await;
    }
}

#[tokio::test]
async fn a_full_spool_says_when_to_come_again() {
    let subject = Subject::with("[spool]\nmax_bytes = \"1 MiB\"\nsegment_bytes = \"64 KiB\"\n");
    let operator = || get("/readyz/spool", "127.0.0.1:1");
    // Stacks of noise, so that the spool fills fast.
    let stack = "at f (https://shop.example/a.js:1:1) ".repeat(400);
    let error = format!(r#"[65,0,1,1,0,0,"Error","m","{stack}",0,1]"#);
    let view = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/"]"#;
    let mut stored = 0;
    let refused = loop {
        assert_eq!(subject.send(operator()).await.status, StatusCode::OK, "{stored}");
        let answer = subject.post(compact(stored, &format!("{view},{error}"))).await;
        if answer.status != StatusCode::NO_CONTENT {
            break answer;
        }
        stored += 1;
        assert!(stored < 1_000, "the spool has a limit");
    };
    refused.is_refusal(503, "spool_full", None);
    assert_eq!(refused.headers["retry-after"], "60");
    assert!(stored > 10, "{stored}");
    let spool = subject.send(operator()).await;
    assert_eq!(spool.status, StatusCode::SERVICE_UNAVAILABLE, "{}", spool.json);
    assert_eq!(spool.json["problem"], "it is full: batches are answered 503");
    assert!(
        spool.json["refusal"]["since_ms"]
            .as_i64()
            .is_some_and(|since| since > 0)
    );
    let public = subject.send(get("/readyz/spool", "203.0.113.9:1")).await;
    assert_eq!(
        (public.status, public.json),
        (StatusCode::SERVICE_UNAVAILABLE, json!({ "ready": false }))
    );
    assert_eq!(subject.outcome("refused_for_now").await, 1);
}

#[tokio::test]
async fn other_methods_and_paths_are_answered_readably() {
    let subject = Subject::new();
    let answer = subject
        .send(Request::get("/v1/batches?k=key").body(Body::empty()).unwrap())
        .await;
    answer.is_refusal(405, "method_not_allowed", None);
    assert!(answer.headers["allow"].to_str().unwrap().contains("POST"));
    let request = Request::builder()
        .method(Method::DELETE)
        .uri("/rum.js")
        .body(Body::empty())
        .unwrap();
    subject.send(request).await.is_refusal(405, "method_not_allowed", None);
    for path in ["/", "/v1/other", "/favicon.ico", "/a/b/c"] {
        subject
            .send(Request::get(path).body(Body::empty()).unwrap())
            .await
            .is_refusal(404, "unknown_path", None);
    }
    subject
        .send(Request::get("/rum.js").body(Body::empty()).unwrap())
        .await
        .is_refusal(404, "sdk_not_built", None);
}

#[tokio::test]
async fn a_request_has_an_id() {
    let subject = Subject::new();
    let given = Request::get("/healthz")
        .header("x-request-id", "proxy-7.a")
        .body(Body::empty())
        .unwrap();
    assert_eq!(subject.send(given).await.headers["x-request-id"], "proxy-7.a");
    let bad = Request::get("/healthz")
        .header("x-request-id", "a\" b=\"c")
        .body(Body::empty())
        .unwrap();
    let id = subject.send(bad).await.headers["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
}

#[tokio::test]
async fn health_names_the_part_that_is_not_ready() {
    let subject = Subject::new();
    let get = |path: &str| get(path, "[::1]:1");
    assert_eq!(subject.send(get("/healthz")).await.status, StatusCode::OK);
    let all = subject.send(get("/readyz")).await;
    assert_eq!(
        (all.status, &all.json["ready"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!(false))
    );
    assert_eq!(all.json["components"]["spool"]["ready"], json!(true));
    assert_eq!(all.json["components"]["clickhouse"]["ready"], json!(false));
    assert_eq!(all.json["components"]["alerts"]["ready"], json!(true));
    // What a load balancer asks: batches are kept although there is no database.
    assert_eq!(subject.send(get("/readyz/spool")).await.status, StatusCode::OK);
    assert_eq!(
        subject.send(get("/readyz/clickhouse")).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(subject.send(get("/readyz/other")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn details_of_health_are_for_the_machine_itself() {
    let subject = Subject::new();
    subject.post(good(1)).await;
    let [operator, public] = ["127.0.0.1:1", "203.0.113.9:1"].map(|peer| subject.send(get("/readyz", peer)));
    let (operator, public) = (operator.await, public.await);
    assert_eq!(operator.json["outcomes"]["batch_stored"], 1);
    assert!(operator.json["components"]["clickhouse"]["problem"].is_string());
    let ready = |ready: bool| json!({ "ready": ready });
    let expected = json!({
        "ready": false,
        "components": {
            "spool": ready(true), "clickhouse": ready(false), "alerts": ready(true), "quotas": ready(true), "tls": ready(true),
            "configuration": ready(true)
        }
    });
    assert_eq!((public.status, public.json), (operator.status, expected));
    assert_eq!(public.headers["retry-after"], "1");
    // Without a socket nobody knows who asks.
    let unknown = subject.send(Request::get("/readyz").body(Body::empty()).unwrap()).await;
    assert_eq!(unknown.json["outcomes"], Value::Null);
}
