//! How long connections may stay: over streams in memory, so that time is the test's.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::exchanges::FAREWELL;
use super::tests::{PREFACE, SETTINGS, frame, read_answer};
use super::*;

/// A head of HTTP/2: POST http://a/.
const HEAD: [u8; 6] = [0x83, 0x86, 0x84, 0x41, 1, b'a'];

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS_KIND: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

fn config(limits: &[(&str, &str)]) -> Config {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Config::load(None, limits.iter().map(text)).unwrap()
}

/// A server that echoes at `/` and has a long answer at `/long`.
struct Server(Connections);

const LONG: usize = 10_000;

impl Server {
    fn new() -> Self {
        Self(Connections::new(&config(&[]), None))
    }

    fn connect(&self) -> DuplexStream {
        let router = Router::new()
            .route("/", post(async |body: Bytes| body))
            .route("/long", get(async || "x".repeat(LONG)));
        let (client, stream) = tokio::io::duplex(64 << 10);
        let exchanges = Arc::new(Exchanges::new());
        let shared = Arc::clone(&self.0.0);
        let asked = Arc::new(Asked {
            shared: Arc::clone(&shared),
            server: router.into(),
            peer: ([127, 0, 0, 1], 1).into(),
            exchanges: Arc::clone(&exchanges),
        });
        let stream = Watched::new(stream, exchanges);
        tokio::spawn(async move {
            shared.speak(stream, asked, CancellationToken::new()).await;
        });
        client
    }

    fn patience(&self) -> Patience {
        self.0.0.terms.load().patience
    }

    /// Connections that ended because nobody asked any more, and because an answer was not fetched.
    fn late(&self) -> (u64, u64) {
        let counts = self.0.counts();
        (counts.idle.get(), counts.answer_late.get())
    }
}

