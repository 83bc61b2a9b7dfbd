//! Accepts connections and ends them: at most so many, of one client at most so many, each only as long as what it is at may
//! take, and all of them at shutdown, when each finishes the requests it is at.
//!
//! HTTP/1.1 and HTTP/2, by TLS where a certificate is configured. hyper's own limit for slow heads is for HTTP/1 alone: here is
//! one for both, and for connections of which nobody knows yet what they will speak.

mod answer;
mod asked;
mod exchanges;
mod places;
mod protocols;
mod watched;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::asked::Asked;
use self::exchanges::{Exchanges, Late, Patience};
use self::places::Places;
use self::protocols::Protocols;
use self::watched::Watched;
use super::headers::Transport;
use super::server::Server;
use super::tls::Certificates;
use crate::client::Client;
use crate::config::{Config, Limits, Proxies};
use crate::meter::Counter;

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
    terms: ArcSwap<Terms>,
    certificates: Option<Certificates>,
    places: Places,
    /// Requests by HTTP/2: without places of their own a connection could have a hundred bodies in memory.
    requests: Places,
    builder: Protocols,
    counts: Counts,
    crowded: Mutex<Option<Instant>>,
}

/// What a changed configuration says anew. Patience holds at once, proxies for connections that come after it, as protocols do.
struct Terms {
    patience: Patience,
    proxies: Proxies,
}

impl Terms {
    fn of(
        Config {
            limits,
            sql,
            trusted_proxies,
            ..
        }: &Config,
    ) -> Self {
        let longest = (2 * limits.store_timeout).max(sql.time);
        Self {
            patience: Patience {
                head: limits.header_timeout,
                exchange: limits.body_timeout + longest + FETCH,
            },
            proxies: trusted_proxies.clone(),
        }
    }
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
        let limits = &config.limits;
        let places = || Places::new(limits.connections, limits.connections_per_address);
        Self(Arc::new(Shared {
            terms: ArcSwap::from_pointee(Terms::of(config)),
            certificates,
            places: places(),
            requests: places(),
            builder: Protocols::new(limits),
            counts: Counts::default(),
            crowded: Mutex::default(),
            limits: limits.clone(),
        }))
    }

    /// Takes them as `config` says from now on; how many there may be stays as it is.
    pub(crate) fn change(&self, config: &Config) {
        self.0.terms.store(Arc::new(Terms::of(config)));
        self.0.builder.change(&config.limits);
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

    /// Serves `server` on `listener` until `shutdown`, then lets requests finish for at most [`Limits::drain`].
    pub async fn serve(&self, listener: TcpListener, server: Server, shutdown: CancellationToken) {
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
            let connection = shared.connection(stream, peer, server.clone(), shutdown.clone());
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

impl Shared {
    fn transport(&self) -> Transport {
        match self.certificates {
            Some(_) => Transport::Tls,
            None => Transport::Plain,
        }
    }

    /// Whom limits are for; nobody where a proxy of ours asks for many.
    fn client(&self, peer: SocketAddr) -> Option<Client> {
        (!self.terms.load().proxies.contain(peer.ip())).then(|| Client::of(peer.ip()))
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
        server: Server,
        shutdown: CancellationToken,
    ) {
        // Answers are small, and each is written at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays with Nagle's algorithm");
        }
        let exchanges = Arc::new(Exchanges::new());
        let stream = Watched::new(stream, Arc::clone(&exchanges));
        let asked = Arc::new(Asked {
            shared: Arc::clone(&self),
            server,
            peer,
            exchanges,
        });
        if let Some(certificates) = &self.certificates {
            let shaken = tokio::select! {
                () = shutdown.cancelled() => return,
                shaken = timeout(self.terms.load().patience.head, certificates.acceptor().accept(stream)) => shaken,
            };
            match shaken {
                Ok(Ok(stream)) => {
                    asked.exchanges.restart();
                    self.speak(stream, asked, shutdown).await;
                }
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

    /// Answers what comes over `stream`, for as long as it may stay. Then it is asked to end, and what has come by then still gets
    /// its answer: a client learns of the end later than it is decided.
    async fn speak<S>(&self, stream: S, asked: Arc<Asked>, shutdown: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let exchanges = Arc::clone(&asked.exchanges);
        let patience = || self.terms.load().patience;
        let service = service_fn(move |request| Arc::clone(&asked).answer(request));
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        // Looked at only when it is woken itself: a connection is woken at each step of each request, and to look at `shutdown`
        // takes a lock that all connections share.
        let mut end = FuturesUnordered::new();
        end.push(async {
            tokio::select! {
                () = shutdown.cancelled() => None,
                late = exchanges.late(patience) => Some(late),
            }
        });
        let served = tokio::select! {
            // First what has come, then whether nothing did.
            biased;
            served = connection.as_mut() => served,
            Some(end) = end.next() => {
                connection.as_mut().graceful_shutdown();
                match end {
                    // Then it is the whole collector that ends, and has its own limit.
                    None => connection.await,
                    Some(late) => {
                        self.late(late);
                        tokio::select! {
                            biased;
                            served = connection => served,
                            // What does not end by itself is dropped.
                            () = exchanges.farewell(patience) => Ok(()),
                        }
                    }
                }
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

/// A connection was not accepted: gone again already, or the system is short of something.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "connections cannot be accepted");
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod time_tests;
