//! ClickHouse exceptions: the one place where their text is taken apart and put together.

use hyper::StatusCode;

/// An error as ClickHouse's clients know it: a code, and a text that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    code: u32,
    message: String,
    name: String,
}

impl Exception {
    /// An error of our own, under the code that a server would use.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        let (code, name) = kind.code_and_name();
        Self {
            code,
            message: message.into(),
            name: name.to_owned(),
        }
    }

    /// An error of the engine. Its text may carry prefix and name once, or several times over
    /// (`Code: 73. DB::Exception: Code: 73. DB::Exception: … (NAME) (version …). (NAME)`).
    pub(crate) fn from_engine(text: &str) -> Self {
        let Some((code, mut message)) = split_code(text) else {
            return Self::new(Kind::StdException, text);
        };
        while let Some((inner_code, inner)) = split_code(message) {
            if inner_code != code {
                break;
            }
            message = inner;
        }
        let Some((end, name)) = find_name(message) else {
            return Self {
                code,
                message: message.trim_end().to_owned(),
                name: String::new(),
            };
        };
        Self {
            code,
            message: message[..end].trim_end().to_owned(),
            name: name.to_owned(),
        }
    }

    /// The number that `X-ClickHouse-Exception-Code` carries.
    pub(crate) fn code(&self) -> u32 {
        self.code
    }

    /// The text of the answer's body, without a newline at its end.
    pub(crate) fn text(&self, version: &str) -> String {
        let Self { code, message, name } = self;
        let name = if name.is_empty() {
            String::new()
        } else {
            format!(" ({name})")
        };
        format!("Code: {code}. DB::Exception: {message}{name} (version {version})")
    }

    /// The HTTP status a server answers with (its `exceptionCodeToHTTPStatus`).
    pub(crate) fn status(&self) -> StatusCode {
        match self.code {
            192 | 193 | 512 | 516 => StatusCode::FORBIDDEN,
            194 => StatusCode::UNAUTHORIZED,
            6
            | 15
            | 25..=27
            | 36..=38
            | 41
            | 44
            | 53
            | 62
            | 72
            | 117
            | 123
            | 167
            | 168
            | 223
            | 321
            | 376
            | 427
            | 675
            | 676 => StatusCode::BAD_REQUEST,
            46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 115 | 139 | 152 | 336 => StatusCode::NOT_FOUND,
            229 => StatusCode::PAYLOAD_TOO_LARGE,
            48 => StatusCode::NOT_IMPLEMENTED,
            76 | 202 | 209 | 439 => StatusCode::SERVICE_UNAVAILABLE,
            159 => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The errors that the HTTP side itself raises.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Aborted,
    AuthenticationFailed,
    BadArguments,
    CannotDecompress,
    ChecksumDoesntMatch,
    NotEnoughSpace,
    NotImplemented,
    QueryIsTooLarge,
    StdException,
    SyntaxError,
    TooManySimultaneousQueries,
    UnknownCompressionMethod,
    UnknownSetting,
    UnknownStatusOfInsert,
}

impl Kind {
    fn code_and_name(self) -> (u32, &'static str) {
        match self {
            Self::Aborted => (236, "ABORTED"),
            Self::AuthenticationFailed => (516, "AUTHENTICATION_FAILED"),
            Self::BadArguments => (36, "BAD_ARGUMENTS"),
            Self::CannotDecompress => (271, "CANNOT_DECOMPRESS"),
            Self::ChecksumDoesntMatch => (40, "CHECKSUM_DOESNT_MATCH"),
            Self::NotEnoughSpace => (243, "NOT_ENOUGH_SPACE"),
            Self::NotImplemented => (48, "NOT_IMPLEMENTED"),
            Self::StdException => (1001, "STD_EXCEPTION"),
            Self::SyntaxError => (62, "SYNTAX_ERROR"),
            Self::QueryIsTooLarge => (229, "QUERY_IS_TOO_LARGE"),
            Self::TooManySimultaneousQueries => (202, "TOO_MANY_SIMULTANEOUS_QUERIES"),
            Self::UnknownCompressionMethod => (89, "UNKNOWN_COMPRESSION_METHOD"),
            Self::UnknownSetting => (115, "UNKNOWN_SETTING"),
            Self::UnknownStatusOfInsert => (319, "UNKNOWN_STATUS_OF_INSERT"),
        }
    }
}

/// `Code: N. DB::Exception: rest` (or another class of the same family).
fn split_code(text: &str) -> Option<(u32, &str)> {
    let (code, rest) = text.strip_prefix("Code: ")?.split_once(". ")?;
    let (class, rest) = rest.split_once(": ")?;
    (class.starts_with("DB::") && class.ends_with("Exception"))
        .then_some(())
        .and_then(|()| Some((code.parse().ok()?, rest)))
}

/// The first ` (UPPER_CASE)` that ends the message: at the end of the text, or before the version
/// or an outer copy of the same name.
fn find_name(message: &str) -> Option<(usize, &str)> {
    message.match_indices(" (").find_map(|(start, opening)| {
        let rest = &message[start + opening.len()..];
        let (name, after) = rest.split_once(')')?;
        let is_name = name.len() > 2
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        let after = after.trim_end();
        let ends = after.is_empty() || after.starts_with(" (version") || after.starts_with(". (");
        (is_name && ends).then_some((start, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: u32, expected: &str) {
        let exception = Exception::from_engine(text);
        assert_eq!(exception.code(), code);
        assert_eq!(exception.text("1.2"), expected);
    }

    #[test]
    fn engine_texts_are_normalised() {
        check(
            "Code: 60. DB::Exception: Table (X) is gone. (UNKNOWN_TABLE)",
            60,
            "Code: 60. DB::Exception: Table (X) is gone. (UNKNOWN_TABLE) (version 1.2)",
        );
        check(
            "Code: 27. DB::Exception: bad: (at row 1)\n. (CANNOT_PARSE) (version 26.7.2.1)",
            27,
            "Code: 27. DB::Exception: bad: (at row 1)\n. (CANNOT_PARSE) (version 1.2)",
        );
        check(
            "Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format X. (UNKNOWN_FORMAT) \
             (version 26.7.2.1). (UNKNOWN_FORMAT)",
            73,
            "Code: 73. DB::Exception: Unknown format X. (UNKNOWN_FORMAT) (version 1.2)",
        );
        check(
            "Code: 210. DB::NetException: gone (NETWORK_ERROR)",
            210,
            "Code: 210. DB::Exception: gone (NETWORK_ERROR) (version 1.2)",
        );
        check(
            "something else",
            1001,
            "Code: 1001. DB::Exception: something else (STD_EXCEPTION) (version 1.2)",
        );
    }

    #[test]
    fn statuses_are_those_of_a_server() {
        for (code, status) in [(62, 400), (60, 404), (81, 404), (115, 404), (516, 403), (241, 500)] {
            let exception = Exception {
                code,
                message: String::new(),
                name: String::new(),
            };
            assert_eq!(exception.status().as_u16(), status, "code {code}");
        }
    }
}
