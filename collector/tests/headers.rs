//! What every answer carries: as the table of docs/operating.md says, whoever asks, whatever comes of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

#[path = "support/routes.rs"]
mod routes;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use rum_collector::config::{Config, TokenHash};
use rum_collector::run::Collector;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const ELSEWHERE: [u8; 4] = [203, 0, 113, 9];

/// A collector with an SDK to serve.
fn collector(folder: &Path, more: &[(&str, String)]) -> Collector {
    let dist = folder.join("dist");
    fs::create_dir_all(&dist).unwrap();
    fs::write(
        dist.join("manifest.json"),
        r#"{"capture":"rum.js","glue":[],"wasm":["rum.1a.wasm"]}"#,
    )
    .unwrap();
    fs::write(dist.join("rum.js"), "let a").unwrap();
    fs::write(dist.join("rum.1a.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let token = TokenHash::of("admin");
    let environment = [
        ("RUM_DATA", folder.join("data").display().to_string()),
        ("RUM_SDK_DIST", dist.display().to_string()),
        (
            "RUM_APPS",
            r#"[{name = "shop", key = "k", origins = ["*"]}]"#.to_owned(),
        ),
        (
            "RUM_TOKENS",
            format!(r#"[{{name = "admin", hash = "{token}", scopes = ["admin"], apps = ["*"]}}]"#),
        ),
    ];
    let environment = environment.into_iter().chain(more.iter().cloned());
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let config = Config::load(None, environment).unwrap();
    Collector::open(&config, watch::channel(None).1).unwrap()
}

fn router(folder: &Path, more: &[(&str, String)]) -> Router {
    collector(folder, more).router()
}

async fn ask(router: &Router, method: &str, path: &str, token: Option<&str>) -> (StatusCode, HeaderMap) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.extension(ConnectInfo(SocketAddr::from((ELSEWHERE, 5_000))));
    let answer = router
        .clone()
        .oneshot(request.body(Body::from("{\"token\": \"admin\"}")).unwrap());
    let (parts, _) = answer.await.unwrap().into_parts();
    (parts.status, parts.headers)
}

/// The documentation's rows: for each path the cells beside it.
fn documented() -> BTreeMap<String, Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, table) = text.split_once("| routes | `Access-Control-Allow-Origin` |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut routes = BTreeMap::new();
    for row in rows {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let paths = cells.next().unwrap();
        let cells: Vec<_> = cells.map(str::to_owned).collect();
        for path in paths.split('`').filter(|text| text.starts_with('/')) {
            let before = routes.insert(path.to_owned(), cells.clone());
            assert_eq!(before, None, "{path} has two rows");
        }
        if paths == "any other path" {
            routes.insert("/no/such/path".to_owned(), cells);
        }
    }
    routes
}

/// Whether a header is what a cell says: none, or what stands in code, and perhaps more.
fn fits(value: Option<&str>, cell: &str) -> bool {
    match (value, cell.split('`').nth(1)) {
        (None, None) => cell.starts_with("none"),
        (Some(value), Some(expected)) => value == expected || value.starts_with(&format!("{expected}, ")),
        _ => false,
    }
}

#[tokio::test(start_paused = true)]
async fn every_route_carries_what_its_row_says() {
    let folder = TempDir::new().unwrap();
    let router = router(folder.path(), &[]);
    let documented = documented();
    let mut asked: Vec<_> = routes::routes(&router).await.into_iter().collect();
    asked.extend(["GET", "POST"].map(|method| routes::Route {
        method: method.to_owned(),
        path: "/no/such/path".to_owned(),
    }));
    // What is refused before a route, too.
    let refused: Vec<_> = routes::paths(&router).into_iter().collect();
    asked.extend(refused.into_iter().map(|path| routes::Route {
        method: "DELETE".to_owned(),
        path,
    }));
    let mut statuses = Vec::new();
    for routes::Route { method, path } in asked {
        let Some([origin, resource, caching]) = documented.get(&path).map(Vec::as_slice) else {
            panic!("{path} has no row in docs/operating.md: what do its answers carry?");
        };
        for token in [None, Some("admin"), Some("wrong")] {
            let (status, headers) = ask(&router, &method, &routes::address(&path), token).await;
            statuses.push(status.as_u16());
            let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
            let what = format!("{method} {path} by {token:?}: {status} {headers:?}");
            assert!(fits(text("access-control-allow-origin"), origin), "{origin}: {what}");
            assert!(
                fits(text("cross-origin-resource-policy"), resource),
                "{resource}: {what}"
            );
            // Errors of what may be kept are not said to be.
            if status.is_success() || caching.contains("no-store") {
                assert!(fits(text("cache-control"), caching), "{caching}: {what}");
            }
            let exposed = text("access-control-expose-headers");
            assert_eq!(exposed.is_some(), origin.contains('*'), "{what}");
            assert_eq!(text("x-content-type-options"), Some("nosniff"), "{what}");
            assert_eq!(text("referrer-policy"), Some("no-referrer"), "{what}");
            assert!(!headers.contains_key("access-control-allow-credentials"), "{what}");
            assert!(
                !headers.contains_key("strict-transport-security"),
                "there is no TLS: {what}"
            );
            let data = text("content-type").is_none_or(|of| of.contains("json") || of.contains("javascript"));
            let policy = text("content-security-policy");
            assert_eq!(policy.is_none(), data, "{what}");
            assert!(
                policy.is_none_or(|policy| policy.contains("default-src 'none'")),
                "{what}"
            );
        }
    }
    // It has seen good answers and bad ones.
    for status in [200, 204, 400, 401, 403, 404, 405, 503] {
        assert!(statuses.contains(&status), "no answer was {status}: {statuses:?}");
    }
    let (_, wasm) = ask(&router, "GET", "/rum.1a.wasm", None).await;
    assert!(!wasm.contains_key("content-security-policy"), "{wasm:?}");
    assert_eq!(wasm["cross-origin-resource-policy"], "cross-origin");
}

#[tokio::test]
async fn with_tls_every_answer_says_that_there_is_nothing_else() {
    let folder = TempDir::new().unwrap();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    fs::write(&certificate, certified.cert.pem()).unwrap();
    fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    let tls = [
        ("RUM_TLS_CERTIFICATE", certificate.display().to_string()),
        ("RUM_TLS_KEY", key.display().to_string()),
    ];
    let router = router(folder.path(), &tls);
    for path in routes::paths(&router)
        .iter()
        .map(String::as_str)
        .chain(["/no/such/path"])
    {
        for method in ["GET", "POST"] {
            let (status, headers) = ask(&router, method, &routes::address(path), None).await;
            let told = headers
                .get("strict-transport-security")
                .map(|value| value.to_str().unwrap());
            assert_eq!(told, Some("max-age=31536000"), "{method} {path}: {status}");
        }
    }
}

/// A socket's batches go past the router, which must not be seen.
#[tokio::test]
async fn batches_are_answered_alike_with_and_without_the_router() {
    const VIEW: &str = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/"]"#;
    let batch = format!(r#"[1,0,"00000000000000ff",5,[1795226212000,"https://shop.example","0.1.0"],[{VIEW}]]"#);
    let folder = TempDir::new().unwrap();
    let collector = collector(folder.path(), &[]);
    let router = collector.router();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(collector.serve(listener, shutdown.clone()));
    let client = reqwest::Client::new();
    let mut statuses = Vec::new();
    for (method, path, body) in [
        ("POST", "/v1/batches?k=k", &*batch),
        ("POST", "/v1/batches?k=k", "no batch"),
        ("POST", "/v1/batches?k=k&s=then", &*batch),
        ("POST", "/v1/batches?k=other", &*batch),
        ("POST", "/v1/batches", &*batch),
        ("POST", "/v1/batches/?k=k", &*batch),
        ("OPTIONS", "/v1/batches", ""),
        ("GET", "/v1/batches?k=k", ""),
        ("POST", "/v1/reports?k=k", "no report"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request.extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5_000))));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, content) = router.clone().oneshot(request).await.unwrap().into_parts();
        let content = Limited::new(content, 1 << 20).collect().await.unwrap().to_bytes();
        let expected = (parts.status, told(parts.headers), content);

        let request = client.request(method.parse().unwrap(), format!("{server}{path}"));
        let answer = request.body(body.to_owned()).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let found = (status, told(headers), answer.bytes().await.unwrap());
        assert_eq!(found, expected, "{method} {path} {body}");
        statuses.push(status.as_u16());
    }
    for status in [204, 400, 403, 404, 405] {
        assert!(statuses.contains(&status), "no answer was {status}: {statuses:?}");
    }
    shutdown.cancel();
    served.await.unwrap();
}

/// Headers without those of the one answer alone, and without what a connection adds.
fn told(mut headers: HeaderMap) -> BTreeMap<String, String> {
    for own in ["x-request-id", "date", "content-length"] {
        headers.remove(own);
    }
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}
