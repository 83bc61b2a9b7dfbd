//! With real sockets on loopback.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::post;
use http::StatusCode;
use http_body_util::BodyExt as _;
use http_body_util::channel::Channel;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::protocols::HEAD_BYTES;
use super::*;
use crate::config::Config;

/// A server that echoes, and says when a request has begun.
struct Echo {
    connections: Connections,
    address: std::net::SocketAddr,
    begun: mpsc::Receiver<()>,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
}

impl Echo {
    async fn start(limits: &[(&str, &str)]) -> Self {
        let limits = limits
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let connections = Connections::new(&Config::load(None, limits).unwrap(), None);
        let (begin, begun) = mpsc::channel(8);
        let note = axum::middleware::from_fn(move |request: axum::extract::Request, next: axum::middleware::Next| {
            let begin = begin.clone();
            async move {
                begin.send(()).await.unwrap();
                next.run(request).await
            }
        });
        let router = Router::new().route("/", post(async |body: Bytes| body)).layer(note);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let serving = connections.clone();
        let served = tokio::spawn(async move { serving.serve(listener, router.into(), stop).await });
        Self {
            connections,
            address,
            begun,
            shutdown,
            served,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// How HTTP/2 begins.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// An empty SETTINGS frame.
pub(super) const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

async fn connect_from(from: [u8; 4], to: std::net::SocketAddr) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Reads an answer whose body is `ab`.
pub(super) async fn read_answer(stream: &mut (impl AsyncRead + Unpin)) {
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\nab") {
        let mut bytes = [0; 512];
        let read = stream.read(&mut bytes).await.unwrap();
        assert_ne!(read, 0, "{answer}");
        answer.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
}

/// What comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    #[expect(clippy::disallowed_methods, reason = "a take is before it")]
    stream.take(1 << 16).read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_request_that_has_begun_is_finished_at_shutdown() {
    let mut echo = Echo::start(&[("RUM_LIMITS_DRAIN", "60s")]).await;
    let mut idle = echo.connect().await;
    let mut busy = echo.connect().await;
    busy.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
        .await
        .unwrap();
    echo.begun.recv().await.unwrap();
    echo.shutdown.cancel();
    assert_eq!(rest(&mut idle).await, "", "an idle connection is closed");
    busy.write_all(b"cd").await.unwrap();
    let answer = rest(&mut busy).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("abcd"),
        "{answer}"
    );
    echo.served.await.unwrap();
    assert!(
        TcpStream::connect(echo.address).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_left() {
    let mut echo = Echo::start(&[("RUM_LIMITS_DRAIN", "1s")]).await;
    let mut stuck = echo.connect().await;
    stuck
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        .await
        .unwrap();
    echo.begun.recv().await.unwrap();
    echo.shutdown.cancel();
    echo.served.await.unwrap();
}

#[tokio::test]
async fn heads_that_come_too_slowly_end_their_connection() {
    // Long enough for what is sent at once to arrive on a machine that stands still for a while.
    let echo = Echo::start(&[("RUM_LIMITS_HEADER_TIMEOUT", "10s")]).await;
    let mut http2 = PREFACE.to_vec();
    http2.extend(SETTINGS);
    // The head of request 1 begins, and says that more of it follows.
    let mut half_a_head = http2.clone();
    half_a_head.extend([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x83]);
    let mut slow = Vec::new();
    for sent in [
        &b""[..],
        b"P",
        b"POST / HT",
        &PREFACE[..5],
        &http2,
        &half_a_head,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
    ] {
        let mut stream = echo.connect().await;
        stream.write_all(sent).await.unwrap();
        slow.push(stream);
    }
    for mut stream in slow {
        // Ends at all: the server has closed.
        let mut answer = Vec::new();
        #[expect(clippy::disallowed_methods, reason = "a take is before it")]
        (&mut stream).take(1 << 16).read_to_end(&mut answer).await.unwrap();
    }
    let counts = echo.connections.counts();
    // The last one was answered, and asked for nothing more.
    assert_eq!((counts.head_late.get(), counts.idle.get()), (6, 1));
}

#[tokio::test]
async fn one_address_does_not_get_all_places() {
    let limits = [
        ("RUM_LIMITS_CONNECTIONS", "3"),
        ("RUM_LIMITS_CONNECTIONS_PER_ADDRESS", "2"),
    ];
    let echo = Echo::start(&limits).await;
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    let (mut first, mut second) = (echo.connect().await, echo.connect().await);
    for stream in [&mut first, &mut second] {
        stream.write_all(request).await.unwrap();
        read_answer(stream).await;
    }
    let mut third = echo.connect().await;
    let closed = third.read(&mut [0; 1]).await;
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    assert_eq!(echo.connections.counts().crowded.get(), 1);
    let mut other = connect_from([127, 0, 0, 2], echo.address).await;
    other.write_all(request).await.unwrap();
    read_answer(&mut other).await;
    // A place that is free again is found free.
    drop(first);
    loop {
        let mut again = echo.connect().await;
        if again.write_all(request).await.is_ok() && again.read(&mut [0; 1]).await.is_ok_and(|read| read == 1) {
            break;
        }
    }
}

#[tokio::test]
async fn a_proxy_of_ours_may_have_all_places() {
    let limits = [
        ("RUM_TRUSTED_PROXIES", "[\"127.0.0.0/8\"]"),
        ("RUM_LIMITS_CONNECTIONS_PER_ADDRESS", "1"),
    ];
    let echo = Echo::start(&limits).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut stream = echo.connect().await;
        stream
            .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
            .await
            .unwrap();
        read_answer(&mut stream).await;
        open.push(stream);
    }
    assert_eq!(echo.connections.counts().crowded.get(), 0);
}

#[tokio::test]
async fn requests_of_one_http2_connection_take_places_too() {
    let limits = [
        ("RUM_LIMITS_CONNECTIONS_PER_ADDRESS", "2"),
        ("RUM_LIMITS_HEADER_TIMEOUT", "5m"),
    ];
    let mut echo = Echo::start(&limits).await;
    let stream = TokioIo::new(echo.connect().await);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let ask = |body: Body| {
        let mut sender = sender.clone();
        async move {
            let request = hyper::Request::post("http://a/").body(body).unwrap();
            sender.send_request(request).await.unwrap()
        }
    };
    // Two that do not end by themselves.
    let (one, body) = Channel::<Bytes>::new(1);
    let first = tokio::spawn(ask(Body::new(body)));
    let (two, body) = Channel::<Bytes>::new(1);
    let second = tokio::spawn(ask(Body::new(body)));
    echo.begun.recv().await.unwrap();
    echo.begun.recv().await.unwrap();
    let refused = ask(Body::from("ab")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    assert_eq!(refused.headers()["x-request-id"].len(), 16);
    assert_eq!(echo.connections.counts().requests_crowded.get(), 1);
    drop((one, two));
    for answered in [first, second] {
        let answer = answered.await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        // With its last byte its place is free.
        answer.into_body().collect().await.unwrap();
    }
    assert_eq!(ask(Body::from("ab")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_answer_that_nobody_fetches_ends_its_connection() {
    // More than all buffers between here and there.
    let body = Bytes::from(vec![b'x'; 64 << 20]);
    let router = Router::new().route("/", axum::routing::get(async move || body));
    let connections = Connections::new(&Config::load(None, []).unwrap(), None);
    let Patience { head, .. } = connections.0.terms.load().patience;
    connections.0.terms.store(Arc::new(Terms {
        patience: Patience {
            head,
            exchange: Duration::from_secs(1),
        },
        proxies: Proxies::default(),
    }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = connections.clone();
    tokio::spawn(async move { serving.serve(listener, router.into(), CancellationToken::new()).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let counts = connections.counts();
    while counts.ended.get() == 0 {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((counts.answer_late.get(), counts.idle.get()), (1, 0));
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_their_turn() {
    let mut echo = Echo::start(&[("RUM_LIMITS_CONNECTIONS", "1")]).await;
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab";
    let mut first = echo.connect().await;
    first.write_all(&request[..20]).await.unwrap();
    let mut second = echo.connect().await;
    second.write_all(request).await.unwrap();
    first.write_all(&request[20..]).await.unwrap();
    assert!(rest(&mut first).await.ends_with("ab"));
    assert!(rest(&mut second).await.ends_with("ab"));
    echo.begun.recv().await.unwrap();
    echo.begun.recv().await.unwrap();
}

/// A frame of HTTP/2: type, flags, stream, payload.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head, &stream.to_be_bytes()[..], payload].concat()
}

#[tokio::test]
async fn who_asks_and_takes_back_as_fast_as_possible_loses_the_connection() {
    let echo = Echo::start(&[]).await;
    let mut stream = echo.connect().await;
    let mut flood = PREFACE.to_vec();
    flood.extend(SETTINGS);
    for request in 0..1_000 {
        let number = 2 * request + 1;
        // POST http://a/, its head whole; and then it is cancelled.
        flood.extend(frame(1, 4, number, &[0x83, 0x86, 0x84, 0x41, 1, b'a']));
        flood.extend(frame(3, 0, number, &8_u32.to_be_bytes()));
    }
    // It may be closed before all is written.
    let _ = stream.write_all(&flood).await;
    // GOAWAY, or a reset before that could be read; without a limit it would be an idle connection's time.
    let mut answer = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "a take is before it")]
    let _ = stream.take(1 << 16).read_to_end(&mut answer).await;
    let counts = echo.connections.counts();
    assert_eq!((counts.head_late.get(), counts.idle.get()), (0, 0), "{answer:?}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_by_either_version() {
    let echo = Echo::start(&[]).await;
    let long = "a".repeat(2 * HEAD_BYTES);
    let mut stream = echo.connect().await;
    let request = format!("POST / HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n\r\n");
    let _ = stream.write_all(request.as_bytes()).await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");

    let stream = TokioIo::new(echo.connect().await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::post("http://a/").header("x-long", &long);
    match sender.send_request(request.body(Body::empty()).unwrap()).await {
        Ok(answer) => assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        Err(error) => assert!(!error.is_canceled(), "{error:?}"),
    }
}
