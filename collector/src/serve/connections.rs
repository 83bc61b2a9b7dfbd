//! Accepts connections, at most so many, and ends them all at shutdown: each finishes the request it is at.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Limits;

/// The longest head of a request, and with it the memory of an idle connection, in bytes.
const HEAD_BYTES: usize = 32 << 10;

/// The pause after the system had no descriptor left for a connection: it will not have one at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `shutdown`, then lets requests finish for at most [`Limits::drain`].
pub async fn serve(listener: TcpListener, router: Router, limits: &Limits, shutdown: CancellationToken) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        // A place first: without one, connections wait in the system's queue and cost nothing here.
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, router.clone(), limits.header_timeout, shutdown.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => refused(&error).await,
        }
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(
            open = connections.len(),
            "requests still run after {:?}: leaving them",
            limits.drain
        );
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    header_timeout: Duration,
    shutdown: CancellationToken,
) {
    // Answers are small, and each is written at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays with Nagle's algorithm");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
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
    use axum::body::Bytes;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::mpsc;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::config::Config;

    /// A server that echoes, and says when a request has begun.
    struct Echo {
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
            let limits = Config::load(None, limits).unwrap().limits;
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
            let served = tokio::spawn(async move { serve(listener, router, &limits, stop).await });
            Self {
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
        for sent in [
            &b""[..],
            b"POST / HT",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
        ] {
            let mut stream = echo.connect().await;
            stream.write_all(sent).await.unwrap();
            // Ends at all: the server has closed.
            rest(&mut stream).await;
        }
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
