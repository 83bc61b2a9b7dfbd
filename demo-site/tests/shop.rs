//! The shop as a router, without a socket: every page and every switch that the server answers for.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::process::Command;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, Request, Response, StatusCode};
use demo_site::{RumTag, ShopOptions, router};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt;

const LARGEST_BODY: usize = 1 << 20;
const PAGES: [&str; 8] = [
    "/",
    "/products",
    "/products/porcini",
    "/cart",
    "/magazine",
    "/magazine/about",
    "/magazine/stories/five-small-lamps",
    "/no-such-page",
];
const TAG: &str = r#"<script async src="http://127.0.0.1:4318/rum.js" data-app="demo"></script>"#;

fn shop() -> Router {
    let rum = RumTag::new("http://127.0.0.1:4318/rum.js", "demo")
        .unwrap()
        .with_stub("early()");
    router(ShopOptions { rum: Some(rum) })
}

async fn send(shop: Router, request: Request<Body>) -> Response<Body> {
    shop.oneshot(request).await.unwrap()
}

async fn get(path: &str) -> Response<Body> {
    send(shop(), Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(path: &str, body: &str) -> Response<Body> {
    let request = Request::post(path)
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()));
    send(shop(), request.unwrap()).await
}

fn header(response: &Response<Body>, name: HeaderName) -> &str {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
        .unwrap_or_default()
}

async fn text(response: Response<Body>) -> String {
    let body = Limited::new(response.into_body(), LARGEST_BODY)
        .collect()
        .await
        .unwrap();
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}

async fn json(response: Response<Body>) -> Value {
    serde_json::from_str(&text(response).await).unwrap()
}

async fn page(path: &str) -> String {
    text(get(path).await).await
}

/// The values of every attribute called `name` in `html`.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!(" {name}=\"");
    html.split(&opening)
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(value, _)| value)
        .collect()
}

#[tokio::test]
async fn every_page_is_whole_and_carries_the_tag_once() {
    for path in PAGES {
        let response = get(path).await;
        let status = if path == "/no-such-page" {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::OK
        };
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(
            header(&response, CACHE_CONTROL),
            "no-cache",
            "{path}: no-store would keep it out of bfcache"
        );
        assert_eq!(header(&response, CONTENT_SECURITY_POLICY), "", "{path}");
        let html = text(response).await;
        let (head, body) = html.split_once("</head>").unwrap();
        assert_eq!(head.matches(TAG).count(), 1, "{path}");
        assert!(!html.contains("{{"), "{path} has a placeholder that nobody fills");
        assert!(!head.contains("early()"), "{path} has the stub unasked");
        assert!(body.trim_end().ends_with("</html>"), "{path}");
    }
}

#[tokio::test]
async fn every_address_on_a_page_leads_somewhere() {
    for path in PAGES {
        let html = page(path).await;
        for address in attributes(&html, "href").into_iter().chain(attributes(&html, "src")) {
            if address.starts_with('/') {
                assert_eq!(get(address).await.status(), StatusCode::OK, "{address} on {path}");
            }
        }
    }
}

#[tokio::test]
async fn pages_have_nothing_inline_that_a_strict_policy_would_stop() {
    for path in PAGES {
        let html = page(path).await;
        for forbidden in ["<style", " style=", " onclick=", " onload=", "javascript:", "<script>"] {
            assert!(!html.contains(forbidden), "{forbidden} on {path}");
        }
    }
}

