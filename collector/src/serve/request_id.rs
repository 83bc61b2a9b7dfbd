//! A request's id: in the log of everything that happens for it, and in the answer. A proxy's id is taken over.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tracing::Instrument as _;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over, in bytes: ids go into every line of the log.
const LONGEST: usize = 64;

/// Names the request, runs it in a span of that name, and logs how it ended.
pub(super) async fn named(request: Request, next: Next) -> Response {
    let id = given(&request).unwrap_or_else(new);
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    async {
        let (method, path, started) = (
            request.method().clone(),
            request.uri().path().to_owned(),
            Instant::now(),
        );
        let mut response = next.run(request).await;
        let (status, elapsed) = (response.status(), started.elapsed());
        tracing::debug!(%method, path, status = status.as_u16(), ?elapsed, "answered");
        response.headers_mut().insert(NAME, id);
        response
    }
    .instrument(span)
    .await
}

fn given(request: &Request) -> Option<HeaderValue> {
    let id = request.headers().get(NAME)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(plain)).then(|| id.clone())
}

fn new() -> HeaderValue {
    let id = format!("{:016x}", rand::random::<u64>());
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none"))
}
