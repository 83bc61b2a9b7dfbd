//! Whose code threw an error: the app's, or somebody's whom the page's owner cannot mend.

/// Schemes of code that a browser's extensions bring, and what Safari shows instead of their places.
/// - <https://developer.chrome.com/docs/extensions/reference/manifest/web-accessible-resources>
/// - <https://developer.mozilla.org/en-US/docs/Mozilla/Add-ons/WebExtensions/manifest.json/web_accessible_resources>
/// - <https://developer.apple.com/documentation/safariservices/safari-web-extensions>
/// - `webkit-masked-url:` hides them from pages, <https://github.com/WebKit/WebKit/pull/62304>; `user-script:` is what an
///   extension, or an app around a web view, injects without a URL, <https://webkit.org/b/272152>
const OF_EXTENSIONS: [&str; 7] = [
    "chrome-extension:",
    "moz-extension:",
    "safari-extension:",
    "safari-web-extension:",
    "ms-browser-extension:",
    "webkit-masked-url:",
    "user-script:",
];

/// What browsers say of an error in a script of another origin that was loaded without CORS, and nothing more.
/// <https://html.spec.whatwg.org/multipage/webappapis.html#muted-errors>
const MUTED: &str = "Script error";

/// Whose code threw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorOrigin {
    /// The page's, its libraries and other scripts that it loads among it; also what nobody knows better of.
    App,
    /// A browser extension's, or a user script's.
    Extension,
    /// The browser says nothing: see [`MUTED`].
    Opaque,
}

impl ErrorOrigin {
    /// Judges by `files` of a stack, the topmost that there is: an extension that calls the page does not make the page's errors its own.
    /// Without one by `url`, which what has no stack is about.
    pub(crate) fn of<'a>(class: &str, message: &str, files: impl IntoIterator<Item = &'a str>, url: &str) -> Self {
        match files.into_iter().find(|file| !file.is_empty()) {
            Some(top) if is_of_extension(top) => Self::Extension,
            None if is_of_extension(url) => Self::Extension,
            None if class.is_empty() && is_muted(message) => Self::Opaque,
            _ => Self::App,
        }
    }

    /// Its name in the tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Extension => "extension",
            Self::Opaque => "opaque",
        }
    }
}

/// Whether a file is an extension's.
pub(super) fn is_of_extension(file: &str) -> bool {
    OF_EXTENSIONS
        .iter()
        .any(|scheme| file.starts_with(scheme) || file == scheme.trim_end_matches(':'))
}

/// Engines differ in the full stop.
fn is_muted(message: &str) -> bool {
    message.trim().trim_end_matches('.').eq_ignore_ascii_case(MUTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::files;

    #[test]
    fn the_topmost_file_says_whose_an_error_is() {
        const V8: &str = "at f (chrome-extension://abcdefgh/content.js:1:2)\n    at pay (https://a.example/app.js:3:4)";
        for (stack, expected) in [
            (V8, ErrorOrigin::Extension),
            (
                "at Array.forEach (<anonymous>)\n    at chrome-extension://abcdefgh/content.js:1:2",
                ErrorOrigin::Extension,
            ),
            (
                "at pay (https://a.example/app.js:3:4)\n    at f (chrome-extension://abcdefgh/content.js:1:2)",
                ErrorOrigin::App,
            ),
            (
                "f@moz-extension://6fa459ea-ee8a-3ca4-894e-db77e160355e/content.js:1:2",
                ErrorOrigin::Extension,
            ),
            (
                "f@safari-extension://com.example/1/content.js:1:2",
                ErrorOrigin::Extension,
            ),
            (
                "f@safari-web-extension://6FA459EA/content.js:1:2",
                ErrorOrigin::Extension,
            ),
            (
                "f@webkit-masked-url://hidden/:1:2\npay@https://a.example/app.js:3:4",
                ErrorOrigin::Extension,
            ),
            ("@user-script:2:17", ErrorOrigin::Extension),
            ("forEach@[native code]\nf@user-script:2:17", ErrorOrigin::Extension),
            ("f@user-script:3:2:17", ErrorOrigin::Extension),
            ("f@https://a.example/chrome-extension:/app.js:1:2", ErrorOrigin::App),
            ("f@[native code]", ErrorOrigin::App),
            ("", ErrorOrigin::App),
        ] {
            assert_eq!(ErrorOrigin::of("Error", "x", files(stack), ""), expected, "{stack}");
        }
    }

    #[test]
    fn without_a_stack_the_url_says_whose_it_is() {
        const OWN: &str = "at pay (https://a.example/app.js:3:4)";
        for (stack, url, expected) in [
            ("", "chrome-extension://abcdefgh/logo.png", ErrorOrigin::Extension),
            // Reports of browsers name no more of it than the scheme.
            ("", "chrome-extension", ErrorOrigin::Extension),
            ("", "https://cdn.example/logo.png", ErrorOrigin::App),
            ("", "inline", ErrorOrigin::App),
            ("", "", ErrorOrigin::App),
            (OWN, "chrome-extension://abcdefgh/logo.png", ErrorOrigin::App),
        ] {
            assert_eq!(ErrorOrigin::of("", "x", files(stack), url), expected, "{stack} {url}");
        }
    }

    #[test]
    fn what_browsers_say_of_other_origins_is_nobodys() {
        for (class, message, stack, expected) in [
            ("", "Script error.", "", ErrorOrigin::Opaque),
            ("", "Script error", "", ErrorOrigin::Opaque),
            (" ".trim(), "script error. ", "", ErrorOrigin::Opaque),
            ("", "Script error in line 7", "", ErrorOrigin::App),
            ("", "Uncaught Script error.", "", ErrorOrigin::App),
            ("Error", "Script error.", "", ErrorOrigin::App),
            (
                "",
                "Script error.",
                "pay@https://a.example/app.js:1:2",
                ErrorOrigin::App,
            ),
        ] {
            assert_eq!(ErrorOrigin::of(class, message, files(stack), ""), expected, "{message}");
        }
    }
}
