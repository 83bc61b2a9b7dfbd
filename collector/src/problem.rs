//! The form of every error: `{"error": {"code": …, "message": …, "at": …}}`, and how `/openapi.json` calls it.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::{ToResponse, ToSchema};

/// An error as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The error's name, which never changes.
    pub code: &'static str,
    /// What is wrong, where, and how to mend it; its words may change.
    pub message: String,
    /// The byte of the body where it went wrong.
    pub at: Option<usize>,
    /// When to try again, in seconds.
    pub retry_after: Option<u32>,
}

impl Problem {
    /// An error without a place.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            at: None,
            retry_after: None,
        }
    }
}

/// The body of every error.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body {
    error: Detail,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = ProblemDetail)]
struct Detail {
    /// The error's name, which never changes.
    code: &'static str,
    /// What is wrong, where, and how to mend it; its words may change.
    message: String,
    /// The byte of the (decompressed) body where it went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    at: Option<usize>,
}

/// What was sent is refused for good: the same again changes nothing.
#[derive(ToResponse)]
#[response(description = "What was sent is refused for good: the same again changes nothing.")]
pub(crate) struct Refused(#[expect(dead_code, reason = "it stands for the body in the document")] Body);

/// It cannot be taken or told now: send it again later.
#[derive(ToResponse)]
#[response(
    description = "Not now: the same may be right later.",
    headers(("Retry-After" = u32, description = "When to try again, in seconds"))
)]
pub(crate) struct Later(#[expect(dead_code, reason = "it stands for the body in the document")] Body);

/// The collector failed.
#[derive(ToResponse)]
#[response(
    description = "The collector failed at this request, which is a bug: its log has the reason under the `x-request-id`."
)]
pub(crate) struct Failed(#[expect(dead_code, reason = "it stands for the body in the document")] Body);

/// No token, or none that is known.
#[derive(ToResponse)]
#[response(
    description = "No token was presented, or none that is known, or a login has ended.",
    headers(("WWW-Authenticate" = String, description = "Always `Bearer`"))
)]
pub(crate) struct Unknown(#[expect(dead_code, reason = "it stands for the body in the document")] Body);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            error: Detail {
                code: self.code,
                message: self.message,
                at: self.at,
            },
        };
        // It does not fail: there is nothing in it but text and a number.
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (self.status, [(CONTENT_TYPE, "application/json")], body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
