//! The routes of pages, and what OpenAPI is told of them.

use std::convert::Infallible;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::StatusCode;
use http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE};
use tower::{Service, service_fn};
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::digest::Form;
use super::handler::Ingest;
use super::origin::{ALLOWED_HEADERS, ALLOWED_METHODS, PREFLIGHT_SECONDS};
use crate::problem::{Later, Refused};

/// Where pages send their batches, by POST.
pub(crate) const BATCHES: &str = "/v1/batches";

/// What answers there, for whoever needs no router to find it.
pub(crate) fn batches_service(
    ingest: Ingest,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync {
    service_fn(move |request| ingest.clone().answer(Form::Batch, request).map(Ok))
}

/// The routes.
pub(crate) fn routes(ingest: Ingest) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(batches, batches_preflight))
        .routes(routes!(reports, reports_preflight))
        .with_state(ingest)
}

/// What a browser hears that asks before it sends.
#[derive(IntoResponses)]
#[response(
    status = 204,
    description = "Pages of every origin may ask; whether they may send depends on the app.",
    headers(
        ("Access-Control-Allow-Methods" = String, description = "What a page may send by"),
        ("Access-Control-Allow-Headers" = String, description = "What it may send along"),
        ("Access-Control-Max-Age" = u32, description = "For how many seconds it need not ask again"),
    )
)]
struct Preflight;

/// How a body may be refused.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "OpenAPI is told by its type")]
enum Refusal {
    #[response(status = 400)]
    Unreadable(#[ref_response] Refused),
    #[response(status = 403)]
    Forbidden(#[ref_response] Refused),
    #[response(status = 408)]
    Slow(#[ref_response] Later),
    #[response(status = 413)]
    TooLarge(#[ref_response] Refused),
    #[response(status = 415)]
    Unsupported(#[ref_response] Refused),
    #[response(status = 429)]
    TooMany(#[ref_response] Later),
    #[response(status = 503)]
    Unable(#[ref_response] Later),
}

/// Answers the question that a browser asks first when a request has unusual headers.
#[utoipa::path(options, path = "/v1/batches", tag = "ingest", responses(Preflight))]
async fn batches_preflight() -> impl IntoResponse {
    preflight()
}

/// Answers the question that a browser asks first when a request has unusual headers.
#[utoipa::path(options, path = "/v1/reports", tag = "ingest", responses(Preflight))]
async fn reports_preflight() -> impl IntoResponse {
    preflight()
}

fn preflight() -> impl IntoResponse {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
    ];
    (StatusCode::NO_CONTENT, headers)
}

/// Takes a batch of a page's events.
///
/// 204 once it is on disk. What comes twice counts once. A body that starts with `[` is compact, with `{` documented.
#[utoipa::path(
    post, path = "/v1/batches", tag = "ingest",
    params(
        ("k" = String, Query, description = "The app's key"),
        ("s" = Option<i64>, Query, description = "The sender's clock when it sent, in ms since the epoch (`Date.now()`)"),
        ("z" = Option<String>, Query, description = "The body's encoding (`gzip`, `deflate`, `br`, `zstd`) where no `Content-Encoding` says it"),
    ),
    request_body(content((serde_json::Value = "text/plain"), (serde_json::Value = "application/json"))),
    responses(
        (status = 204, description = "It is on disk.", headers(("Rum-Rate" = String, description = "Version and share of the sampling rate for new sessions, such as `1;0.1`; absent while all are kept"))),
        Refusal,
    )
)]
async fn batches(State(ingest): State<Ingest>, request: Request) -> Response {
    ingest.answer(Form::Batch, request).await
}

/// Takes what a browser reports by itself, such as crashes.
///
/// 204 once it is on disk.
#[utoipa::path(
    post, path = "/v1/reports", tag = "ingest",
    params(
        ("k" = String, Query, description = "The app's key"),
        ("z" = Option<String>, Query, description = "The body's encoding, likewise"),
    ),
    request_body(content((serde_json::Value = "application/reports+json"), (serde_json::Value = "application/csp-report"))),
    responses(
        (status = 204, description = "It is on disk."),
        Refusal,
    )
)]
async fn reports(State(ingest): State<Ingest>, request: Request) -> Response {
    ingest.answer(Form::Reports, request).await
}
