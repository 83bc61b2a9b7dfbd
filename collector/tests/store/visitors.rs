//! Who sends, from the headers of a request to the views: the whole collector, with a real ClickHouse and a real file of countries.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use rum_collector::batch::Mode;
use rum_collector::config::Config;
use rum_collector::run::Collector;
use rum_collector::store::migrate;
use rum_collector::store::query::{self, SqlFormat};
use rum_collector::store::rows::rows;
use rum_core::Id;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::fixture::{Store, Visit};
use crate::support::{Database, PATIENCE};

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const GOOGLEBOT: &str = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/142.0 Safari/537.36";

/// Views that are of people alone.
const OF_PEOPLE: [&str; 12] = [
    "page_views",
    "web_vitals",
    "requests",
    "resources",
    "long_frames",
    "long_frame_scripts",
    "timings",
    "errors",
    "actions",
    "sessions",
    "logs",
    "breadcrumbs",
];

async fn ask(database: &Database, statement: &str) -> Vec<Json> {
    let answer = query::sql(&database.clickhouse, statement, SqlFormat::Json)
        .await
        .unwrap();
    serde_json::from_str::<Json>(&answer).unwrap()["data"]
        .as_array()
        .unwrap()
        .clone()
}

/// A bot's rows of every sort are stored, and people see none of them.
#[tokio::test]
async fn bots_are_kept_apart() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    store.append(Visit::new(1)).await;
    store.drained().await;
    let mut before = Vec::new();
    for view in OF_PEOPLE {
        before.push(ask(&database, &format!("SELECT * FROM rum.{view} ORDER BY ALL")).await);
    }
    // In the session of the first visit, so that only the filter keeps it out of that.
    let bot = Visit {
        bot: true,
        ..Visit::new(2)
    };
    assert_eq!(bot.batch().accepted.mode, Mode::Documented);
    store.spool.append(rows(&bot.batch())).await.unwrap();
    store.drained().await;
    for (view, before) in OF_PEOPLE.iter().zip(before) {
        let after = ask(&database, &format!("SELECT * FROM rum.{view} ORDER BY ALL")).await;
        assert_eq!(after, before, "{view}");
        assert!(!after.is_empty(), "{view}");
    }
    for (view, expected) in [("page_views_all", 1), ("web_vitals_all", 3)] {
        let count = |bot| format!("SELECT count() FROM rum.{view} WHERE bot = '{bot}'");
        assert_eq!(database.number(&count("Googlebot")).await, expected, "{view}");
        assert_eq!(database.number(&count("")).await, expected, "{view}");
    }
    for table in [
        "views",
        "vitals",
        "requests",
        "errors",
        "actions",
        "logs",
        "long_frames",
        "timings",
    ] {
        let count = format!("SELECT count() FROM rum_data.{table} WHERE bot = 'Googlebot' AND view_id != 0");
        assert!(database.number(&count).await > 0, "{table}");
    }
    store.stop().await;
    database.stop().await;
}

