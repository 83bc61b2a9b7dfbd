//! May a page of this origin send? Pure decisions on what headers say; cross-origin readability is granted to all.
//!
//! Origins are enforced by refusing (403), never by leaving out CORS headers: a page that cannot read an answer sees a
//! network failure, and sends again.

use crate::config::AllowedOrigins;

/// What the `Origin` header says. <https://fetch.spec.whatwg.org/#origin-header>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender<'a> {
    /// No browser's page: browsers always send `Origin` with POST.
    NotAPage,
    /// A page whose origin is opaque: a sandboxed frame, `file://`, or `sendBeacon` under `Referrer-Policy: no-referrer`.
    Opaque,
    /// A page of this origin.
    Page(&'a str),
}

impl<'a> Sender<'a> {
    /// Reads the header.
    pub(super) fn of(origin: Option<&'a str>) -> Self {
        match origin {
            None => Self::NotAPage,
            Some("null") => Self::Opaque,
            Some(origin) => Self::Page(origin),
        }
    }

    /// Only a page of a known origin can be refused: what has no origin could claim any.
    pub(super) fn may_send(self, allowed: &AllowedOrigins) -> bool {
        match self {
            Self::NotAPage | Self::Opaque => true,
            Self::Page(origin) => allowed.allow(origin),
        }
    }
}

/// What a preflight is told: the methods and headers of an ingest request.
pub(super) const ALLOWED_METHODS: &str = "POST";
/// See [`ALLOWED_METHODS`].
pub(super) const ALLOWED_HEADERS: &str = "Content-Type, Content-Encoding";
/// Two hours: the longest that Chromium keeps a preflight's answer.
pub(super) const PREFLIGHT_SECONDS: &str = "7200";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_whole() {
        let listed = AllowedOrigins::Listed(vec!["https://shop.example".into(), "http://127.0.0.1:4319".into()]);
        for (origin, any, some) in [
            (None, true, true),
            (Some("null"), true, true),
            (Some("https://shop.example"), true, true),
            (Some("http://127.0.0.1:4319"), true, true),
            (Some("http://127.0.0.1:4320"), true, false),
            (Some("http://shop.example"), true, false),
            (Some("https://shop.example.evil.example"), true, false),
            (Some("https://evil-shop.example"), true, false),
            (Some("https://shop.example:8443"), true, false),
            (Some(""), true, false),
            (Some("Null"), true, false),
        ] {
            let sender = Sender::of(origin);
            assert_eq!(sender.may_send(&AllowedOrigins::Any), any, "{origin:?}");
            assert_eq!(sender.may_send(&listed), some, "{origin:?}");
        }
    }
}
