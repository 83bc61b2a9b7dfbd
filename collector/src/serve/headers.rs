//! What every answer carries besides its own: who may read it, and what a browser must not take it for. docs/operating.md has the
//! table.
//!
//! Every answer that a page may ask for is readable by every page, errors included: a page that cannot read a refusal takes it
//! for a network failure, and tries again. Nothing there is secret, and no cookie is looked at. What is for people is for pages of
//! this server alone.

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What a page may read of an answer.
const EXPOSED: HeaderValue = HeaderValue::from_static("Retry-After, Rum-Rate, X-Request-Id");

/// Nothing of what is no program and no data is a page: it runs nothing, loads nothing and is shown in no frame.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// A year. Not for hosts below this one, and on no list of browsers: those are their owner's to decide.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// How the collector is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// By HTTP; if by TLS, then that of a proxy.
    Plain,
    /// By TLS of its own.
    Tls,
}

/// Whose an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Pages of every site.
    Pages,
    /// People, and pages of this server.
    People,
}

/// What is added to the answers for some readers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Headers {
    pub(super) readers: Readers,
    pub(super) transport: Transport,
}

impl Headers {
    /// Adds them.
    pub(super) fn on<B>(self, mut response: Response<B>) -> Response<B> {
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        let readers = match self.readers {
            Readers::Pages => "cross-origin",
            Readers::People => "same-origin",
        };
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static(readers));
        match self.readers {
            Readers::Pages => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
            Readers::People => {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
        }
        if !is_program_or_data(headers) {
            headers.insert(CONTENT_SECURITY_POLICY, NO_PAGE);
        }
        if self.transport == Transport::Tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_TLS);
        }
        response
    }
}

/// Whether a browser runs it or reads it, and never shows it. A policy of a script would be that of the worker that it becomes; an
/// answer without a type has no body.
fn is_program_or_data(headers: &HeaderMap) -> bool {
    let Some(media_type) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let media_type = media_type
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    matches!(media_type, "application/json" | "text/javascript" | "application/wasm") || media_type.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_be_shown_as_a_page_is_kept_from_being_one() {
        for (media_type, confined) in [
            (None, false),
            (Some("application/json"), false),
            (Some("application/schema+json"), false),
            (Some("text/javascript; charset=utf-8"), false),
            (Some("application/wasm"), false),
            (Some("text/plain; charset=utf-8"), true),
            (Some("text/csv; charset=utf-8"), true),
            (Some("text/html"), true),
            (Some("image/svg+xml"), true),
            (Some("application/octet-stream"), true),
        ] {
            let mut answer = Response::new(());
            if let Some(media_type) = media_type {
                answer
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            }
            let headers = Headers {
                readers: Readers::People,
                transport: Transport::Plain,
            };
            let answer = headers.on(answer);
            assert_eq!(
                answer.headers().contains_key(CONTENT_SECURITY_POLICY),
                confined,
                "{media_type:?}"
            );
        }
    }
}
