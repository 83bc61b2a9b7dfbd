//! `POST /v1/login` and `POST /v1/logout`: a browser presents a token once, and has a cookie from then on that no script can
//! read and no other site can send.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use http::header::{CONTENT_TYPE, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::Problem;
use super::asker::{self, cookie_name};
use super::audience::is_on_this_machine;
use crate::access::{AUDIT, Access, COOKIE_LIFETIME};
use crate::config::TokenApps;

/// The longest body, in bytes.
const BODY_BYTES: usize = 4 << 10;

/// What a browser sends.
#[derive(Deserialize)]
struct Login {
    token: String,
}

/// What the routes need.
#[derive(Clone)]
struct Logins {
    access: Access,
    /// How long a body may take: whoever sends it is not known yet, and holds a connection.
    body_timeout: Duration,
}

/// The routes.
pub(super) fn routes(access: Access, body_timeout: Duration) -> Router {
    Router::new()
        .route("/v1/login", post(login))
        .route("/v1/logout", post(logout))
        .with_state(Logins { access, body_timeout })
}

async fn login(State(logins): State<Logins>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    log_in(&logins, &parts, body)
        .await
        .unwrap_or_else(Problem::into_response)
}

async fn log_in(Logins { access, body_timeout }: &Logins, parts: &Parts, body: Body) -> Result<Response, Problem> {
    // Whoever could log somebody in would see what they do then. Programs that are no browsers send neither header.
    if parts.headers.contains_key("sec-fetch-site") || parts.headers.contains_key(ORIGIN) {
        asker::own_page(access, &parts.headers)?;
    }
    let Login { token } = read(body, *body_timeout).await?;
    let token = access
        .token(&token, asker::address(access, parts))
        .await
        .map_err(|denied| asker::refusal(denied, parts))?;
    let session = access.log_in(token.clone());
    tracing::info!(target: AUDIT, token = token.name, "logged in");
    let apps = match &token.apps {
        TokenApps::All => json!(["*"]),
        TokenApps::Listed(apps) => json!(apps),
    };
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.name()).collect();
    let told = json!({ "name": token.name, "scopes": scopes, "apps": apps, "seconds": COOKIE_LIFETIME.as_secs() });
    let cookie = cookie(session.expose(), COOKIE_LIFETIME.as_secs(), parts);
    let headers = [(CONTENT_TYPE, "application/json")];
    Ok((headers, [(SET_COOKIE, cookie)], told.to_string()).into_response())
}

/// The answer to a body that takes longer than `limit`.
pub(super) fn too_slow(limit: Duration) -> Problem {
    let message = format!("the body took longer than {} s; send it at once", limit.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", message)
}

async fn read(body: Body, limit: Duration) -> Result<Login, Problem> {
    let bad = |message: &str| Problem::new(StatusCode::BAD_REQUEST, "bad_login", message);
    let whole = timeout(limit, Limited::new(body, BODY_BYTES).collect()).await;
    let whole = whole
        .map_err(|_| too_slow(limit))?
        .map_err(|_| bad("the body did not come whole, or is longer than 4096 bytes"))?;
    // What is wrong with it is not said: it may be the token.
    serde_json::from_slice(&whole.to_bytes()).map_err(|_| bad("send {\"token\": \"rum_…\"} as JSON"))
}

async fn logout(State(Logins { access, .. }): State<Logins>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    log_out(&access, &parts).unwrap_or_else(Problem::into_response)
}

fn log_out(access: &Access, parts: &Parts) -> Result<Response, Problem> {
    // Without its cookie, too: a form of another site brings none, and its answer would end the login.
    let by_browser = parts.headers.contains_key("sec-fetch-site") || parts.headers.contains_key(ORIGIN);
    let session = asker::cookie(parts);
    if by_browser || session.is_some() {
        asker::own_page(access, &parts.headers)?;
    }
    if let Some(session) = session
        && let Some(token) = access.session(session)
    {
        access.log_out(session);
        tracing::info!(target: AUDIT, token = token.name, "logged out");
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie("", 0, parts))]).into_response())
}

/// `Secure`, but where the browser is on this machine and came without a proxy: there is no TLS between them.
fn cookie(value: &str, seconds: u64, parts: &Parts) -> String {
    let secure = if is_on_this_machine(parts) { "" } else { "; Secure" };
    let name = cookie_name(parts);
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::stream::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_ends_its_request() {
        let body = Body::from_stream(pending::<Result<Bytes, std::io::Error>>());
        let problem = read(body, Duration::from_secs(1)).await.err().unwrap();
        assert_eq!(
            (problem.status, problem.code),
            (StatusCode::REQUEST_TIMEOUT, "body_timeout")
        );
    }
}
