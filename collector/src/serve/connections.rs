//! Accepts connections and ends them: at most so many, of one client at most so many, each only as long as what it is at may
//! take, and all of them at shutdown, when each finishes the requests it is at.
//!
//! HTTP/1.1 and HTTP/2, by TLS where a certificate is configured. hyper's own limit for slow heads is for HTTP/1 alone: here is
//! one for both, and for connections of which nobody knows yet what they will speak.

mod exchanges;
mod places;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse as _;
use http::header::HOST;
use http::{HeaderValue, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::exchanges::{Answer, Exchanges, Late, Patience, Watched};
use self::places::{Full, Places};
use super::Problem;
use super::headers::{Headers, Readers, Transport};
use super::tls::Certificates;
use crate::client::Client;
use crate::config::{Config, Limits, Proxies};
use crate::meter::Counter;

/// The longest head of a request, and with it the memory of an idle connection, in bytes.
const HEAD_BYTES: usize = 32 << 10;

/// Requests of one HTTP/2 connection at a time: RFC 9113, 6.5.2 would not have fewer.
const STREAMS: u32 = 100;

/// Requests of one HTTP/2 connection that its client has taken back before they were looked at: with one more the connection
/// ends. Who asks and takes back as fast as possible costs a server more than it costs the client (CVE-2023-44487).
const TAKEN_BACK: usize = 20;

/// Requests of one HTTP/2 connection that were broken off because the client broke the protocol: with one more the connection
/// ends (CVE-2025-8671).
const BROKEN_OFF: usize = 100;

/// How long a connection that has to end may take over it.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long an answer may take to be fetched, beyond what its request may take.
const FETCH: Duration = Duration::from_secs(90);

/// The pause after the system had no descriptor left for a connection: it will not have one at once.
const PAUSE: Duration = Duration::from_millis(100);

/// How often the log says that a client has all its places.
const CROWDED_EVERY: Duration = Duration::from_secs(60);

/// Takes connections; a handle.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    limits: Limits,
    patience: Patience,
    proxies: Proxies,
    certificates: Option<Certificates>,
    places: Places,
    /// Requests by HTTP/2: without places of their own a connection could have a hundred bodies in memory.
    requests: Places,
    builder: Builder<TokioExecutor>,
    counts: Counts,
    crowded: Mutex<Option<Instant>>,
}

/// What became of connections, since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted: Counter,
    pub(super) ended: Counter,
    /// Not taken: their client had all its places.
    pub(super) crowded: Counter,
    /// Ended: they did not agree on TLS.
    pub(super) handshake_failed: Counter,
    /// Ended: not in time.
    pub(super) handshake_late: Counter,
    pub(super) head_late: Counter,
    pub(super) idle: Counter,
    pub(super) answer_late: Counter,
    /// Requests by HTTP/2 that found no place.
    pub(super) requests_crowded: Counter,
    pub(super) requests_over: Counter,
}

impl Connections {
    /// Will take connections as `config` says.
    #[must_use]
    pub fn new(config: &Config, certificates: Option<Certificates>) -> Self {
        let Config { limits, sql, .. } = config;
        let places = || Places::new(limits.connections, limits.connections_per_address);
        let longest = (2 * limits.store_timeout).max(sql.time);
        Self(Arc::new(Shared {
            patience: Patience {
                head: limits.header_timeout,
                exchange: limits.body_timeout + longest + FETCH,
            },
            proxies: config.trusted_proxies.clone(),
            certificates,
            places: places(),
            requests: places(),
            builder: builder(limits),
            counts: Counts::default(),
            crowded: Mutex::default(),
            limits: limits.clone(),
        }))
    }

    /// What became of them.
    pub(super) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// How many there may be.
    pub(super) fn limit(&self) -> usize {
        self.0.limits.connections
    }

