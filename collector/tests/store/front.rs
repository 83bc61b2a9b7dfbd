//! A whole collector, from its routes to the tables.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, StatusCode};
use rum_collector::config::Config;
use rum_collector::run::Collector;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::support::{Database, PATIENCE};

/// What the app sends from.
pub(crate) const SHOP: &str = "https://shop.example";

pub(crate) struct Front {
    router: axum::Router,
    server: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Front {
    /// A collector with the app `shop`, whose key is `key`; `rates` is as the configuration writes it.
    pub(crate) async fn start(database: &Database, rates: &str) -> Self {
        let data = database.folder().join("data");
        let apps = format!(r#"[{{name = "shop", key = "key", origins = ["{SHOP}"], rates = {rates}}}]"#);
        let environment = [
            ("RUM_DATA", data.display().to_string()),
            ("RUM_APPS", apps),
            ("RUM_LIMITS_DRAIN", "60s".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let config = Config::load(None, environment).unwrap();
        let collector = Collector::open(&config, database.endpoint()).unwrap();
        let router = collector.router();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(collector.serve(listener, shutdown.clone()));
        let front = Self {
            router,
            server,
            shutdown,
        };
        // The tables are there: from now on the end waits for the rows.
        let mut tick = interval(Duration::from_millis(10));
        timeout(PATIENCE, async {
            while !front.has_tables().await {
                tick.tick().await;
            }
        })
        .await
        .unwrap();
        front
    }

    /// The whole server, to ask it anything.
    pub(crate) fn router(&self) -> axum::Router {
        self.router.clone()
    }

    async fn has_tables(&self) -> bool {
        let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)));
        let request = Request::get("/readyz/clickhouse").extension(peer);
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
        answer.unwrap().status() == StatusCode::OK
    }

    /// Sends a body from a page of the app.
    pub(crate) async fn post(&self, path: &str, media_type: &str, body: &Json) {
        let request = Request::post(format!("{path}?k=key"))
            .header("content-type", media_type)
            .header("origin", SHOP)
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{body}");
    }

    /// Ends it; what it has taken is in the tables then.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.server).await.unwrap().unwrap();
    }
}

/// What a statement answers, row by row.
pub(crate) async fn ask(database: &Database, statement: &str) -> Vec<Json> {
    let format = rum_collector::store::query::SqlFormat::Json;
    let answer = rum_collector::store::query::sql(&database.clickhouse, statement, format)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    let mut answer: Json = serde_json::from_str(&answer).unwrap();
    match answer["data"].take() {
        Json::Array(rows) => rows,
        other => panic!("{other}"),
    }
}

/// A documented batch of these lists.
pub(crate) fn documented(id: u64, origin_ms: i64, document: &Json, lists: &Json) -> Json {
    let mut batch = json!({
        "version": 1,
        "batch_id": rum_core::Id(id),
        "sent_at_ms": origin_ms + 6_000,
        "document": { "time_origin_ms": origin_ms, "origin": SHOP, "sdk": "test" },
    });
    for (fields, of) in [(document, "/document"), (lists, "")] {
        let into = batch.pointer_mut(of).unwrap().as_object_mut().unwrap();
        into.extend(fields.as_object().unwrap().clone());
    }
    batch
}
