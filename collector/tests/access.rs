//! Who is let in where: each route with each kind of token, logins, patience with wrong tokens, and what is logged of it. Over 500
//! lines, for the matrix of routes and tokens and what it rests on are read side by side.

#![expect(
    clippy::unwrap_used,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

#[path = "support/routes.rs"]
mod routes;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use rum_collector::config::{Config, TokenHash};
use rum_collector::run::Collector;
use rum_collector::store::Endpoint;
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::{Instant, advance};
use tower::ServiceExt as _;
use tracing::dispatcher::Dispatch;
use tracing::subscriber::NoSubscriber;

const ELSEWHERE: [u8; 4] = [192, 0, 2, 1];
const HERE: [u8; 4] = [127, 0, 0, 1];

/// The key of the app `shop`.
const PAGE_KEY: &str = "key-in-the-page";

/// Names, which are the tokens, too, with their scopes and apps.
const TOKENS: [(&str, &str, &str); 5] = [
    ("reads", "read", "*"),
    ("alerts", "alerts", "*"),
    ("admin", "admin", "*"),
    ("reads-shop", "read", "shop"),
    ("admin-blog", "admin", "blog"),
];

struct Front {
    router: Router,
    _data: TempDir,
    _endpoint: watch::Sender<Option<Endpoint>>,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn code(&self) -> String {
        let json: Json = serde_json::from_str(&self.text).unwrap_or_default();
        json["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn cookie(&self) -> &str {
        self.headers["set-cookie"].to_str().unwrap()
    }
}

impl Front {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let tokens = TOKENS.map(|(name, scope, app)| {
            let hash = TokenHash::of(name);
            format!(r#"{{name = "{name}", hash = "{hash}", scopes = ["{scope}"], apps = ["{app}"]}}"#)
        });
        let app = |name: &str, key: &str| format!(r#"{{name = "{name}", key = "{key}", origins = ["*"]}}"#);
        let environment = [
            ("RUM_DATA", data.path().display().to_string()),
            ("RUM_TRUSTED_PROXIES", "[\"10.0.0.1\"]".to_owned()),
            (
                "RUM_APPS",
                format!("[{}, {}]", app("shop", PAGE_KEY), app("blog", "other-key")),
            ),
            ("RUM_TOKENS", format!("[{}]", tokens.join(", "))),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let config = Config::load(None, environment).unwrap();
        // No database: who is let in is told that.
        let (endpoint, endpoints) = watch::channel(None);
        Self {
            router: Collector::open(&config, endpoints).unwrap().router(),
            _data: data,
            _endpoint: endpoint,
        }
    }

    async fn ask(&self, from: [u8; 4], asked: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, path) = asked.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.extension(ConnectInfo(SocketAddr::from((from, 5_000))));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Logs in by a page of the server's own; gives the cookie as a browser sends it.
    async fn log_in(&self, token: &str) -> String {
        let body = format!("{{\"token\": \"{token}\"}}");
        let answer = self
            .ask(ELSEWHERE, "POST /v1/login", &[("sec-fetch-site", "same-origin")], &body)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.cookie().split(';').next().unwrap().to_owned()
    }
}

/// What is presented.
#[derive(Clone, Copy, Debug)]
enum By {
    Nothing,
    Wrong,
    /// Of a proxy before us.
    Basic,
    /// The key of an app, which is in its pages.
    PageKey,
    Token(&'static str),
    /// By a page of the server's own.
    Login(&'static str),
    /// By a page of another site.
    CrossSite(&'static str),
    /// By a program that has stolen the cookie, or a browser that hides who asks.
    Bare(&'static str),
    Expired,
}

const ALL: [By; 18] = [
    By::Nothing,
    By::Wrong,
    By::Basic,
    By::PageKey,
    By::Token("reads"),
    By::Token("alerts"),
    By::Token("admin"),
    By::Token("reads-shop"),
    By::Token("admin-blog"),
    By::Login("reads"),
    By::Login("alerts"),
    By::Login("admin"),
    By::Login("reads-shop"),
    By::CrossSite("reads"),
    By::CrossSite("alerts"),
    By::Bare("reads"),
    By::Bare("reads-shop"),
    By::Expired,
];

/// What a route answers to whom.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// To everybody the same: it looks at no token.
    Public(u16),
    /// The status, to everybody; details to readers of all apps.
    Details(u16),
    /// Readers of all apps.
    Readers,
    /// Readers of all apps, and cookies from own pages only.
    OwnPages,
    /// Everybody; cookies from own pages only.
    Logout,
}

/// A line for each method of each route, and some more.
const ROUTES: [(&str, Rule); 16] = [
    ("POST /v1/batches", Rule::Public(400)),
    ("OPTIONS /v1/batches", Rule::Public(204)),
    ("POST /v1/reports", Rule::Public(400)),
    ("OPTIONS /v1/reports", Rule::Public(204)),
    ("GET /v1/schema.json", Rule::Public(200)),
    ("GET /openapi.json", Rule::Public(200)),
    ("GET /rum.js", Rule::Public(404)),
    ("GET /nothing", Rule::Public(404)),
    ("GET /healthz", Rule::Public(200)),
    ("GET /readyz", Rule::Details(503)),
    ("GET /readyz/spool", Rule::Details(200)),
    ("GET /readyz/clickhouse", Rule::Details(503)),
    ("GET /metrics", Rule::Readers),
    ("POST /v1/sql", Rule::OwnPages),
    ("POST /v1/login", Rule::Public(400)),
    ("POST /v1/logout", Rule::Logout),
];

/// Whether who presents this may read of all apps.
fn reads_all(by: By) -> bool {
    matches!(
        by,
        By::Token("reads" | "admin") | By::Login("reads" | "admin") | By::CrossSite("reads") | By::Bare("reads")
    )
}

/// Status and code that are right.
fn expected(rule: Rule, by: By) -> (u16, &'static str) {
    match (rule, by) {
        (Rule::Public(status), _) => (status, "*"),
        (Rule::Details(_) | Rule::Readers | Rule::OwnPages, By::Wrong | By::PageKey) => (401, "unknown_token"),
        (Rule::Details(status), _) => (status, "*"),
        (Rule::Readers, by) if reads_all(by) => (200, ""),
        (Rule::Readers, _) => (403, "operators_only"),
        (Rule::OwnPages, By::Nothing | By::Basic) => (401, "token_missing"),
        (Rule::OwnPages, By::Expired) => (401, "login_ended"),
        (Rule::OwnPages | Rule::Logout, By::CrossSite(_) | By::Bare(_)) => (403, "cross_site"),
        (Rule::OwnPages, by) if reads_all(by) => (503, "sql_away"),
        (Rule::OwnPages, By::Token("alerts") | By::Login("alerts")) => (403, "scope_missing"),
        (Rule::OwnPages, _) => (403, "all_apps_needed"),
        (Rule::Logout, By::Expired) => (204, ""),
        (Rule::Logout, _) => (204, ""),
    }
}

/// The path of the router that answers this one.
fn path_of(asked: &str, paths: &BTreeSet<String>) -> Option<String> {
    let fits = |path: &&String| {
        let (segments, wanted) = (asked.split('/'), path.split('/'));
        segments.clone().count() == wanted.clone().count()
            && segments
                .zip(wanted)
                .all(|(one, other)| one == other || other.starts_with('{'))
    };
    paths.get(asked).or_else(|| paths.iter().find(fits)).cloned()
}

#[tokio::test]
async fn every_route_has_its_line() {
    let front = Front::start();
    let paths = routes::paths(&front.router);
    let mut lines = BTreeSet::new();
    for (asked, _) in ROUTES {
        let (method, asked) = asked.split_once(' ').unwrap();
        let path = path_of(asked, &paths).unwrap_or_else(|| panic!("the router has no {asked} any more"));
        // What GET tells, HEAD does not.
        let head = (method == "GET").then(|| "HEAD".to_owned());
        lines.extend([method.to_owned()].into_iter().chain(head).map(|method| routes::Route {
            method,
            path: path.clone(),
        }));
    }
    let routes = routes::routes(&front.router).await;
    let forgotten: Vec<_> = routes.difference(&lines).collect();
    assert!(forgotten.is_empty(), "who may ask these? {forgotten:?}");
}

#[tokio::test]
async fn other_methods_are_for_nobody() {
    let front = Front::start();
    let routes = routes::routes(&front.router).await;
    for path in routes::paths(&front.router) {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            Method::TRACE,
        ] {
            let route = routes::Route {
                method: method.to_string(),
                path: path.clone(),
            };
            if routes.contains(&route) {
                continue;
            }
            for by in [&[][..], &[("authorization", "Bearer admin")]] {
                let asked = format!("{method} {}", routes::address(&path));
                let answer = front.ask(ELSEWHERE, &asked, by, "").await;
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{asked} {by:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_route_lets_in_whom_it_should() {
    let front = Front::start();
    let expired = front.log_in("admin").await;
    advance(Duration::from_secs(12 * 3_600)).await;
    let mut failures = Vec::new();
    for (asked, rule) in ROUTES {
        for by in ALL {
            let (name, value, site) = match by {
                By::Nothing => ("x-none", String::new(), None),
                By::Wrong => ("authorization", "Bearer rum_wrong".to_owned(), None),
                By::PageKey => ("authorization", format!("Bearer {PAGE_KEY}"), None),
                By::Basic => ("authorization", "Basic cnVtOnJ1bQ==".to_owned(), None),
                By::Token(token) => ("authorization", format!("Bearer {token}"), None),
                By::Login(token) => ("cookie", front.log_in(token).await, Some("same-origin")),
                By::CrossSite(token) => ("cookie", front.log_in(token).await, Some("cross-site")),
                By::Bare(token) => ("cookie", front.log_in(token).await, None),
                By::Expired => ("cookie", expired.clone(), Some("same-origin")),
            };
            let site = site.map(|site| ("sec-fetch-site", site));
            let headers: Vec<_> = [(name, value.as_str())].into_iter().chain(site).collect();
            // A login is public, too; what a page of another site may not do is below.
            if asked == "POST /v1/login" && matches!(by, By::CrossSite(_)) {
                continue;
            }
            let answer = front.ask(ELSEWHERE, asked, &headers, "SELECT 1").await;
            let (status, code) = expected(rule, by);
            if let Some(path) = asked.strip_prefix("GET ") {
                let head = front.ask(ELSEWHERE, &format!("HEAD {path}"), &headers, "").await;
                if head.status != answer.status || !head.text.is_empty() {
                    failures.push(format!("HEAD {path} by {by:?}: {} {}", head.status, head.text));
                }
            }
            // An expired cookie is no reason for not logging out, and needs no own page any more.
            let right = answer.status.as_u16() == status && (code == "*" || answer.code() == code);
            let details = answer.text.contains("\"state\"");
            let told = !matches!(rule, Rule::Details(_)) || details == reads_all(by);
            if !right || !told {
                failures.push(format!(
                    "{asked} by {by:?}: {} {}, not {status} {code}",
                    answer.status, answer.text
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn on_the_machine_itself_operators_need_no_token_and_statements_do() {
    let front = Front::start();
    assert_eq!(front.ask(HERE, "GET /metrics", &[], "").await.status, StatusCode::OK);
    assert!(front.ask(HERE, "GET /readyz", &[], "").await.text.contains("\"state\""));
    assert_eq!(
        front.ask(HERE, "POST /v1/sql", &[], "SELECT 1").await.code(),
        "token_missing"
    );
    let proxied = [("x-forwarded-for", "198.51.100.7")];
    assert_eq!(
        front.ask(HERE, "GET /metrics", &proxied, "").await.code(),
        "operators_only"
    );
    let proxied = [("x-forwarded-for", "198.51.100.7"), ("authorization", "Bearer reads")];
    assert_eq!(
        front.ask(HERE, "GET /metrics", &proxied, "").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_statement_is_posted_and_a_refusal_says_how_to_ask() {
    let front = Front::start();
    for method in ["GET", "PUT", "OPTIONS"] {
        let answer = front
            .ask(ELSEWHERE, &format!("{method} /v1/sql?query=SELECT+1"), &[], "")
            .await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let answer = front.ask(ELSEWHERE, "POST /v1/sql", &[], "SELECT 1").await;
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    assert!(
        !answer.headers.contains_key("access-control-allow-origin"),
        "no page of another site reads it"
    );
}

#[tokio::test]
async fn a_login_is_a_cookie_that_only_the_browser_has() {
    let front = Front::start();
    let own = ("sec-fetch-site", "same-origin");
    let login = |token: &str| format!("{{\"token\": \"{token}\"}}");
    let answer = front
        .ask(ELSEWHERE, "POST /v1/login", &[own], &login("reads-shop"))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let told: Json = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(told["name"], "reads-shop");
    assert_eq!(
        (&told["scopes"][0], &told["apps"][0]),
        (&Json::from("read"), &Json::from("shop"))
    );
    let cookie = answer.cookie();
    for part in [
        "__Host-rum_session=",
        "Path=/",
        "Max-Age=43200",
        "HttpOnly",
        "SameSite=Strict",
        "Secure",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("reads-shop") && !answer.text.contains(cookie.split(['=', ';']).nth(1).unwrap()));
    let here = front.ask(HERE, "POST /v1/login", &[own], &login("reads")).await;
    assert!(
        here.cookie().starts_with("rum_session=") && !here.cookie().contains("Secure"),
        "there is no TLS on one machine"
    );
    let proxied = front
        .ask(HERE, "POST /v1/login", &[own, ("forwarded", "for=x")], &login("reads"))
        .await;
    assert!(proxied.cookie().contains("Secure"));
    // A page of another site must not log anybody in, nor out.
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("origin", "https://evil.example"), ("host", "rum.example")],
    ] {
        let answer = front.ask(ELSEWHERE, "POST /v1/login", headers, &login("reads")).await;
        assert_eq!(answer.code(), "cross_site", "{headers:?}");
    }
    for body in ["", "{", "{\"token\": 1}", "reads", &login(&"x".repeat(5_000))] {
        let answer = front.ask(ELSEWHERE, "POST /v1/login", &[own], body).await;
        assert_eq!(answer.code(), "bad_login", "{body}");
        assert!(!answer.text.contains("reads"), "it may be a token: {}", answer.text);
    }
    assert_eq!(
        front
            .ask(ELSEWHERE, "POST /v1/login", &[own], &login("none"))
            .await
            .code(),
        "unknown_token"
    );

    let cookie = front.log_in("reads").await;
    let by = [("cookie", cookie.as_str()), own];
    assert_eq!(
        front.ask(ELSEWHERE, "POST /v1/sql", &by, "SELECT 1").await.code(),
        "sql_away"
    );
    let out = front.ask(ELSEWHERE, "POST /v1/logout", &by, "").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.cookie().contains("Max-Age=0"), "{}", out.cookie());
    assert_eq!(
        front.ask(ELSEWHERE, "POST /v1/sql", &by, "SELECT 1").await.code(),
        "login_ended"
    );
}

#[tokio::test(start_paused = true)]
async fn wrong_tokens_wait_and_hold_up_nobody_else() {
    let front = Front::start();
    let ask = async |from: [u8; 4], token: &str| {
        let began = Instant::now();
        let header = format!("Bearer {token}");
        let answer = front
            .ask(from, "POST /v1/sql", &[("authorization", &header)], "SELECT 1")
            .await;
        (answer, began.elapsed())
    };
    for ms in [100, 200, 400] {
        let (answer, took) = ask(ELSEWHERE, "wrong").await;
        assert_eq!(answer.code(), "unknown_token");
        assert!(
            (ms..ms + 50).contains(&u64::try_from(took.as_millis()).unwrap()),
            "{took:?}, not {ms} ms"
        );
    }
    // Four wait; the fifth is refused at once, another address waits its own time, and a right token not at all.
    let crowd = async {
        tokio::join!(
            ask(ELSEWHERE, "a"),
            ask(ELSEWHERE, "b"),
            ask(ELSEWHERE, "c"),
            ask(ELSEWHERE, "d")
        )
    };
    let others = async {
        tokio::join!(
            ask(ELSEWHERE, "e"),
            ask(ELSEWHERE, "reads"),
            ask([192, 0, 2, 2], "wrong")
        )
    };
    let (crowd, (fifth, right, other)) = tokio::join!(crowd, others);
    for (answer, took) in [crowd.0, crowd.1, crowd.2, crowd.3] {
        assert_eq!(answer.code(), "unknown_token");
        assert!(took >= Duration::from_millis(800), "{took:?}");
    }
    assert_eq!(
        (fifth.0.code().as_str(), fifth.0.status),
        ("too_many_wrong_tokens", StatusCode::TOO_MANY_REQUESTS)
    );
    assert!(
        fifth.0.headers.contains_key("retry-after") && fifth.1 < Duration::from_millis(50),
        "{:?}",
        fifth.1
    );
    assert_eq!(right.0.code(), "sql_away");
    assert!(right.1 < Duration::from_millis(50), "{:?}", right.1);
    assert!(other.1 < Duration::from_millis(200), "{:?}", other.1);
}

#[tokio::test(start_paused = true)]
async fn behind_a_proxy_of_ours_each_client_waits_for_itself() {
    let front = Front::start();
    let ask = async |from: [u8; 4], client: &str| {
        let began = Instant::now();
        let headers = [("authorization", "Bearer wrong"), ("x-forwarded-for", client)];
        let answer = front.ask(from, "POST /v1/sql", &headers, "SELECT 1").await;
        assert_eq!(answer.code(), "unknown_token");
        began.elapsed().as_millis()
    };
    const PROXY: [u8; 4] = [10, 0, 0, 1];
    assert_eq!(ask(PROXY, "198.51.100.7").await, 100);
    assert_eq!(ask(PROXY, "198.51.100.7").await, 200);
    assert_eq!(ask(PROXY, "198.51.100.8").await, 100, "another client");
    assert_eq!(ask(PROXY, "2001:db8::1").await, 100);
    assert_eq!(ask(PROXY, "2001:db8::2").await, 200, "the same subscriber");
    // Who is no proxy of ours claims what they like.
    assert_eq!(ask(ELSEWHERE, "198.51.100.9").await, 100);
    assert_eq!(ask(ELSEWHERE, "198.51.100.10").await, 200);
}

/// A log that can be read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_says_who_asked_and_neither_what_nor_from_where() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .finish();
    // While there is one subscriber only, whoever comes to a line first decides whether it is ever written: other tests have none.
    let _second = Dispatch::new(NoSubscriber::new());
    let _guard = tracing::subscriber::set_default(subscriber);
    let front = Front::start();
    let statement = "SELECT page FROM rum.page_views WHERE user_id = 'jane'";
    front
        .ask(
            ELSEWHERE,
            "POST /v1/sql",
            &[("authorization", "Bearer reads")],
            statement,
        )
        .await;
    front
        .ask(
            ELSEWHERE,
            "POST /v1/sql",
            &[("authorization", "Bearer guessed")],
            statement,
        )
        .await;
    let cookie = front.log_in("admin").await;
    front
        .ask(
            ELSEWHERE,
            "POST /v1/logout",
            &[("cookie", &cookie), ("sec-fetch-site", "same-origin")],
            "",
        )
        .await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let audit: Vec<_> = text.lines().filter(|line| line.contains("rum_audit")).collect();
    assert_eq!(audit.len(), 4, "{text}");
    for (line, parts) in audit.iter().zip([
        &["token=\"reads\"", "outcome=\"away\"", "statement=\"", "ms="][..],
        &["not known"],
        &["token=\"admin\"", "logged in"],
        &["token=\"admin\"", "logged out"],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    let session = cookie.split('=').nth(1).unwrap();
    for secret in [
        "jane",
        "user_id",
        "192.0.2.1",
        "guessed",
        session,
        &TokenHash::of("reads").to_string(),
    ] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

#[tokio::test]
async fn what_was_asked_and_refused_is_counted() {
    let front = Front::start();
    front
        .ask(
            ELSEWHERE,
            "POST /v1/sql",
            &[("authorization", "Bearer reads")],
            "SELECT 1",
        )
        .await;
    front
        .ask(ELSEWHERE, "POST /v1/sql", &[("authorization", "Bearer reads")], "")
        .await;
    front
        .ask(
            ELSEWHERE,
            "POST /v1/sql",
            &[("authorization", "Bearer alerts")],
            "SELECT 1",
        )
        .await;
    front
        .ask(
            ELSEWHERE,
            "POST /v1/sql",
            &[("authorization", "Bearer wrong")],
            "SELECT 1",
        )
        .await;
    let cookie = front.log_in("reads").await;
    front
        .ask(ELSEWHERE, "POST /v1/sql", &[("cookie", &cookie)], "SELECT 1")
        .await;
    let page = front.ask(HERE, "GET /metrics", &[], "").await.text;
    for line in [
        "rum_sql_statements_total{outcome=\"away\"} 1",
        "rum_sql_statements_total{outcome=\"wrong\"} 1",
        "rum_access_denials_total{reason=\"scope\"} 1",
        "rum_access_denials_total{reason=\"unknown_token\"} 1",
        "rum_access_denials_total{reason=\"cross_site\"} 1",
        "rum_http_requests_total{route=\"/v1/sql\",method=\"POST\",status=\"401\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
    }
}
