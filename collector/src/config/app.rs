//! Apps: who may send, and from which pages.

use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use super::{DailyQuota, Pages, RateLimit, Rates};

/// One site that sends batches.
#[derive(Debug, PartialEq)]
pub struct App {
    /// Its name in the tables.
    pub name: Arc<str>,
    /// What its pages send. Public, and good for nothing but sending.
    pub key: String,
    /// The origins of its pages.
    pub origins: AllowedOrigins,
    /// Whether errors of others are stored.
    pub foreign_errors: ForeignErrors,
    /// Which share of its sessions its pages keep.
    pub rates: Arc<Rates>,
    /// What its pages are called.
    pub pages: Pages,
    /// How many batches may come; `None` is as many as do.
    pub rate_limit: Option<RateLimit>,
    /// How much of a day is stored.
    pub quota: DailyQuota,
}

/// What becomes of errors that the owner of a page cannot mend: those of browser extensions, and `Script error.`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForeignErrors {
    /// They are counted, and not stored.
    #[default]
    Drop,
    /// They are stored as all errors are.
    Keep,
}

impl ForeignErrors {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Drop, Self::Keep];

    /// As the configuration writes it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Keep => "keep",
        }
    }
}

/// The origins from which an app's batches may come.
#[derive(Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// All: `["*"]`.
    Any,
    /// These, as browsers write them: `scheme://host`, and the port unless it is the scheme's own.
    Listed(Vec<String>),
}

impl AllowedOrigins {
    /// Whether pages of `origin` (as a browser writes it) may send.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(listed) => listed.iter().any(|allowed| allowed == origin),
        }
    }
}

/// An origin as browsers write it; `None` if `text` is more or less than an http(s) origin.
pub(super) fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let nothing_more = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !text.ends_with('/')
        // It would be compared letter by letter.
        && !text.contains('*');
    (matches!(url.scheme(), "http" | "https") && nothing_more).then(|| url.origin().ascii_serialization())
}

/// All apps, by key.
#[derive(Clone, Debug, Default)]
pub struct Apps(HashMap<String, Arc<App>>);

impl Apps {
    /// The app whose pages send `key`.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<&Arc<App>> {
        self.0.get(key)
    }

    /// No app is configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// There is more than one.
    pub(crate) fn are_several(&self) -> bool {
        self.0.len() > 1
    }

    /// All of them, by name.
    pub(crate) fn sorted(&self) -> Vec<&App> {
        let mut apps: Vec<_> = self.0.values().map(AsRef::as_ref).collect();
        apps.sort_by(|a, b| a.name.cmp(&b.name));
        apps
    }
}

impl FromIterator<App> for Apps {
    fn from_iter<T: IntoIterator<Item = App>>(apps: T) -> Self {
        Self(apps.into_iter().map(|app| (app.key.clone(), Arc::new(app))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for (text, expected) in [
            ("https://shop.example", Some("https://shop.example")),
            ("https://Shop.Example:443", Some("https://shop.example")),
            ("http://127.0.0.1:4319", Some("http://127.0.0.1:4319")),
            ("https://bücher.example", Some("https://xn--bcher-kva.example")),
            ("https://shop.example/", None),
            ("https://shop.example/path", None),
            ("https://user@shop.example", None),
            ("shop.example", None),
            ("ftp://shop.example", None),
            ("*", None),
        ] {
            assert_eq!(origin(text).as_deref(), expected, "{text}");
        }
    }
}