    /// How the collector is reached by them.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.0.transport()
    }

    /// The certificate, if there is TLS.
    pub(super) fn certificates(&self) -> Option<&Certificates> {
        self.0.certificates.as_ref()
    }

    /// Serves `router` on `listener` until `shutdown`, then lets requests finish for at most [`Limits::drain`].
    pub async fn serve(&self, listener: TcpListener, router: Router, shutdown: CancellationToken) {
        let Shared {
            places, counts, limits, ..
        } = &*self.0;
        let open = TaskTracker::new();
        loop {
            // A place first: without one, connections wait in the system's queue and cost nothing here.
            let free = tokio::select! {
                () = shutdown.cancelled() => break,
                Some(free) = places.free() => free,
            };
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    refused(&error).await;
                    continue;
                }
            };
            let Ok(place) = places.take(free, self.0.client(peer)) else {
                self.0.crowded();
                continue;
            };
            counts.accepted.add(1);
            let shared = Arc::clone(&self.0);
            let connection = shared.connection(stream, peer, router.clone(), shutdown.clone());
            open.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        drop(listener);
        open.close();
        if timeout(limits.drain, open.wait()).await.is_err() {
            tracing::warn!(
                open = open.len(),
                "requests still run after {:?}: leaving them",
                limits.drain
            );
        }
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The watch has a limit for both versions.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES);
    // What has come and was not read yet is in memory: no more of it than a body may have.
    let window = u32::try_from(limits.body_bytes).unwrap_or(u32::MAX >> 1).max(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES as u32)
        .max_pending_accept_reset_streams(TAKEN_BACK)
        .max_local_error_reset_streams(BROKEN_OFF)
        .initial_stream_window_size(window)
        .initial_connection_window_size(window);
    builder
}

impl Shared {
    fn transport(&self) -> Transport {
        match self.certificates {
            Some(_) => Transport::Tls,
            None => Transport::Plain,
        }
    }

    /// Whom limits are for; nobody where a proxy of ours asks for many.
    fn client(&self, peer: SocketAddr) -> Option<Client> {
        (!self.proxies.contain(peer.ip())).then(|| Client::of(peer.ip()))
    }

    /// A connection is not taken. The log says so now and then, and not whose it was.
    fn crowded(&self) {
        self.counts.crowded.add(1);
        let mut said = self.crowded.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if said.is_none_or(|said| now.duration_since(said) >= CROWDED_EVERY) {
            *said = Some(now);
            tracing::warn!(
                limit = self.limits.connections_per_address,
                "an address has all the connections that one may have, and more are not taken; if it is a proxy, list it in \
                 trusted_proxies, or raise limits.connections_per_address"
            );
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        router: Router,
        shutdown: CancellationToken,
    ) {
        // Answers are small, and each is written at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays with Nagle's algorithm");
        }
        let exchanges = Arc::new(Exchanges::new());
        let stream = Watched::new(stream, Arc::clone(&exchanges));
        let asked = Asked {
            shared: Arc::clone(&self),
            router: TowerToHyperService::new(router),
            peer,
            exchanges,
        };
        if let Some(certificates) = &self.certificates {
            let shaken = tokio::select! {
                () = shutdown.cancelled() => return,
                shaken = timeout(self.patience.head, certificates.acceptor().accept(stream)) => shaken,
            };
            match shaken {
                Ok(Ok(stream)) => self.speak(stream, asked, shutdown).await,
                Ok(Err(error)) => {
                    self.counts.handshake_failed.add(1);
                    tracing::debug!(%error, "no TLS was agreed on");
                }
                Err(_) => self.counts.handshake_late.add(1),
            }
        } else {
            self.speak(stream, asked, shutdown).await;
        }
        self.counts.ended.add(1);
    }