/// The next frame of HTTP/2 of this kind: its flags, stream and payload.
async fn next(client: &mut DuplexStream, wanted: u8) -> (u8, u32, Vec<u8>) {
    loop {
        let mut head = [0; 9];
        client.read_exact(&mut head).await.unwrap();
        let [high, middle, low, kind, flags, a, b, c, d] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, high, middle, low]) as usize];
        client.read_exact(&mut payload).await.unwrap();
        if kind == wanted {
            return (flags, u32::from_be_bytes([a, b, c, d]), payload);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_http2_answer_that_waits_for_room_is_being_fetched() {
    let server = Server::new();
    let Patience { head, exchange } = server.patience();
    let mut client = http2::Builder::new(TokioExecutor::new());
    let small = client.initial_stream_window_size(1_000);
    let (mut sender, connection) = small.handshake(TokioIo::new(server.connect())).await.unwrap();
    tokio::spawn(connection);
    let mut ask = async || {
        let request = hyper::Request::get("http://a/long").body(Body::empty()).unwrap();
        sender.send_request(request).await.unwrap().into_body()
    };
    let body = ask().await;
    sleep(4 * head).await;
    assert_eq!(body.collect().await.unwrap().to_bytes().len(), LONG);
    // From its last byte on nothing is open.
    sleep(head.checked_sub(FAREWELL).unwrap()).await;
    let _never_fetched = ask().await;
    sleep(exchange.checked_sub(FAREWELL).unwrap()).await;
    assert_eq!(server.late(), (0, 0));
    sleep(2 * FAREWELL).await;
    assert_eq!(server.late(), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_http2_connection_is_idle_once_its_answers_are_fetched() {
    let server = Server::new();
    let Patience { head, .. } = server.patience();
    let stream = TokioIo::new(server.connect());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::get("http://a/long").body(Body::empty()).unwrap();
    let body = sender.send_request(request).await.unwrap().into_body();
    body.collect().await.unwrap();
    // What the client tells of its windows may prolong that, once.
    sleep(2 * head + FAREWELL).await;
    assert_eq!(server.late(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_on_the_wire_when_its_connection_ends_gets_its_answer() {
    let late = 5 * FAREWELL;
    let (first_half, second_half) = HEAD.split_at(2);
    // The head and the body, or the halves of the head, with a while between them.
    for (before, after) in [
        (frame(HEADERS, END_HEADERS, 3, &HEAD), frame(DATA, END_STREAM, 3, b"cd")),
        (
            frame(HEADERS, 0, 3, first_half),
            [
                frame(CONTINUATION, END_HEADERS, 3, second_half),
                frame(DATA, END_STREAM, 3, b"cd"),
            ]
            .concat(),
        ),
    ] {
        let server = Server::new();
        let mut client = server.connect();
        let mut first = [PREFACE, &SETTINGS].concat();
        first.extend(frame(HEADERS, END_HEADERS, 1, &HEAD));
        first.extend(frame(DATA, END_STREAM, 1, b"ab"));
        client.write_all(&first).await.unwrap();
        assert_eq!(next(&mut client, DATA).await.2, b"ab");

        // Nothing is asked for so long that it has to end.
        next(&mut client, GOAWAY).await;
        let (_, _, ping) = next(&mut client, PING).await;
        assert_eq!(server.late(), (1, 0));
        client.write_all(&before).await.unwrap();
        sleep(late).await;
        client.write_all(&after).await.unwrap();
        assert_eq!(next(&mut client, DATA).await.1, 3);
        // Now the client knows.
        client.write_all(&frame(PING, ACK, 0, &ping)).await.unwrap();
        next(&mut client, GOAWAY).await;
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_the_farewell_is_not_waited_for() {
    let server = Server::new();
    let mut client = server.connect();
    let mut first = [PREFACE, &SETTINGS].concat();
    first.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &HEAD));
    client.write_all(&first).await.unwrap();
    next(&mut client, GOAWAY).await;
    let asked = Instant::now();
    let mut rest = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "a take is before it")]
    client.take(1 << 16).read_to_end(&mut rest).await.unwrap();
    assert!(
        (FAREWELL..2 * FAREWELL).contains(&asked.elapsed()),
        "{:?}",
        asked.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_head_that_begins_in_time_has_its_own_time() {
    const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    let server = Server::new();
    let nearly = server.patience().head.checked_sub(Duration::from_millis(1)).unwrap();
    let mut client = server.connect();
    client.write_all(REQUEST).await.unwrap();
    read_answer(&mut client).await;
    sleep(nearly).await;
    client.write_all(&REQUEST[..10]).await.unwrap();
    sleep(nearly).await;
    client.write_all(&REQUEST[10..]).await.unwrap();
    read_answer(&mut client).await;
    assert_eq!(server.late(), (0, 0));
    // And no more than that, however often a byte comes.
    let quiet = Instant::now();
    sleep(nearly).await;
    for byte in REQUEST {
        if client.write_all(&[*byte]).await.is_err() {
            break;
        }
        sleep(FAREWELL).await;
    }
    assert_eq!(server.late(), (1, 0));
    let most = 2 * server.patience().head + 2 * FAREWELL;
    assert!(quiet.elapsed() <= most, "{:?}", quiet.elapsed());
}

#[tokio::test(start_paused = true)]
async fn windows_are_those_of_the_limits_that_hold_when_a_connection_comes() {
    let server = Server::new();
    let window = async || {
        let mut client = server.connect();
        client.write_all(&[PREFACE, &SETTINGS].concat()).await.unwrap();
        let (_, _, settings) = next(&mut client, SETTINGS_KIND).await;
        // SETTINGS_INITIAL_WINDOW_SIZE
        let found = settings.chunks(6).find(|setting| setting.starts_with(&[0, 4])).unwrap();
        u32::from_be_bytes(found[2..].try_into().unwrap())
    };
    assert_eq!(window().await, 256 << 10);
    server.0.change(&config(&[("RUM_LIMITS_BODY_BYTES", "1 MiB")]));
    assert_eq!(window().await, 1 << 20);
}
