//! The method of a request as spans name it. Anybody may make methods up, and a name for each of them would make the names of spans
//! without end. <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>

use http::Method;

/// Characters of a made-up method that are told.
const ORIGINAL_CHARS: usize = 32;

/// How spans name a method.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SpanMethod {
    /// A method of RFC 9110 or of RFC 5789 (`PATCH`), or `_OTHER`.
    pub(super) known: &'static str,
    /// What the span's name begins with.
    pub(super) in_span_name: &'static str,
    /// What was sent, where that is another text.
    pub(super) original: Option<String>,
}

impl SpanMethod {
    pub(super) fn of(method: &Method) -> Self {
        let known = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            Method::CONNECT => "CONNECT",
            Method::OPTIONS => "OPTIONS",
            Method::TRACE => "TRACE",
            Method::PATCH => "PATCH",
            _ => {
                return Self {
                    known: "_OTHER",
                    in_span_name: "HTTP",
                    original: Some(method.as_str().chars().take(ORIGINAL_CHARS).collect()),
                };
            }
        };
        Self {
            known,
            in_span_name: known,
            original: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_somebody_made_up_names_no_span() {
        let long = "M".repeat(1_000);
        for (sent, known, in_span_name, original) in [
            ("POST", "POST", "POST", None),
            ("PATCH", "PATCH", "PATCH", None),
            ("CONNECT", "CONNECT", "CONNECT", None),
            // Methods are told apart by case.
            ("post", "_OTHER", "HTTP", Some("post")),
            ("BREW", "_OTHER", "HTTP", Some("BREW")),
            ("PROPFIND", "_OTHER", "HTTP", Some("PROPFIND")),
            (&long, "_OTHER", "HTTP", Some(&long[..ORIGINAL_CHARS])),
        ] {
            let expected = SpanMethod {
                known,
                in_span_name,
                original: original.map(str::to_owned),
            };
            assert_eq!(SpanMethod::of(&sent.parse().unwrap()), expected, "{sent}");
        }
    }
}
