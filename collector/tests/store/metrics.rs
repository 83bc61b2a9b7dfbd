//! What `/metrics` says, against what was done.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use tokio::time::{interval, timeout};
use tower::ServiceExt as _;

use crate::front::{Front, SHOP, documented};
use crate::support::{Database, PATIENCE};

/// Each sample's value, by its name and labels as they are written.
type Samples = BTreeMap<String, f64>;

async fn send(router: &Router, request: Request<Body>) -> (u16, String) {
    let answer: Response = router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn get(router: &Router, path: &str) -> (u16, String) {
    let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)));
    send(router, Request::get(path).extension(peer).body(Body::empty()).unwrap()).await
}

async fn post(router: &Router, query: &str, body: impl Into<String>) -> u16 {
    let request = Request::post(format!("/v1/batches?{query}"))
        .header("content-type", "text/plain")
        .header("origin", SHOP)
        .body(Body::from(body.into()));
    send(router, request.unwrap()).await.0
}

async fn samples(router: &Router) -> Samples {
    let (status, page) = get(router, "/metrics").await;
    assert_eq!(status, 200, "{page}");
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        })
        .collect()
}

/// Waits until the metrics are as they should be.
async fn until(router: &Router, condition: impl Fn(&Samples) -> bool) -> Samples {
    let mut tick = interval(Duration::from_millis(50));
    let reached = async {
        loop {
            let samples = samples(router).await;
            if condition(&samples) {
                return samples;
            }
            tick.tick().await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap()
}

/// A batch of one view and its LCP that begins now.
fn batch(id: u64) -> Json {
    let origin_ms = jiff::Timestamp::now().as_millisecond() - 6_000;
    let seconds = u32::try_from(origin_ms / 1_000).unwrap();
    let number = u32::try_from(id).unwrap();
    let lists = json!({
        "views": [{
            "seq": 1200, "view_id": rum_core::Id::starting_at(seconds, number),
            "session_id": rum_core::Id::starting_at(seconds, 7), "kind": 0, "start": 0, "page": "/cart",
        }],
        "vitals": [{ "view": 0, "seq": 1200, "metric": 1, "scope": 0, "value": 1_100_000 }],
    });
    documented(id, origin_ms, &json!({}), &lists)
}

#[tokio::test]
async fn metrics_say_what_was_done() {
    let database = Database::start().await;
    let front = Front::start(&database, "[]").await;
    let router = front.router();
    let (first, second) = (batch(1).to_string(), batch(2).to_string());
    for (query, body, status) in [
        ("k=key", first.as_str(), 204),
        ("k=key", &first, 204),
        ("k=key", &second, 204),
        ("k=key", "no batch", 400),
        ("k=other", &second, 403),
    ] {
        assert_eq!(post(&router, query, body).await, status, "{body}");
    }
    assert_eq!(get(&router, "/nothing/here").await.0, 404);
    let in_tables = r#"rum_insert_rows_total{table="vitals"}"#;
    until(&router, |samples| samples[in_tables] >= 2.0).await;
    // Also the cursors of the tables that got nothing.
    let found = until(&router, |samples| {
        let mut ages = samples
            .iter()
            .filter(|(name, _)| name.starts_with("rum_spool_oldest_age_seconds"));
        ages.all(|(_, age)| *age == 0.0)
    })
    .await;

    let bodies = (first.len() + second.len()) as f64;
    for (sample, expected) in [
        (r#"rum_batches_total{outcome="batch_stored"}"#, 2.0),
        (r#"rum_batches_total{outcome="batch_duplicate"}"#, 1.0),
        (r#"rum_batches_total{outcome="refused_form"}"#, 1.0),
        (r#"rum_batches_total{outcome="refused_sender"}"#, 1.0),
        (r#"rum_batches_total{outcome="refused_size"}"#, 0.0),
        (r#"rum_events_total{outcome="event_accepted"}"#, 4.0),
        (r#"rum_events_total{outcome="event_malformed"}"#, 0.0),
        (r#"rum_ingest_details_total{outcome="origin_absent"}"#, 0.0),
        (r#"rum_app_events_total{app="shop"}"#, 4.0),
        (r#"rum_app_body_bytes_total{app="shop"}"#, bodies),
        (
            r#"rum_http_requests_total{route="/v1/batches",method="POST",status="204"}"#,
            3.0,
        ),
        (
            r#"rum_http_requests_total{route="/v1/batches",method="POST",status="400"}"#,
            1.0,
        ),
        (
            r#"rum_http_requests_total{route="/v1/batches",method="POST",status="403"}"#,
            1.0,
        ),
        (
            r#"rum_http_requests_total{route="other",method="GET",status="404"}"#,
            1.0,
        ),
        (r#"rum_http_request_duration_seconds_count{route="/v1/batches"}"#, 5.0),
        ("rum_spool_refusing", 0.0),
        ("rum_spool_segments", 1.0),
        ("rum_spool_commit_batches_sum", 2.0),
        ("rum_spool_commit_failures_total", 0.0),
        (r#"rum_insert_rows_total{table="views"}"#, 2.0),
        (r#"rum_insert_rows_total{table="logs"}"#, 0.0),
        (r#"rum_insert_retries_total{table="views"}"#, 0.0),
        (r#"rum_insert_stalled{table="views"}"#, 0.0),
        (r#"rum_dead_letters_total{table="views"}"#, 0.0),
        (r#"rum_ingest_lag_seconds_count{table="views"}"#, 2.0),
        (r#"rum_ingest_lag_seconds_count{table="logs"}"#, 0.0),
        ("rum_clickhouse_up", 1.0),
        (r#"rum_component_ready{component="spool"}"#, 1.0),
        (r#"rum_component_ready{component="clickhouse"}"#, 1.0),
    ] {
        assert_eq!(found.get(sample), Some(&expected), "{sample}");
    }
    let failures = found
        .iter()
        .filter(|(name, _)| name.starts_with("rum_insert_failures_total"));
    assert!(failures.clone().all(|(_, n)| *n == 0.0) && failures.count() > 9);
    for positive in [
        r#"rum_insert_bytes_total{table="views"}"#,
        r#"rum_insert_duration_seconds_count{table="views"}"#,
        r#"rum_ingest_lag_seconds_sum{table="views"}"#,
        "rum_spool_commit_duration_seconds_sum",
        "rum_spool_written_bytes_total",
        "rum_spool_bytes",
        r#"rum_insert_size_rows{table="logs"}"#,
    ] {
        assert!(found[positive] > 0.0, "{positive}");
    }
    assert!(found[r#"rum_ingest_lag_seconds_sum{table="views"}"#] < 2.0 * PATIENCE.as_secs_f64());
    front.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn what_cannot_be_inserted_is_told() {
    let database = Database::start().await;
    let front = Front::start(&database, "[]").await;
    let router = front.router();
    database.run("DROP TABLE rum_data.views").await;
    assert_eq!(post(&router, "k=key", batch(1).to_string()).await, 204);
    let stalled = r#"rum_insert_stalled{table="views"}"#;
    until(&router, |samples| samples[stalled] == 1.0).await;
    // The others go on.
    let found = until(&router, |samples| {
        samples[r#"rum_spool_oldest_age_seconds{table="views"}"#] > 0.0
            && samples[r#"rum_insert_rows_total{table="vitals"}"#] == 1.0
    })
    .await;
    for (sample, expected) in [
        (r#"rum_insert_rows_total{table="views"}"#, 0.0),
        (r#"rum_component_ready{component="clickhouse"}"#, 0.0),
        (r#"rum_component_ready{component="spool"}"#, 1.0),
        ("rum_clickhouse_up", 1.0),
    ] {
        assert_eq!(found.get(sample), Some(&expected), "{sample}");
    }
    for (sample, n) in found
        .iter()
        .filter(|(name, _)| name.starts_with("rum_insert_failures_total"))
    {
        let is_this = sample.contains(r#"table="views",class="needs_mending""#);
        assert_eq!(*n > 0.0, is_this, "{sample} is {n}");
    }
    front.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn a_code_that_nobody_thought_of_is_told() {
    let database = Database::start().await;
    let front = Front::start(&database, "[]").await;
    let router = front.router();
    // 395, FUNCTION_THROW_IF_VALUE_IS_NON_ZERO.
    database
        .run("ALTER TABLE rum_data.views ADD CONSTRAINT odd CHECK throwIf(page = '/cart') = 0")
        .await;
    assert_eq!(post(&router, "k=key", batch(1).to_string()).await, 204);
    let found = until(&router, |samples| {
        samples[r#"rum_insert_stalled{table="views"}"#] == 1.0
            && samples[r#"rum_component_ready{component="clickhouse"}"#] == 0.0
            && samples[r#"rum_insert_rows_total{table="vitals"}"#] == 1.0
    })
    .await;
    for kept in [
        r#"rum_insert_rows_total{table="views"}"#,
        r#"rum_dead_letters_total{table="views"}"#,
    ] {
        assert_eq!(found[kept], 0.0, "{kept}");
    }
    assert!(found[r#"rum_insert_failures_total{table="views",class="unlisted"}"#] > 0.0);
    let (status, told) = get(&router, "/readyz/clickhouse").await;
    let told: Json = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &told["stalls"]["views"]["code"]), (503, &json!(395)), "{told}");
    front.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn a_row_that_is_refused_for_good_is_counted_as_a_dead_letter() {
    let database = Database::start().await;
    let front = Front::start(&database, "[]").await;
    let router = front.router();
    database
        .run("ALTER TABLE rum_data.views ADD CONSTRAINT no_carts CHECK page != '/cart'")
        .await;
    assert_eq!(post(&router, "k=key", batch(1).to_string()).await, 204);
    let found = until(&router, |samples| {
        samples[r#"rum_dead_letters_total{table="views"}"#] == 1.0
    })
    .await;
    for (sample, expected) in [
        (r#"rum_insert_failures_total{table="views",class="bad_row"}"#, 1.0),
        (r#"rum_insert_retries_total{table="views"}"#, 0.0),
        (r#"rum_insert_rows_total{table="views"}"#, 0.0),
        (r#"rum_dead_letters_total{table="vitals"}"#, 0.0),
    ] {
        assert_eq!(found.get(sample), Some(&expected), "{sample}");
    }
    front.stop().await;
    database.stop().await;
}
