//! A URL in its parts, as the tables have them.

use url::Url;

/// Host and path of a URL; what is no URL is all path.
pub(super) enum Address<'a> {
    /// They stand in the text as they are.
    Plain {
        host: &'a str,
        path: &'a str,
    },
    Url(Url),
    Other(&'a str),
}

impl<'a> Address<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        if let Some((host, path)) = plain(text) {
            return Self::Plain { host, path };
        }
        Url::parse(text).map_or(Self::Other(text), Self::Url)
    }

    pub(super) fn host(&self) -> &str {
        match self {
            Self::Plain { host, .. } => host,
            Self::Url(url) => url.host_str().unwrap_or_default(),
            Self::Other(_) => "",
        }
    }

    pub(super) fn path(&self) -> &str {
        match self {
            Self::Plain { path, .. } => path,
            Self::Url(url) => url.path(),
            Self::Other(text) => text,
        }
    }
}

/// Host and path of a URL of which the standard would change nothing, which nearly all are: to be sure of that costs less than to
/// write the URL anew. <https://url.spec.whatwg.org/#concept-basic-url-parser>
fn plain(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let (host, rest) = rest.split_at(rest.find(['/', '?', '#'])?);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    (is_plain_host(host) && is_plain_path(path)).then_some((host, path))
}

/// Whether a host is a name, in small letters; numbers may be an address, and `xn--` may be wrong.
fn is_plain_host(host: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let mut last = "";
    for label in host.split('.') {
        if label.is_empty() || label.starts_with("xn--") || !label.bytes().all(is_plain) {
            return false;
        }
        last = label;
    }
    last.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Whether a path has nothing to escape, and no `.` and `..` as its folders, however these are written.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~!$&()*+,;=:@".contains(&byte);
    let mut before = b' ';
    path.starts_with('/')
        && path.bytes().all(|byte| {
            let begins_with_point = before == b'/' && byte == b'.';
            before = byte;
            is_plain(byte) && !begins_with_point
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the standard makes of a text.
    fn by_standard(text: &str) -> (String, String) {
        match Url::parse(text) {
            Ok(url) => (url.host_str().unwrap_or_default().to_owned(), url.path().to_owned()),
            Err(_) => (String::new(), text.to_owned()),
        }
    }

    #[test]
    fn most_urls_are_not_written_anew() {
        for (text, expected) in [
            ("https://shop.example/api/cart?v=1", Some(("shop.example", "/api/cart"))),
            ("http://a1.b-2.example/#top", Some(("a1.b-2.example", "/"))),
            ("https://shop.example", None),
            ("https://shop.example:8443/", None),
            ("https://user@shop.example/", None),
            ("https://Shop.example/", None),
            ("https://192.0.2.1/", None),
            ("https://xn--bcher-kva.example/", None),
            ("https://shop.example/a/../b", None),
            ("https://shop.example/.well-known/x", None),
            ("https://shop.example/a%2e", None),
            ("https://shop.example/a b", None),
            ("/api/cart", None),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_those_of_the_standard(pieces in prop::collection::vec(piece(), 0..8)) {
            for scheme in ["https://", "http://", ""] {
                let text = format!("{scheme}{}", pieces.concat());
                let address = Address::of(&text);
                let expected = by_standard(&text);
                prop_assert_eq!((address.host(), address.path()), (&*expected.0, &*expected.1), "{}", text);
            }
        }
    }

    /// What URLs consist of, and what the standard changes.
    fn piece() -> impl Strategy<Value = String> {
        const PIECES: [&str; 34] = [
            "shop",
            ".",
            "example",
            "/",
            "/",
            "..",
            "a",
            "A",
            "7",
            "0x1f",
            "-",
            "_",
            "~",
            "%",
            "%2e",
            "%41",
            "?",
            "#",
            ":",
            "@",
            "\\",
            "xn--",
            "1.2.3.4",
            "[::1]",
            " ",
            "\t",
            "|",
            "^",
            "'",
            "ß",
            "shop.example",
            "/a/b.js",
            "&=+,;!$()*",
            "localhost",
        ];
        prop_oneof![4 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned), 1 => ".{0,3}"]
    }
}
