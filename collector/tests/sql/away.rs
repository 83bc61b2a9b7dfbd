//! Where there is no database, none with walls, or somebody else's: nothing is run. And what the documentation has a server do.

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use rum_collector::config::{Config, TokenHash};
use rum_collector::run::Collector;
use rum_collector::store;
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::support::Database;
use crate::{Asked, TOKEN, documented};

#[tokio::test]
async fn without_a_database_it_says_so() {
    let asked = Asked::start(&[]).await;
    let Asked { database, router } = asked;
    database.stop().await;
    let request = Request::post("/v1/sql").header("authorization", format!("Bearer {TOKEN}"));
    let answer = router
        .oneshot(request.body(Body::from("SELECT 1")).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
}

/// Where ClickHouse may do what its user may, nobody is let in, and is told why.
#[tokio::test]
async fn without_walls_nothing_is_run() {
    let database = Database::start().await;
    let mut endpoint = database.endpoint().borrow().clone().unwrap();
    let reason = "this kernel has no landlock".to_owned();
    endpoint.confinement = store::Confinement::Nothing { reason };
    let (_keep, endpoints) = tokio::sync::watch::channel(Some(endpoint));
    let tokens = format!(
        r#"[{{name = "test", hash = "{}", scopes = ["read"], apps = ["*"]}}]"#,
        TokenHash::of(TOKEN)
    );
    let data = database.folder().join("front");
    let environment = [("RUM_DATA", data.to_str().unwrap()), ("RUM_TOKENS", &tokens)];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let router = Collector::open(&Config::load(None, environment).unwrap(), endpoints)
        .unwrap()
        .router();
    let asked = Asked { database, router };
    let answer = asked.ask("SELECT 1").await;
    let (code, message) = answer.error();
    assert_eq!(
        (answer.status, code.as_str()),
        (StatusCode::FORBIDDEN, "sql_unconfined")
    );
    assert!(message.contains("no landlock"), "{message}");
    asked.database.stop().await;
}

#[tokio::test]
async fn a_server_without_a_user_for_reading_is_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let tokens = format!(
        r#"[{{name = "test", hash = "{}", scopes = ["read"], apps = ["*"]}}]"#,
        TokenHash::of(TOKEN)
    );
    let environment = [
        ("RUM_DATA", folder.path().to_str().unwrap()),
        ("RUM_TOKENS", &tokens),
        ("RUM_CLICKHOUSE_URL", &url),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (_keep, endpoints) = tokio::sync::watch::channel(None);
    let router = Collector::open(&Config::load(None, environment).unwrap(), endpoints)
        .unwrap()
        .router();
    let request = Request::post("/v1/sql").header("authorization", format!("Bearer {TOKEN}"));
    let answer = router
        .oneshot(request.body(Body::from("SELECT 1")).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let json: Json = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["error"]["code"], "sql_unconfined");
    assert!(
        json["error"]["message"].as_str().unwrap().contains("read_user"),
        "{json}"
    );
}

/// What docs/operating.md has a server do is SQL, as far as an engine without users can tell.
#[tokio::test]
async fn documented_statements_for_a_server_are_sql() {
    let database = Database::start().await;
    let statements = documented::statements();
    assert_eq!(statements.len(), 9, "{statements:#?}");
    for statement in statements {
        let parsed = database
            .client
            .query_raw("SELECT formatQuery({s:String})")
            .param("s", &statement);
        let parsed = parsed.fetch_one::<String>().await;
        assert!(parsed.is_ok(), "{statement}\n{}", parsed.unwrap_err());
    }
    database.stop().await;
}

/// The embedded ClickHouse has no users with few rights: its one user has too many of them all.
#[tokio::test]
async fn a_user_with_all_rights_has_more_than_it_needs() {
    let database = Database::start().await;
    let excess = store::grants::excess(&database.clickhouse, None)
        .await
        .unwrap()
        .join("\n");
    for said in [
        "has more than it needs: GRANT",
        "readonly = 2",
        "max_execution_time",
        "max_memory_usage",
    ] {
        assert!(excess.contains(said), "{said} is not in\n{excess}");
    }
    database.stop().await;
}
