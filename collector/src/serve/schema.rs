//! `GET /v1/schema.json`: what a sender of its own writes, as JSON Schema.

use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Written by `cargo xtask codegen` from the wire's tables.
pub(super) const SCHEMA: &str = include_str!("../../schema/batch.json");
/// It changes with the collector only.
const CACHING: &str = "public, max-age=3600";

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(schema))
}

/// The documented form of a batch, as JSON Schema.
#[utoipa::path(
    get, path = "/v1/schema.json", tag = "ingest",
    responses((status = 200, description = "The schema.", body = serde_json::Value, content_type = "application/schema+json",
        headers(("Cache-Control" = String, description = "For how long it is good"))))
)]
async fn schema() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "application/schema+json"), (CACHE_CONTROL, CACHING)],
        SCHEMA,
    )
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_is_json_of_its_own_type() {
        let request = Request::get("/v1/schema.json").body(Body::empty()).unwrap();
        let answer = axum::Router::from(routes()).oneshot(request).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/schema+json");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let schema: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(schema["properties"]["version"]["const"], rum_core::wire::VERSION);
    }
}
