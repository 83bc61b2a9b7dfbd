//! `POST /v1/login` and `POST /v1/logout`: a browser presents a token once, and has a cookie from then on that no script can
//! read and no other site can send.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http_body_util::{BodyExt as _, Limited};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Problem;
use super::asker::{self, cookie_name};
use super::audience::is_on_this_machine;
use super::sql::Sql;
use crate::access::{AUDIT, Admission, COOKIE_LIFETIME};
use crate::config::TokenApps;
use crate::problem::{Later, Refused, Unknown};

/// The longest body, in bytes.
const BODY_BYTES: usize = 4 << 10;

/// What a browser sends.
#[derive(Deserialize, ToSchema)]
struct Login {
    /// `rum_…`
    token: String,
}

/// The routes.
pub(super) fn routes(sql: Sql) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(logout))
        .with_state(sql)
}

/// What a browser is told of its token.
#[derive(Serialize, ToSchema)]
struct LoggedIn {
    /// The token's name.
    name: String,
    /// `read`, `alerts`, `admin`.
    scopes: Vec<&'static str>,
    /// Names of apps, or `*`.
    apps: Vec<String>,
    /// How long the login lasts.
    seconds: u64,
}

/// A cookie for a token, for browsers.
#[utoipa::path(
    post, path = "/v1/login", tag = "access",
    request_body(content = Login, content_type = "application/json"),
    responses(
        (status = 200, description = "Logged in.", body = LoggedIn, headers(("Set-Cookie" = String, description = "The login: HttpOnly, SameSite=Strict"))),
        (status = 400, response = Refused),
        (status = 401, response = Unknown),
        (status = 403, response = Refused),
        (status = 408, response = Later),
        (status = 429, response = Later),
    )
)]
async fn login(State(sql): State<Sql>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // Whoever sends it is not known yet, and holds a connection.
    log_in(&sql.access().now(), &parts, body)
        .await
        .unwrap_or_else(Problem::into_response)
}

async fn log_in(admission: &Admission, parts: &Parts, body: Body) -> Result<Response, Problem> {
    // Whoever could log somebody in would see what they do then. Programs that are no browsers send neither header.
    if parts.headers.contains_key("sec-fetch-site") || parts.headers.contains_key(ORIGIN) {
        asker::own_page(admission, &parts.headers)?;
    }
    let Login { token } = read(body, admission.body_timeout()).await?;
    let token = admission
        .token(&token, asker::address(admission, parts))
        .await
        .map_err(|denied| asker::refusal(denied, parts))?;
    let session = admission.log_in(token.clone());
    tracing::info!(target: AUDIT, token = token.name, "logged in");
    let told = LoggedIn {
        name: token.name.clone(),
        scopes: token.scopes.iter().map(|scope| scope.name()).collect(),
        apps: match &token.apps {
            TokenApps::All => vec!["*".to_owned()],
            TokenApps::Listed(apps) => apps.clone(),
        },
        seconds: COOKIE_LIFETIME.as_secs(),
    };
    // It does not fail: there is nothing in it but texts and a number.
    let told = serde_json::to_string(&told).unwrap_or_default();
    let cookie = cookie(session.expose(), COOKIE_LIFETIME.as_secs(), parts);
    let headers = [(CONTENT_TYPE, "application/json")];
    Ok((headers, [(SET_COOKIE, cookie)], told).into_response())
}

/// The answer to a body that takes longer than `limit`.
pub(super) fn too_slow(limit: Duration) -> Problem {
    let message = format!("the body took longer than {} s; send it at once", limit.as_secs());
    Problem {
        retry_after: Some(1),
        ..Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", message)
    }
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

/// Ends the login of the cookie.
#[utoipa::path(
    post, path = "/v1/logout", tag = "access", security((), ("login" = [])),
    responses(
        (status = 204, description = "Logged out, or nobody was logged in.", headers(("Set-Cookie" = String, description = "Takes the cookie away"))),
        (status = 403, response = Refused),
    )
)]
async fn logout(State(sql): State<Sql>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    log_out(&sql.access().now(), &parts).unwrap_or_else(Problem::into_response)
}

fn log_out(admission: &Admission, parts: &Parts) -> Result<Response, Problem> {
    // Without its cookie, too: a form of another site brings none, and its answer would end the login.
    let by_browser = parts.headers.contains_key("sec-fetch-site") || parts.headers.contains_key(ORIGIN);
    let session = asker::cookie(parts);
    if by_browser || session.is_some() {
        asker::own_page(admission, &parts.headers)?;
    }
    if let Some(session) = session
        && let Some(token) = admission.session(session)
    {
        admission.log_out(session);
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
    use futures_util::stream::{once, pending};

    use super::*;
    use crate::access::Access;
    use crate::config::{Config, TokenHash};

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_ends_its_request() {
        let body = Body::from_stream(pending::<Result<Bytes, std::io::Error>>());
        let problem = read(body, Duration::from_secs(1)).await.err().unwrap();
        assert_eq!(
            (problem.status, problem.code, problem.retry_after),
            (StatusCode::REQUEST_TIMEOUT, "body_timeout", Some(1))
        );
    }
    #[tokio::test(start_paused = true)]
    async fn a_login_goes_by_the_configuration_that_it_began_by() {
        let tokens = format!(
            r#"[{{name = "people", hash = "{}", scopes = ["read"], apps = ["*"]}}]"#,
            TokenHash::of("rum_old")
        );
        let config = |tokens: &str| Config::load(None, [("RUM_TOKENS".to_owned(), tokens.to_owned())]).unwrap();
        let access = Access::new(&config(&tokens));
        let ask = async |body: Body| {
            let (parts, ()) = http::Request::new(()).into_parts();
            log_in(&access.now(), &parts, body).await
        };
        let text = Bytes::from_static(br#"{"token": "rum_old"}"#);
        // While its body is on its way the token is taken away.
        let (changed, sent, nobody) = (access.clone(), text.clone(), config("[]"));
        let slow = once(async move {
            changed.change(&nobody);
            Ok::<_, std::io::Error>(sent)
        });
        assert!(ask(Body::from_stream(slow)).await.is_ok());
        let refused = ask(Body::from(text)).await.err();
        assert_eq!(refused.map(|problem| problem.code), Some("unknown_token"));
    }
}
