//! A ClickHouse server with users, as far as a collector can tell. The embedded one behind it has one user, so who asks is looked at and
//! written down here, and what a row policy does on a server a setting does here: the engine filters tables by it, under views, too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use reqwest::Client;
use rum_collector::store::{Confinement, Endpoint};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::support::Database;

/// Whoever has a password, and which condition the rows of which tables have to meet, such as `rum_data.views` and `app = 'shop'`.
pub(crate) struct User {
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
    pub(crate) policies: BTreeMap<String, String>,
}

/// A statement that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) user: String,
    pub(crate) statement: String,
}

/// It ends when it is dropped.
pub(crate) struct StandIn {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepting: JoinHandle<()>,
}

struct Front {
    behind: Endpoint,
    http: Client,
    users: Vec<User>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    /// In front of `database`.
    pub(crate) async fn start(database: &Database, users: Vec<User>) -> Self {
        let asked = Arc::default();
        let front = Arc::new(Front {
            behind: database.endpoint().borrow().clone().unwrap(),
            http: Client::new(),
            users,
            asked: Arc::clone(&asked),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(front);
        let accepting = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, asked, accepting }
    }

    /// It as one of its users sees it.
    pub(crate) fn endpoint(&self, user: &str, password: &str) -> Endpoint {
        Endpoint {
            url: self.url.clone(),
            user: user.to_owned(),
            password: password.to_owned(),
            confinement: Confinement::Grants,
        }
    }

    /// What has come since it was asked last.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let user = header("x-clickhouse-user").unwrap_or_default();
    front.asked.lock().unwrap().push(Asked {
        user: user.clone(),
        statement: String::from_utf8_lossy(&body).into_owned(),
    });
    let key = header("x-clickhouse-key").unwrap_or_default();
    let found = front
        .users
        .iter()
        .find(|known| known.name == user && known.password == key);
    let Some(found) = found else {
        let message = format!("Code: 516. DB::Exception: {user}: Authentication failed. (AUTHENTICATION_FAILED)");
        return (StatusCode::FORBIDDEN, [("x-clickhouse-exception-code", "516")], message).into_response();
    };
    let mut url = Url::parse(&front.behind.url).unwrap();
    url.set_query(parts.uri.query());
    if !found.policies.is_empty() {
        let policies = found.policies.iter();
        let policies: Vec<_> = policies
            .map(|(table, condition)| format!("'{table}': '{}'", condition.replace('\'', "\\'")))
            .collect();
        let policies = format!("{{{}}}", policies.join(", "));
        url.query_pairs_mut().append_pair("additional_table_filters", &policies);
    }
    let media_type = header("content-type");
    front.pass_on(url, media_type, body).await
}

impl Front {
    async fn pass_on(&self, url: Url, media_type: Option<String>, body: Bytes) -> Response {
        let mut request = self.http.post(url).body(body);
        request = request
            .header("x-clickhouse-user", &self.behind.user)
            .header("x-clickhouse-key", &self.behind.password);
        // A statement with parameters is a form.
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let told = answer
            .headers()
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("x-clickhouse"));
        let headers: HeaderMap = told.map(|(name, value)| (name.clone(), value.clone())).collect();
        (status, headers, Body::from(answer.bytes().await.unwrap())).into_response()
    }
}
