//! What the tests share: a child of their own, a client for it, and an HTTP client so plain that it
//! can also send what no good client would.

use std::{fmt::Write as _, time::Duration};

use clickhouse::Client;
use embedded_clickhouse::{ChildOptions, Endpoint, LONGEST_PAUSE, Supervisor, SupervisorOptions, find_library};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// No wait of these tests may take longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running child, its data, and where it answers.
pub(crate) struct Embedded {
    pub(crate) supervisor: Supervisor,
    pub(crate) endpoint: Endpoint,
    pub(crate) data: TempDir,
}

impl Embedded {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut ChildOptions)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), change).await
    }

    pub(crate) async fn start_on(data: TempDir) -> Self {
        Self::start_in(data, |_| {}).await
    }

    async fn start_in(data: TempDir, change: impl FnOnce(&mut ChildOptions)) -> Self {
        let supervisor = Supervisor::start(options(&data, change));
        let endpoint = timeout(PATIENCE, supervisor.ready()).await.unwrap().unwrap();
        Self {
            supervisor,
            endpoint,
            data,
        }
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.endpoint)
    }

    /// Runs a statement over plain HTTP and gives the answer's text.
    pub(crate) async fn sql(&self, sql: &str) -> String {
        let answer = self.post("", sql.as_bytes()).await;
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
        answer.text()
    }

    /// Sends `body` with the secret; `query` is the part of the address behind the `?`.
    pub(crate) async fn post(&self, query: &str, body: &[u8]) -> Answer {
        self.exchange(
            &self.head("POST", query, &format!("Content-Length: {}", body.len())),
            body,
        )
        .await
    }

    pub(crate) async fn get(&self, query: &str) -> Answer {
        self.exchange(&self.head("GET", query, "Accept: */*"), b"").await
    }

    /// The head of a request with the secret and one more header.
    pub(crate) fn head(&self, method: &str, query: &str, header: &str) -> String {
        let Endpoint { user, secret, .. } = &self.endpoint;
        let secret = secret.expose();
        format!(
            "{method} /?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             X-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {secret}\r\n{header}\r\n\r\n"
        )
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        let address = self.endpoint.url.strip_prefix("http://").unwrap();
        TcpStream::connect(address).await.unwrap()
    }

    /// Sends exactly these bytes and reads to the end of the connection.
    pub(crate) async fn exchange(&self, head: &str, body: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        // A server may answer and close before it has read all.
        let _ = stream.write_all(body).await;
        Answer::read(stream).await
    }
}

pub(crate) fn options(data: &TempDir, change: impl FnOnce(&mut ChildOptions)) -> SupervisorOptions {
    let library = find_library(None).unwrap_or_else(|error| panic!("{error}"));
    let mut child = ChildOptions::new(data.path().join("clickhouse"), library);
    change(&mut child);
    SupervisorOptions {
        program: env!("CARGO_BIN_EXE_embedded-clickhouse-child").into(),
        arguments: Vec::new(),
        child,
        longest_pause: LONGEST_PAUSE,
    }
}

pub(crate) fn client(endpoint: &Endpoint) -> Client {
    Client::default()
        .with_url(&endpoint.url)
        .with_user(&endpoint.user)
        .with_password(endpoint.secret.expose())
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) ending: Ending,
}

/// How a body ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// At its announced length, or with its last chunk.
    Complete,
    /// Before that.
    BrokenOff,
}

impl Answer {
    #[expect(clippy::disallowed_methods, reason = "these tests know how much they ask for")]
    pub(crate) async fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut bytes))
            .await
            .unwrap()
            .unwrap();
        Self::of(&bytes)
    }

    /// Of a request whose body never came whole: whoever reads it may answer, or just close.
    #[expect(clippy::disallowed_methods, reason = "these tests know how much they ask for")]
    pub(crate) async fn read_some(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A connection that is reset has ended, too.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
        if bytes.is_empty() {
            Self::left()
        } else {
            Self::of(&bytes)
        }
    }

    /// To HEAD: it announces a body that does not come.
    pub(crate) async fn read_head(stream: TcpStream) -> Self {
        Self {
            ending: Ending::Complete,
            ..Self::read(stream).await
        }
    }

    /// None.
    pub(crate) fn left() -> Self {
        Self {
            status: 0,
            headers: Vec::new(),
            body: Vec::new(),
            ending: Ending::BrokenOff,
        }
    }

    fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("an HTTP head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let chunked = headers.iter().any(|(name, _)| name == "transfer-encoding");
        let (body, ending) = if chunked {
            unchunk(&bytes[end + 4..])
        } else {
            (bytes[end + 4..].to_vec(), Ending::Complete)
        };
        Self {
            status,
            headers,
            body,
            ending,
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Asserts an error of this code and status.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: u32) {
        let text = self.text();
        assert_eq!(self.status, status, "{text}");
        assert_eq!(
            self.header("x-clickhouse-exception-code"),
            Some(&*code.to_string()),
            "{text}"
        );
        assert!(text.starts_with(&format!("Code: {code}. DB::Exception: ")), "{text}");
    }
}

fn unchunk(mut bytes: &[u8]) -> (Vec<u8>, Ending) {
    let mut body = Vec::new();
    loop {
        let Some(line) = bytes.windows(2).position(|w| w == b"\r\n") else {
            return (body, Ending::BrokenOff);
        };
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).unwrap(), 16).unwrap();
        if length == 0 {
            return (body, Ending::Complete);
        }
        let Some(chunk) = bytes.get(line + 2..line + 2 + length) else {
            return (body, Ending::BrokenOff);
        };
        body.extend_from_slice(chunk);
        bytes = bytes.get(line + 4 + length..).unwrap_or_default();
    }
}

/// `text` as it may stand in an address.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(byte.into());
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}
