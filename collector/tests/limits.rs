//! Rates and quotas, through the router: who is refused, what the answer says, and what `/readyz` and `/metrics` tell of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

#[path = "support/noon.rs"]
mod noon;

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use rum_collector::config::Config;
use rum_collector::fault::jump_clock;
use rum_collector::run::Collector;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt as _;

/// Batches of a sender that never waits: among so many, some come within a second.
const MANY: u64 = 200;

/// By how many ms this process's collectors are ahead of the system's clock: none of them sees a midnight.
static AHEAD_MS: LazyLock<i64> = LazyLock::new(|| {
    let ahead_ms = noon::ms_until_noon();
    jump_clock(ahead_ms);
    ahead_ms
});

/// A collector with the apps `shop` and `blog`, whose keys are their names.
struct Subject {
    collector: Collector,
    _folder: TempDir,
}

impl Subject {
    /// `limits` are lines of `[limits]`, `shop` of the app.
    fn new(limits: &str, shop: &str) -> Self {
        LazyLock::force(&AHEAD_MS);
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("collector.toml");
        let text = format!(
            "data = {data:?}\n[sdk]\ndist = {data:?}\n[limits]\n{limits}\n\
             [[apps]]\nname = \"blog\"\nkey = \"blog\"\norigins = [\"*\"]\n\
             [[apps]]\nname = \"shop\"\nkey = \"shop\"\norigins = [\"*\"]\n{shop}\n",
            data = folder.path().join("data"),
        );
        fs::write(&file, text).unwrap();
        let config = Config::load(Some(&file), []).unwrap();
        Self {
            collector: Collector::open(&config, watch::channel(None).1).unwrap(),
            _folder: folder,
        }
    }

    async fn send(&self, request: http::request::Builder, body: impl Into<Body>, peer: &str) -> Answer {
        let peer: SocketAddr = peer.parse().unwrap();
        let request = request.extension(ConnectInfo(peer)).body(body.into()).unwrap();
        let response = self.collector.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn post(&self, app: &str, id: u64, peer: &str) -> Answer {
        self.send(Request::post(format!("/v1/batches?k={app}")), batch(id), peer)
            .await
    }

    /// The first refusal of an app's batches, which come one right after the other.
    async fn first_refusal(&self, app: &str, peer: &str) -> Answer {
        for id in 1..MANY {
            let answer = self.post(app, id, peer).await;
            if answer.status != StatusCode::NO_CONTENT {
                return answer;
            }
        }
        panic!("nothing is refused")
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty(), "127.0.0.1:1").await
    }

    async fn outcome(&self, name: &str) -> u64 {
        self.get("/readyz").await.json()["outcomes"][name].as_u64().unwrap_or(0)
    }