    /// Answers what comes over `stream`, for as long as it may stay.
    async fn speak<S>(&self, stream: S, asked: Asked, shutdown: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let exchanges = Arc::clone(&asked.exchanges);
        let service = service_fn(move |request| asked.clone().answer(request));
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        let late = async {
            loop {
                let (deadline, late) = exchanges.deadline(self.patience);
                if deadline <= Instant::now() {
                    return late;
                }
                sleep_until(deadline).await;
            }
        };
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            late = late => {
                self.late(late);
                connection.as_mut().graceful_shutdown();
                // What does not end by itself is dropped.
                timeout(FAREWELL, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    fn late(&self, late: Late) {
        let counts = &self.counts;
        match late {
            Late::Head => counts.head_late.add(1),
            Late::Idle => counts.idle.add(1),
            Late::Answer => counts.answer_late.add(1),
        }
    }
}

/// What answers the requests of one connection.
#[derive(Clone)]
struct Asked {
    shared: Arc<Shared>,
    router: TowerToHyperService<Router>,
    peer: SocketAddr,
    exchanges: Arc<Exchanges>,
}

impl Asked {
    async fn answer(
        self,
        mut request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Answer>, std::convert::Infallible> {
        let exchange = self.exchanges.begin();
        let place = if request.version() == Version::HTTP_2 {
            host(&mut request);
            match self.place() {
                Ok(place) => Some(place),
                Err(full) => {
                    let (head, body) = self.full(full).into_parts();
                    let answer = Answer {
                        body,
                        exchange,
                        place: None,
                    };
                    return Ok(hyper::Response::from_parts(head, answer));
                }
            }
        } else {
            None
        };
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let (head, body) = self.router.call(request).await?.into_parts();
        let answer = Answer { body, exchange, place };
        Ok(hyper::Response::from_parts(head, answer))
    }

    fn place(&self) -> Result<places::Place, Full> {
        let requests = &self.shared.requests;
        requests.take(requests.try_free()?, self.shared.client(self.peer))
    }

    fn full(&self, full: Full) -> axum::response::Response {
        let counts = &self.shared.counts;
        let problem = match full {
            Full::All => {
                counts.requests_over.add(1);
                Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "busy",
                    "the collector has more requests than it takes at a time; send it again later",
                )
            }
            Full::Client => {
                counts.requests_crowded.add(1);
                Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limited",
                    "your address has more requests at a time than one may have; send it again later, or raise \
                     limits.connections_per_address in the collector's configuration",
                )
            }
        };
        let problem = Problem {
            retry_after: Some(1),
            ..problem
        };
        let headers = Headers {
            readers: Readers::Pages,
            transport: self.shared.transport(),
        };
        headers.on(problem.into_response())
    }
}

/// HTTP/2 has the host in the address; those who ask for it know the header.
fn host<B>(request: &mut hyper::Request<B>) {
    if request.headers().contains_key(HOST) {
        return;
    }
    let authority = request.uri().authority().map(|authority| authority.as_str());
    if let Some(host) = authority.and_then(|host| HeaderValue::from_str(host).ok()) {
        request.headers_mut().insert(HOST, host);
    }
}

/// A connection was not accepted: gone again already, or the system is short of something.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "connections cannot be accepted");
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::routing::post;
    use http_body_util::BodyExt as _;
    use http_body_util::channel::Channel;
    use hyper::client::conn::http2;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::mpsc;
    use tokio::task::JoinHandle;

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
            let note =
                axum::middleware::from_fn(move |request: axum::extract::Request, next: axum::middleware::Next| {
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
            let served = tokio::spawn(async move { serving.serve(listener, router, stop).await });
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

    /// An empty SETTINGS frame.
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    async fn connect_from(from: [u8; 4], to: std::net::SocketAddr) -> TcpStream {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        socket.connect(to).await.unwrap()
    }

    /// Reads an answer whose body is `ab`.
    async fn read_answer(stream: &mut TcpStream) {
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
        let mut echo = Echo::start(&[]).await;
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
        let echo = Echo::start(&[("RUM_LIMITS_HEADER_TIMEOUT", "1s")]).await;
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let mut http2 = preface.to_vec();
        http2.extend(SETTINGS);
        // The head of request 1 begins, and says that more of it follows.
        let mut half_a_head = http2.clone();
        half_a_head.extend([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x83]);
        for (sent, late) in [
            (&b""[..], Late::Head),
            (b"P", Late::Head),
            (b"POST / HT", Late::Head),
            (&preface[..5], Late::Head),
            (&http2, Late::Head),
            (&half_a_head, Late::Head),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", Late::Idle),
        ] {
            let counts = echo.connections.counts();
            let (heads, idle) = (counts.head_late.get(), counts.idle.get());
            let mut stream = echo.connect().await;
            stream.write_all(sent).await.unwrap();
            // Ends at all: the server has closed.
            let mut answer = Vec::new();
            #[expect(clippy::disallowed_methods, reason = "a take is before it")]
            (&mut stream).take(1 << 16).read_to_end(&mut answer).await.unwrap();
            let counted = (counts.head_late.get() - heads, counts.idle.get() - idle);
            let expected = if late == Late::Head { (1, 0) } else { (0, 1) };
            assert_eq!(counted, expected, "{:?}", String::from_utf8_lossy(sent));
        }
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
        let mut connections = Connections::new(&Config::load(None, []).unwrap(), None);
        Arc::get_mut(&mut connections.0).unwrap().patience.exchange = Duration::from_secs(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = connections.clone();
        tokio::spawn(async move { serving.serve(listener, router, CancellationToken::new()).await });
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
}
