//! `/v1/sql` with the real embedded ClickHouse, which is confined by the kernel: what is answered, and what is not. And as whom a
//! server is asked.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the other tests kill it and look inside; this one asks it")]
mod support;

#[expect(dead_code, reason = "others end it themselves, and by signals")]
#[path = "../support/program.rs"]
mod program;

mod answers;
mod away;
mod documented;
mod limits;
mod positions;
mod readers;
mod refused;
mod servers;
mod stand_in;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use rum_collector::config::{Config, TokenHash};
use rum_collector::run::Collector;
use rum_collector::store;
use serde_json::Value as Json;
use support::Database;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

const TOKEN: &str = "rum_of_the_test";

/// A collector that answers `/v1/sql` from a real ClickHouse.
struct Asked {
    database: Database,
    router: Router,
}

struct Answer {
    status: StatusCode,
    text: String,
    /// The body came to its end.
    whole: bool,
}

impl Answer {
    fn error(&self) -> (String, String) {
        let json: Json = serde_json::from_str(&self.text).unwrap_or_default();
        let text = |name: &str| json["error"][name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("message"))
    }
}

impl Asked {
    async fn start(limits: &[(&str, &str)]) -> Self {
        let database = Database::start().await;
        // A test of the walls that has none would prove nothing: it fails, and says why.
        if let Some(store::Confinement::Nothing { reason }) = database
            .endpoint()
            .borrow()
            .as_ref()
            .map(|endpoint| endpoint.confinement.clone())
        {
            panic!("these tests need a kernel with landlock and seccomp, and could not run: {reason}");
        }
        store::migrate(&database.clickhouse).await.unwrap();
        let router = router(&database, limits);
        Self { database, router }
    }

    async fn ask(&self, statement: &str) -> Answer {
        self.ask_with(statement, &[]).await
    }

    async fn ask_with(&self, statement: &str, parameters: &[(&str, &str)]) -> Answer {
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        post(&self.router, TOKEN, &query, statement).await
    }

    /// What the statement gives, as CSV without the line of names.
    async fn csv(&self, statement: &str, parameters: &[(&str, &str)]) -> String {
        let answer = self
            .ask_with(statement, &[&[("format", "csv")], parameters].concat())
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{statement}\n{}", answer.text);
        answer.text.split_once('\n').unwrap().1.trim_end().to_owned()
    }
}

async fn post(router: &Router, token: &str, query: &str, statement: &str) -> Answer {
    let request = Request::post(format!("/v1/sql?{query}"))
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(statement.to_owned()))
        .unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let mut body = answer.into_body();
    let (mut bytes, mut whole) = (Vec::new(), true);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap()),
            Err(_) => {
                whole = false;
                break;
            }
        }
    }
    Answer {
        status,
        text: String::from_utf8(bytes).unwrap(),
        whole,
    }
}

fn router(database: &Database, limits: &[(&str, &str)]) -> Router {
    let data = tempfile::tempdir_in(database.folder()).unwrap();
    let tokens = format!(
        r#"[{{name = "test", hash = "{}", scopes = ["read"], apps = ["*"]}}]"#,
        TokenHash::of(TOKEN)
    );
    let own = [("RUM_DATA", data.path().to_str().unwrap()), ("RUM_TOKENS", &tokens)];
    let environment = own
        .iter()
        .chain(limits)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = Config::load(None, environment).unwrap();
    Collector::open(&config, database.endpoint()).unwrap().router()
}