    async fn has_metric(&self, line: &str) {
        let page = self.get("/metrics").await.text;
        assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// That it is 429 with this code and a text that names `mend`, and that a page can read it; its `Retry-After`.
    #[track_caller]
    fn retry_after(&self, code: &str, mend: &str) -> u32 {
        assert_eq!(self.status, StatusCode::TOO_MANY_REQUESTS, "{}", self.text);
        let error = &self.json()["error"];
        assert_eq!(error["code"], code);
        assert!(
            error["message"].as_str().is_some_and(|text| text.contains(mend)),
            "{error}"
        );
        assert_eq!(self.headers["access-control-allow-origin"], "*");
        let exposed = self.headers["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("Retry-After"), "{exposed}");
        self.headers["retry-after"].to_str().unwrap().parse().unwrap()
    }
}

/// Two events.
fn batch(id: u64) -> String {
    let document = r#"[1795226212000,"https://shop.example","0.1.0"]"#;
    let view = r#"[1,0,1200,"6b00f0a400000001","6b00f0a400000002",0,0,"/product/7"]"#;
    format!(r#"[1,0,"{id:016x}",1795226217000,{document},[{view},[2,0,1200,1,0,1100000]]]"#)
}

#[tokio::test]
async fn an_app_that_is_too_fast_is_told_so_and_others_are_not() {
    let subject = Subject::new("", "batches_per_second = 1\nburst = 1");
    let refusal = subject.first_refusal("shop", "192.0.2.1:1").await;
    assert_eq!(refusal.retry_after("rate_limited", "raise batches_per_second"), 1);
    assert_eq!(subject.outcome("refused_rate").await, 1);
    subject
        .has_metric(r#"rum_app_refused_batches_total{app="shop",outcome="refused_rate"} 1"#)
        .await;
    for id in 1..MANY {
        let answer = subject.post("blog", id, "192.0.2.1:1").await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    }
}

#[tokio::test]
async fn an_address_that_is_too_fast_is_told_so_and_others_are_not() {
    let subject = Subject::new("address_batches_per_second = 1\naddress_burst = 1", "");
    let refusal = subject.first_refusal("shop", "[2001:db8:1:2::1]:1").await;
    let mend = "limits.address_batches_per_second";
    assert_eq!(refusal.retry_after("rate_limited", mend), 1);
    assert!(!refusal.text.contains("2001:db8"), "{}", refusal.text);
    // All that a subscriber has is one client, and each other one is another.
    let neighbour = subject.first_refusal("blog", "[2001:db8:1:2:ffff::1]:1").await;
    neighbour.retry_after("rate_limited", mend);
    for number in 1..100 {
        let answer = subject
            .post("shop", 1_000 + number, &format!("192.0.2.{number}:1"))
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    }
}

/// A body that comes in pieces, and how many of them were taken.
fn in_pieces(text: &str) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let pieces: Vec<_> = text.as_bytes().chunks(10).map(Bytes::copy_from_slice).collect();
    let stream = futures_util::stream::iter(pieces.into_iter().map(move |piece| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::convert::Infallible>(piece)
    }));
    (Body::from_stream(stream), taken)
}

#[tokio::test]
async fn the_body_of_who_is_too_fast_is_read_and_never_parsed() {
    let subject = Subject::new("", "batches_per_second = 1\nburst = 1");
    subject.first_refusal("shop", "192.0.2.1:1").await;
    let mut refused = false;
    for _ in 0..MANY {
        let text = "no batch at all ".repeat(100);
        let (body, taken) = in_pieces(&text);
        let request = Request::post("/v1/batches?k=shop");
        let answer = subject.send(request, body, "192.0.2.1:1").await;
        assert_eq!(taken.load(Ordering::Relaxed), text.len().div_ceil(10));
        refused |= answer.status == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(refused, "each of them was parsed");
}

#[tokio::test]
async fn what_is_refused_for_good_is_never_told_to_come_again() {
    let subject = Subject::new("address_batches_per_second = 1\naddress_burst = 1", "");
    subject.first_refusal("shop", "192.0.2.1:1").await;
    for _ in 0..10 {
        let answer = subject.post("unknown", 1, "192.0.2.1:1").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        assert!(!answer.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn a_quota_that_is_used_up_refuses_until_midnight() {
    let subject = Subject::new("", "events_per_day = 10");
    for id in [1, 2, 2, 3, 1] {
        assert_eq!(
            subject.post("shop", id, "192.0.2.1:1").await.status,
            StatusCode::NO_CONTENT
        );
    }
    assert_eq!(subject.outcome("batch_duplicate").await, 2);
    subject.has_metric(r#"rum_app_day_events{app="shop"} 6"#).await;
    subject.has_metric(r#"rum_app_day_events_limit{app="shop"} 10"#).await;
    assert_eq!(subject.get("/readyz/quotas").await.json()["state"], "healthy");

    subject.post("shop", 4, "192.0.2.1:1").await;
    let near = subject.get("/readyz/quotas").await;
    assert_eq!(
        (near.status, &near.json()["state"]),
        (StatusCode::OK, &"degraded".into())
    );
    let said = near.json()["problem"].as_str().unwrap().to_owned();
    assert_eq!(said, "used up soon: shop (80 % of events_per_day)");

    subject.post("shop", 5, "192.0.2.1:1").await;
    let until_midnight = || {
        let now = (jiff::Timestamp::now().as_millisecond() + *AHEAD_MS) / 1_000;
        86_400 - now.rem_euclid(86_400)
    };
    let before = until_midnight();
    let refusal = subject.post("shop", 6, "192.0.2.1:1").await;
    let retry_after = refusal.retry_after("quota_exceeded", "raise events_per_day");
    let after = until_midnight();
    // Spread over 15 minutes, and rounded up.
    assert!(
        (after..=before + 901).contains(&i64::from(retry_after)),
        "{retry_after} s, {before} s before midnight"
    );
    assert_eq!(subject.outcome("refused_quota").await, 1);
    subject
        .has_metric(r#"rum_app_refused_batches_total{app="shop",outcome="refused_quota"} 1"#)
        .await;
    let over = subject.get("/readyz/quotas").await;
    assert_eq!(
        (over.status, &over.json()["state"]),
        (StatusCode::OK, &"degraded".into())
    );
    assert_eq!(over.json()["today"]["shop"]["events"]["used"], 10);
    assert_eq!(over.json()["today"]["blog"]["events"]["limit"], Value::Null);

    assert_eq!(
        subject.post("blog", 6, "192.0.2.1:1").await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn bytes_have_a_quota_of_their_own() {
    let length = batch(1).len();
    let subject = Subject::new("", &format!("bytes_per_day = {}", 2 * length));
    for id in [1, 2] {
        assert_eq!(
            subject.post("shop", id, "192.0.2.1:1").await.status,
            StatusCode::NO_CONTENT
        );
    }
    let refusal = subject.post("shop", 3, "192.0.2.1:1").await;
    refusal.retry_after("quota_exceeded", "raise bytes_per_day");
    let used = format!(r#"rum_app_day_body_bytes{{app="shop"}} {}"#, 2 * length);
    subject.has_metric(&used).await;
}