#[tokio::test]
async fn links_keep_the_switches() {
    let html = page("/products/porcini?shift=1&fail-fetch=404&utm_source=mail").await;
    assert!(html.contains(r#"data-switches="shift=1&amp;fail-fetch=404""#));
    for address in attributes(&html, "href") {
        let leaves_the_page =
            address.starts_with('/') && !address.starts_with("/assets") && !address.starts_with("/images");
        assert!(
            !leaves_the_page || address.ends_with("shift=1&amp;fail-fetch=404"),
            "{address}"
        );
        assert!(!address.contains("utm_source"), "{address}");
    }
}

#[tokio::test]
async fn a_switch_with_a_wrong_value_says_what_it_takes() {
    for (query, says) in [
        ("slow-lcp=99999", "a whole number of milliseconds from 0 to 30000"),
        ("shift=<b>", "It takes: 1."),
        ("fail-fetch=teapot", "500, 404, network, abort"),
        ("csp=loose", "strict, wasm"),
        ("rum=maybe", "off, stub"),
        ("error-loop=0", "a whole number from 1 to 10000"),
    ] {
        for path in PAGES {
            let response = get(&format!("{path}?{}", query.replace('<', "%3C").replace('>', "%3E"))).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query} on {path}");
            let html = text(response).await;
            assert!(html.contains(says), "{query} on {path}");
            assert!(!html.contains("<b>"), "{query} is not escaped");
        }
    }
    let response = get("/api/recommendations?fail-fetch=teapot").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(
        json(response).await["error"]
            .as_str()
            .unwrap()
            .contains("500, 404, network, abort")
    );
    assert_eq!(
        get("/images/hero.svg?slow-lcp=soon").await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn the_strict_policy_allows_the_sdk_and_not_wasm() {
    for path in PAGES {
        let policy = header(&get(&format!("{path}?csp=strict")).await, CONTENT_SECURITY_POLICY).to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("connect-src 'self' http://127.0.0.1:4318"),
            "{path}: {policy}"
        );
        let scripts = policy.split("; ").find(|part| part.starts_with("script-src")).unwrap();
        assert!(scripts.ends_with(" http://127.0.0.1:4318"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
    }
    let policy = header(&get("/?csp=wasm").await, CONTENT_SECURITY_POLICY).to_owned();
    assert_eq!(policy.matches("unsafe").count(), 1);
    assert!(policy.contains("'wasm-unsafe-eval'"));
}

#[tokio::test]
async fn the_stub_carries_the_nonce_of_its_response() {
    let nonces = [get("/?csp=strict&rum=stub").await, get("/?csp=strict&rum=stub").await].map(|response| {
        let policy = header(&response, CONTENT_SECURITY_POLICY).to_owned();
        let (_, rest) = policy.split_once("'nonce-").unwrap();
        (rest.split_once('\'').unwrap().0.to_owned(), response)
    });
    assert_ne!(nonces[0].0, nonces[1].0);
    for (nonce, response) in nonces {
        let html = text(response).await;
        let stub = html
            .find(&format!(r#"<script nonce="{nonce}">early()</script>"#))
            .unwrap();
        assert!(stub < html.find(TAG).unwrap());
    }
}

#[tokio::test]
async fn the_sdk_can_be_off_or_late_or_absent() {
    let off = page("/cart?rum=off").await;
    assert!(!off.contains("rum.js"));

    let late = page("/cart?late-rum=1500&rum=stub").await;
    assert!(!late.contains(TAG));
    assert!(late.contains("early()"));
    assert!(late.contains(
        r#"src="/assets/late-rum.js" data-script="http://127.0.0.1:4318/rum.js" data-app="demo" data-after="1500""#
    ));

    let unmeasured = router(ShopOptions::default());
    let html = text(
        send(
            unmeasured,
            Request::get("/?csp=strict&rum=stub").body(Body::empty()).unwrap(),
        )
        .await,
    )
    .await;
    assert!(!html.contains("rum.js") && !html.contains("nonce="));
}

#[tokio::test]
async fn the_observers_come_before_everything_in_the_head() {
    let html = page("/?observe=1&rum=stub").await;
    let first = html.find("<script").unwrap();
    assert!(html[first..].starts_with(r#"<script src="/assets/observer.js"></script>"#));
    assert!(!page("/").await.contains("observer.js"));
}

#[tokio::test(start_paused = true)]
async fn the_largest_picture_is_as_late_as_asked() {
    for (path, picture) in [
        ("/?slow-lcp=1200", "/images/hero.svg?slow-lcp=1200"),
        ("/products?slow-lcp=1200", "/images/hero.svg?slow-lcp=1200"),
        ("/products/clerk?slow-lcp=1200", "/images/clerk.svg?slow-lcp=1200"),
    ] {
        assert!(attributes(&page(path).await, "src").contains(&picture), "{path}");
        let start = Instant::now();
        let response = get(picture).await;
        assert_eq!(start.elapsed().as_millis(), 1200);
        assert_eq!(
            header(&response, CACHE_CONTROL),
            "no-store",
            "the next visit must wait as well"
        );
    }
    let start = Instant::now();
    assert_eq!(header(&get("/images/hero.svg").await, CONTENT_TYPE), "image/svg+xml");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn recommendations_fail_as_asked() {
    let html = page("/products/heron?fail-fetch=500").await;
    assert_eq!(
        attributes(&html, "data-source"),
        ["/api/recommendations?for=heron&amp;fail-fetch=500"]
    );

    assert_eq!(
        get("/api/recommendations?fail-fetch=500").await.status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(
        get("/api/recommendations?fail-fetch=404").await.status(),
        StatusCode::NOT_FOUND
    );

    let cut = get("/api/recommendations?fail-fetch=network").await;
    assert!(Limited::new(cut.into_body(), LARGEST_BODY).collect().await.is_err());

    let start = Instant::now();
    get("/api/recommendations?fail-fetch=abort").await;
    assert!(
        start.elapsed() > Duration::from_secs(3),
        "the page must lose patience first"
    );

    let four = json(get("/api/recommendations?for=heron").await).await;
    assert_eq!(four["products"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn the_catalogue_is_served_as_json() {
    let all = json(get("/api/products").await).await;
    assert_eq!(all["products"].as_array().unwrap().len(), 8);
    let floor = json(get("/api/products?kind=floor").await).await;
    let ids: Vec<_> = floor["products"]
        .as_array()
        .unwrap()
        .iter()
        .map(|product| product["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["heron", "menhir"]);

    let heron = json(get("/api/products/heron").await).await;
    assert_eq!(heron["product"]["price_cents"], 24_900);
    assert_eq!(heron["details"].as_array().unwrap().len(), 4);
    assert_eq!(json(get("/api/stock/heron").await).await, json!({ "in_stock": 3 }));
    let story = json(get("/api/stories/the-colour-of-nine").await).await;
    assert_eq!(story["paragraphs"].as_array().unwrap().len(), 3);

    for path in [
        "/api/products/sun",
        "/api/stock/sun",
        "/api/stories/sun",
        "/api/products?kind=sun",
    ] {
        let response = get(path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(
            json(response).await["error"].as_str().unwrap().contains("\"sun\""),
            "{path}"
        );
    }
    for path in [
        "/products/sun",
        "/magazine/stories/sun",
        "/assets/sun.js",
        "/images/sun.svg",
    ] {
        assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn lines_and_orders_are_added_up_or_refused() {
    let added = post("/api/cart", r#"{"product":"taper","quantity":2}"#).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    assert_eq!(
        json(added).await,
        json!({ "product": "taper", "quantity": 2, "total_cents": 7_700 })
    );

    let ordered = post(
        "/api/orders",
        r#"{"lines":[{"product":"taper","quantity":2},{"product":"heron","quantity":1}]}"#,
    )
    .await;
    assert_eq!(ordered.status(), StatusCode::CREATED);
    assert_eq!(json(ordered).await, json!({ "total_cents": 32_600 }));

    for (path, body, status) in [
        ("/api/cart", r#"{"product":"sun","quantity":1}"#, StatusCode::NOT_FOUND),
        (
            "/api/cart",
            r#"{"product":"taper","quantity":0}"#,
            StatusCode::BAD_REQUEST,
        ),
        (
            "/api/cart",
            r#"{"product":"taper","quantity":4294967295}"#,
            StatusCode::BAD_REQUEST,
        ),
        ("/api/cart", "{", StatusCode::BAD_REQUEST),
        ("/api/orders", r#"{"lines":[]}"#, StatusCode::BAD_REQUEST),
        (
            "/api/orders",
            r#"{"lines":[{"product":"taper","quantity":21}]}"#,
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let response = post(path, body).await;
        assert_eq!(response.status(), status, "{body}");
        assert!(json(response).await["error"].is_string(), "{body}");
    }
}

#[test]
fn the_pictures_are_what_the_script_draws() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/images/draw.py");
    let checked = Command::new("python3")
        .args([script, "--check"])
        .output()
        .expect("this test needs python3");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
