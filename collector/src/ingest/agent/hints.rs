//! The headers that a browser describes itself with. `Sec-` headers are the browser's own: a page can neither set them nor has
//! it to ask for them, so none costs a preflight. <https://wicg.github.io/ua-client-hints/>
//!
//! Unasked browsers send brands, platform and whether they are mobile. The others come only if the page's own server has asked
//! for them and handed them on (`Accept-CH`, `Permissions-Policy`).

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{HeaderName, USER_AGENT};

/// The headers that are read, in the order of [`Hints::of`].
pub(in crate::ingest) const HEADERS: [HeaderName; 6] = [
    USER_AGENT,
    HeaderName::from_static("sec-ch-ua"),
    HeaderName::from_static("sec-ch-ua-mobile"),
    HeaderName::from_static("sec-ch-ua-platform"),
    HeaderName::from_static("sec-ch-ua-platform-version"),
    HeaderName::from_static("sec-ch-ua-form-factors"),
];

/// The longest header that is read, in bytes: real ones have 500 at most.
const LONGEST: usize = 1 << 10;

/// More brands than a browser has.
const MOST_BRANDS: usize = 8;

/// What the headers say, as far as it is text.
#[derive(Debug, Default)]
pub(in crate::ingest) struct Hints<'a> {
    pub(super) user_agent: Cow<'a, str>,
    brands: Cow<'a, str>,
    mobile: Cow<'a, str>,
    platform: Cow<'a, str>,
    platform_version: Cow<'a, str>,
    form_factors: Cow<'a, str>,
}

impl<'a> Hints<'a> {
    pub(in crate::ingest) fn of(headers: &'a HeaderMap) -> Self {
        let [user_agent, brands, mobile, platform, platform_version, form_factors] = HEADERS.map(|name| {
            let bytes = headers.get(name).map(http::HeaderValue::as_bytes).unwrap_or_default();
            String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)])
        });
        Self {
            user_agent,
            brands,
            mobile,
            platform,
            platform_version,
            form_factors,
        }
    }

    /// Brands and their versions, such as `Google Chrome` and `"156"`; some are made up, so that nobody relies on the list.
    pub(super) fn brands(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let items = self.brands.split(", ").take(MOST_BRANDS);
        items.filter_map(|item| {
            let (name, version) = item.rsplit_once(";v=")?;
            Some((text(name)?, text(version)?))
        })
    }

    /// Whether it calls itself mobile.
    pub(super) fn mobile(&self) -> Option<bool> {
        match &*self.mobile {
            "?1" => Some(true),
            "?0" => Some(false),
            _ => None,
        }
    }

    /// Such as `Windows`.
    pub(super) fn platform(&self) -> Option<&str> {
        text(&self.platform)
    }

    /// Such as `15.0.0`.
    pub(super) fn platform_version(&self) -> Option<&str> {
        text(&self.platform_version)
    }

    /// Such as `Desktop`.
    pub(super) fn form_factors(&self) -> impl Iterator<Item = &str> {
        self.form_factors.split(", ").filter_map(text)
    }
}

/// A string of a structured header; those of brands have no escapes that matter here.
/// <https://www.rfc-editor.org/rfc/rfc9651#name-strings>
fn text(item: &str) -> Option<&str> {
    item.trim().strip_prefix('"')?.strip_suffix('"')
}
