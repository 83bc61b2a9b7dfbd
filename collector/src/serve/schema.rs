//! `GET /v1/schema.json`: what a sender of its own writes, as JSON Schema.

use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// Written by `cargo xtask codegen` from the wire's tables.
const SCHEMA: &str = include_str!("../../schema/batch.json");
/// It changes with the collector only.
const CACHING: &str = "public, max-age=3600";

pub(super) fn routes() -> Router {
    Router::new().route(
        "/v1/schema.json",
        get(async || {
            (
                [(CONTENT_TYPE, "application/schema+json"), (CACHE_CONTROL, CACHING)],
                SCHEMA,
            )
        }),
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
        let answer = routes().oneshot(request).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/schema+json");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let schema: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(schema["properties"]["version"]["const"], rum_core::wire::VERSION);
    }
}
