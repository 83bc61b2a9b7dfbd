//! What a request asks for: the parameters of the HTTP interface sorted into statement, session
//! and delivery. Whatever the interface does not know is a setting, as on a server.

use std::time::Duration;

use hyper::{HeaderMap, Method};

use crate::exception::{Exception, Kind};

/// A request, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// The statement's beginning; the rest of it may stand in the body.
    pub(crate) query: String,
    pub(crate) database: Option<String>,
    pub(crate) default_format: Option<String>,
    pub(crate) query_id: Option<String>,
    /// Values for the statement's `{name:Type}`, in the escaped form of TSV.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) settings: Vec<(String, String)>,
    /// 0: as the connection is; 1: only reads, 2: reads, and settings may still change.
    pub(crate) readonly: Option<String>,
    pub(crate) answer_encoding: Encoding,
    pub(crate) body_encoding: Encoding,
    pub(crate) delivery: Delivery,
}

/// How a body is written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    #[default]
    Plain,
    /// ClickHouse's checked LZ4 blocks.
    Blocks,
}

/// When the answer begins.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// With the first rows.
    #[default]
    Streamed,
    /// After the statement's end, so that every error has its HTTP status (`wait_end_of_query`).
    AtEnd,
}

/// A statement that may take longer, in s, may take a year.
const LONGEST_SECONDS: f64 = 31_536_000.0;

impl Request {
    /// What the statement may take, if its settings say it.
    pub(crate) fn time_limit(&self) -> Option<Duration> {
        let mut settings = self.settings.iter().rev();
        let (_, value) = settings.find(|(name, _)| name == "max_execution_time")?;
        let seconds: f64 = value.parse().ok()?;
        // 0 is no limit to ClickHouse.
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST_SECONDS)))
    }

    /// From the parameters in the address and in the form, the headers and the method.
    ///
    /// # Errors
    /// When a setting has no valid name, or the request needs what is not here: HTTP sessions,
    /// roles, a later version of the Native format.
    pub(crate) fn parse(
        method: &Method,
        headers: &HeaderMap,
        pairs: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Exception> {
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let mut request = Self {
            database: header("x-clickhouse-database"),
            default_format: header("x-clickhouse-format"),
            ..Self::default()
        };
        for (name, value) in pairs {
            match name.as_str() {
                // A statement may come in several pieces, as on a server.
                "query" => request.query.push_str(&value),
                "database" => request.database = Some(value),
                "default_format" => request.default_format = Some(value),
                "query_id" => request.query_id = Some(value),
                "readonly" => request.readonly = Some(value),
                "compress" => request.answer_encoding = Encoding::switch(&value),
                "decompress" => request.body_encoding = Encoding::switch(&value),
                "wait_end_of_query" | "http_wait_end_of_query" => {
                    request.delivery = match switched_on(&value) {
                        Switch::On => Delivery::AtEnd,
                        Switch::Off => Delivery::Streamed,
                    };
                }
                "session_id" | "role" => {
                    let message = format!("'{name}' is not supported by embedded ClickHouse");
                    return Err(Exception::new(Kind::NotImplemented, message));
                }
                "client_protocol_version" if value != "0" => {
                    let message = "only client_protocol_version 0 is supported";
                    return Err(Exception::new(Kind::NotImplemented, message));
                }
                // Credentials were read before; the others change nothing here.
                "user"
                | "password"
                | "quota_key"
                | "stacktrace"
                | "buffer_size"
                | "session_timeout"
                | "session_check"
                | "close_session"
                | "client_protocol_version" => {}
                _ => match name.strip_prefix("param_") {
                    Some(parameter) => request.parameters.push((parameter.to_owned(), value)),
                    None if is_setting(&name) => request.settings.push((name, value)),
                    None => {
                        let message = format!("Unknown setting '{name}'");
                        return Err(Exception::new(Kind::UnknownSetting, message));
                    }
                },
            }
        }
        if method == Method::GET && request.readonly.as_deref().is_none_or(|value| value == "0") {
            // A GET must not change anything; reading it again must be safe.
            request.readonly = Some("2".into());
        }
        request.database = request.database.filter(|name| !name.is_empty());
        request.default_format = request.default_format.filter(|name| !name.is_empty());
        request.query_id = request.query_id.filter(|id| !id.is_empty());
        Ok(request)
    }
}

impl Encoding {
    fn switch(value: &str) -> Self {
        match switched_on(value) {
            Switch::On => Self::Blocks,
            Switch::Off => Self::Plain,
        }
    }
}

enum Switch {
    On,
    Off,
}

fn switched_on(value: &str) -> Switch {
    match value {
        "1" | "true" => Switch::On,
        _ => Switch::Off,
    }
}

/// A name that may stand in a SET statement as it is.
fn is_setting(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: Method, pairs: &[(&str, &str)]) -> Result<Request, Exception> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Request::parse(&method, &HeaderMap::new(), pairs)
    }

    #[test]
    fn parameters_find_their_place() {
        let request = parse(
            Method::POST,
            &[
                ("query", "SELECT {x:String}"),
                ("param_x", "1"),
                ("database", "d"),
                ("max_threads", "2"),
                ("compress", "1"),
                ("decompress", "0"),
                ("wait_end_of_query", "1"),
                ("buffer_size", "100"),
                ("user", "rum"),
                ("query_id", ""),
            ],
        );
        let expected = Request {
            query: "SELECT {x:String}".into(),
            database: Some("d".into()),
            parameters: vec![("x".into(), "1".into())],
            settings: vec![("max_threads".into(), "2".into())],
            answer_encoding: Encoding::Blocks,
            delivery: Delivery::AtEnd,
            ..Request::default()
        };
        assert_eq!(request, Ok(expected));
    }

    #[test]
    fn a_get_only_reads() {
        let readonly = |method, pairs: &[_]| parse(method, pairs).unwrap().readonly;
        assert_eq!(readonly(Method::GET, &[]).as_deref(), Some("2"));
        assert_eq!(readonly(Method::GET, &[("readonly", "0")]).as_deref(), Some("2"));
        assert_eq!(readonly(Method::GET, &[("readonly", "1")]).as_deref(), Some("1"));
        assert_eq!(readonly(Method::POST, &[]), None);
    }

    #[test]
    fn the_last_limit_of_time_counts_and_zero_is_none() {
        let limit = |values: &[&str]| {
            let pairs: Vec<_> = values.iter().map(|value| ("max_execution_time", *value)).collect();
            parse(Method::POST, &pairs).unwrap().time_limit()
        };
        assert_eq!(limit(&[]), None);
        assert_eq!(limit(&["30", "1.5"]), Some(Duration::from_millis(1_500)));
        assert_eq!(limit(&["1e300"]), Some(Duration::from_secs(31_536_000)));
        for none in ["0", "-1", "soon", "NaN"] {
            assert_eq!(limit(&[none]), None, "{none}");
        }
    }

    #[test]
    fn what_is_not_here_is_refused() {
        for (name, code) in [("session_id", 48), ("role", 48), ("a b", 115), ("x=1,y", 115)] {
            let error = parse(Method::POST, &[(name, "1")]).unwrap_err();
            assert_eq!(error.code(), code, "{name}");
        }
    }
}
