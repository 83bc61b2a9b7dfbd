//! Every answer that a page may ask for is readable by every page, errors included: a page that cannot read a refusal
//! takes it for a network failure, and tries again. Nothing here is secret, and no cookie is looked at.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS};
use http::{HeaderName, HeaderValue, Response};

/// The sampling rate that new sessions are to freeze: `version;share`.
pub(crate) const RUM_RATE: HeaderName = HeaderName::from_static("rum-rate");

/// Adds the headers that make an answer readable.
pub(super) fn readable<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Retry-After, Rum-Rate, X-Request-Id"),
    );
    response
}