/// A collector that runs on a database, and can be started again.
struct Running {
    router: axum::Router,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl Running {
    async fn start(database: &Database, pages: &str) -> Self {
        let geo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/geo/GeoIP2-City-Test.mmdb");
        let variables = [
            ("RUM_DATA", database.folder().join("data").display().to_string()),
            ("RUM_SDK_DIST", database.folder().join("no-sdk").display().to_string()),
            (
                "RUM_APPS",
                format!(r#"[{{name = "shop", key = "k", origins = ["*"], pages = {pages}}}]"#),
            ),
            ("RUM_TRUSTED_PROXIES", r#"["10.0.0.0/8"]"#.to_owned()),
            ("RUM_VISITORS_ADDRESS", "truncate".to_owned()),
            ("RUM_VISITORS_GEO_DATABASE", geo.to_owned()),
            ("RUM_VISITORS_COUNTRY_HEADER", "CF-IPCountry".to_owned()),
        ];
        let config = Config::load(None, variables.map(|(name, value)| (name.to_owned(), value))).unwrap();
        let collector = Collector::open(&config, database.endpoint()).unwrap();
        let router = collector.router();
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let serving = tokio::spawn(collector.serve(listener, shutdown.clone()));
        Self {
            router,
            shutdown,
            serving,
        }
    }

    async fn post(&self, peer: &str, headers: &[(&str, &str)], body: &Json) {
        let peer = SocketAddr::new(peer.parse().unwrap(), 4_711);
        let mut request = Request::post("/v1/batches?k=k").extension(ConnectInfo(peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self
            .router
            .clone()
            .oneshot(request.body(Body::from(body.to_string())).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }

    /// What `/readyz` tells an operator.
    async fn readiness(&self, part: &str) -> Json {
        let here = SocketAddr::from(([127, 0, 0, 1], 1));
        let request = Request::get(format!("/readyz{part}")).extension(ConnectInfo(here));
        let answer = self
            .router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Waits until all that was sent is in the tables, and ends.
    async fn stop(self) {
        let deadline = Instant::now() + PATIENCE;
        let mut tick = interval(Duration::from_millis(10));
        while self.readiness("/clickhouse").await["ready"] != true || self.readiness("/spool").await["drained"] != true
        {
            assert!(Instant::now() < deadline, "{:#}", self.readiness("").await);
            tick.tick().await;
        }
        self.shutdown.cancel();
        timeout(PATIENCE, self.serving).await.unwrap().unwrap();
    }
}

/// A view of `page` that started at `start`, as it was reported at `seq`, with an LCP.
fn visit(number: u32, start: u32, seq: i64, page: &str) -> Json {
    let now = jiff::Timestamp::now().as_millisecond();
    json!({
        "version": 1,
        "batch_id": Id(u64::from(number) << 32 | u64::try_from(seq).unwrap()),
        "sent_at_ms": now,
        "document": { "time_origin_ms": i64::from(start) * 1_000, "origin": "https://shop.example", "sdk": "test" },
        "views": [{
            "seq": seq, "view_id": Id::starting_at(start, number), "session_id": Id::starting_at(start, number), "kind": 0,
            "start": 0, "page": page,
        }],
        "vitals": [{ "seq": seq, "metric": 1, "scope": 0, "value": 1_000 * seq }],
    })
}

fn now() -> u32 {
    u32::try_from(jiff::Timestamp::now().as_second()).unwrap()
}

#[tokio::test]
async fn the_head_of_a_request_says_who_sent_it() {
    let database = Database::start().await;
    let collector = Running::start(&database, "[]").await;
    let started = now();
    let by = |address: &'static str| ("x-forwarded-for", address);
    let chrome = ("user-agent", CHROME);
    let brands = ("sec-ch-ua", r#""Brave";v="142", "Chromium";v="142""#);
    for (number, peer, headers) in [
        (1, "216.160.83.56", vec![chrome]),
        // A claim of nobody's proxy: the peer's own country counts.
        (
            2,
            "216.160.83.56",
            vec![chrome, by("89.160.20.128"), ("cf-ipcountry", "SE")],
        ),
        (3, "10.0.0.1", vec![chrome, brands, by("203.0.113.9, 89.160.20.128")]),
        (4, "10.0.0.1", vec![chrome, by("89.160.20.128"), ("cf-ipcountry", "AT")]),
        (5, "10.0.0.1", vec![chrome, by("203.0.113.9"), ("cf-ipcountry", "XX")]),
        (6, "10.0.0.1", vec![("user-agent", GOOGLEBOT), by("216.160.83.56")]),
    ] {
        collector
            .post(peer, &headers, &visit(number, started, 1_000, "/"))
            .await;
    }
    let outcomes = collector.readiness("").await["outcomes"].clone();
    for (name, expected) in [
        ("event_of_bot", 2),
        ("forwarded_unlisted", 1),
        ("country_unknown", 1),
        ("batch_stored", 6),
    ] {
        assert_eq!(outcomes[name], expected, "{name}: {outcomes}");
    }
    collector.stop().await;
    let said = ask(
        &database,
        "SELECT concat_ws(' ', browser, toString(browser_version), engine, os, os_version, device, bot, country, region, client) AS who \
         FROM rum.page_views_all ORDER BY view_id",
    )
    .await;
    let said: Vec<_> = said.iter().map(|row| row["who"].as_str().unwrap()).collect();
    assert_eq!(
        said,
        [
            "Chrome 142 Blink Windows  desktop  US US-WA 216.160.83.0/24",
            "Chrome 142 Blink Windows  desktop  US US-WA 216.160.83.0/24",
            "Brave 142 Blink Windows  desktop  SE SE-E 89.160.20.0/24",
            "Chrome 142 Blink Windows  desktop  AT  89.160.20.0/24",
            "Chrome 142 Blink Windows  desktop    203.0.113.0/24",
            "Chrome 142 Blink   bot Googlebot US US-WA 216.160.83.0/24",
        ]
    );
    let vitals = "SELECT count() FROM rum.web_vitals WHERE country = 'US' AND os = 'Windows' AND browser_version = 142";
    assert_eq!(database.number(vitals).await, 2);
    database.stop().await;
}

/// Patterns change while a view is open: its last report, which comes after the change, replaces the first one.
#[tokio::test]
async fn a_view_keeps_its_name_when_patterns_change() {
    let database = Database::start().await;
    let data = database.folder().join("data");
    std::fs::create_dir_all(&data).unwrap();
    // As if the collector had run for two hours, and the patterns had changed one hour ago.
    let old = json!({ "from": now() - 7_200, "patterns": ["/item/:id"] });
    let changed = now() - 3_600;
    let record =
        |entries: Json| std::fs::write(data.join("pages.json"), json!({ "shop": entries }).to_string()).unwrap();
    record(json!([old]));
    let collector = Running::start(&database, r#"["/item/:id"]"#).await;
    collector
        .post("192.0.2.1", &[], &visit(1, changed - 60, 1_000, "/item/lamp"))
        .await;
    collector.stop().await;

    let collector = Running::start(&database, r#"["/item/:sku"]"#).await;
    let report = visit(1, changed - 60, 2_000, "/item/lamp");
    collector.post("192.0.2.1", &[], &report).await;
    // Started after the collector did, by a clock that is two minutes ahead: before, it would have got the other name.
    collector
        .post("192.0.2.1", &[], &visit(4, now() + 120, 4_000, "/item/lamp"))
        .await;
    collector.stop().await;
    record(json!([old, { "from": changed, "patterns": ["/item/:sku"] }]));
    let collector = Running::start(&database, r#"["/item/:sku"]"#).await;
    // Once more, as after an answer that was lost, and views that started after the change.
    collector.post("192.0.2.1", &[], &report).await;
    for (number, path) in [(2, "/item/lamp/"), (3, "/basket/17")] {
        collector
            .post("192.0.2.1", &[], &visit(number, changed, 3_000, path))
            .await;
    }
    collector.stop().await;
    let found = ask(&database, "SELECT page, value FROM rum.web_vitals ORDER BY value, page").await;
    let found: Vec<_> = found
        .iter()
        .map(|row| (row["page"].as_str().unwrap(), row["value"].as_f64().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("/item/:id", 2_000.0),
            ("/basket/:id", 3_000.0),
            ("/item/:sku", 3_000.0),
            ("/item/:id", 4_000.0)
        ]
    );
    database.stop().await;
}
