//! What the caller decides about the shop: above all, which RUM script its pages load.

use axum::http::Uri;

/// Settings of the shop. The default is a shop without any RUM script.
#[derive(Debug, Clone, Default)]
pub struct ShopOptions {
    /// The SDK's script tag, or none for a shop that is not measured.
    pub rum: Option<RumTag>,
}

/// The script tag that a site owner pastes into the head, and the origin that a CSP must allow for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RumTag {
    script_url: String,
    origin: String,
    app_key: String,
    stub: String,
}

impl RumTag {
    /// `script_url` is where the SDK is served, for example `http://127.0.0.1:4318/rum.js`.
    ///
    /// # Errors
    /// When `script_url` is not an absolute http(s) address, or `app_key` is empty.
    pub fn new(script_url: &str, app_key: &str) -> Result<Self, BadRumTag> {
        let not_absolute = || BadRumTag::ScriptUrl(script_url.to_owned());
        let uri: Uri = script_url.parse().map_err(|_| not_absolute())?;
        let origin = match (uri.scheme_str(), uri.authority()) {
            (Some(scheme @ ("http" | "https")), Some(authority)) => {
                format!("{scheme}://{authority}")
            }
            _ => return Err(not_absolute()),
        };
        if app_key.is_empty() {
            return Err(BadRumTag::EmptyAppKey);
        }
        Ok(Self {
            script_url: script_url.to_owned(),
            origin,
            app_key: app_key.to_owned(),
            stub: String::new(),
        })
    }

    /// The inline JavaScript that pages with `rum=stub` carry before the script tag. Empty means none.
    #[must_use]
    pub fn with_stub(mut self, stub: impl Into<String>) -> Self {
        self.stub = stub.into();
        self
    }

    pub(crate) fn script_url(&self) -> &str {
        &self.script_url
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn app_key(&self) -> &str {
        &self.app_key
    }

    pub(crate) fn stub(&self) -> &str {
        &self.stub
    }
}

/// Why a [`RumTag`] could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRumTag {
    /// The script's address has no scheme or host.
    #[error("the RUM script needs an absolute http or https address, such as http://127.0.0.1:4318/rum.js, not {0:?}")]
    ScriptUrl(String),
    /// The collector would refuse every batch.
    #[error("the RUM script needs an app key")]
    EmptyAppKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_what_a_csp_allows() {
        let tag = RumTag::new("http://127.0.0.1:4318/rum.js?v=2", "shop").unwrap();
        assert_eq!(tag.origin(), "http://127.0.0.1:4318");
    }

    #[test]
    fn addresses_without_a_host_are_refused() {
        for address in ["/rum.js", "rum.js", "ftp://host/rum.js", "", "http//host"] {
            assert_eq!(
                RumTag::new(address, "shop"),
                Err(BadRumTag::ScriptUrl(address.to_owned()))
            );
        }
        assert_eq!(
            RumTag::new("https://rum.example/rum.js", ""),
            Err(BadRumTag::EmptyAppKey)
        );
    }
}
