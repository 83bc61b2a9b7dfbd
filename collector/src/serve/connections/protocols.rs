//! What is spoken over connections: HTTP/1.1 and HTTP/2, each within its bounds.

use std::error::Error;

use arc_swap::ArcSwap;
use hyper::body::{Body, Incoming};
use hyper::rt::{Read, Write};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::{Builder, Connection, HttpServerConnExec};

use crate::config::Limits;

/// The longest head of a request, and with it the memory of an idle connection, in bytes.
pub(super) const HEAD_BYTES: usize = 32 << 10;

/// Requests of one HTTP/2 connection at a time: RFC 9113, 6.5.2 would not have fewer.
const STREAMS: u32 = 100;

/// Requests of one HTTP/2 connection that its client has taken back before they were looked at: with one more the connection
/// ends. Who asks and takes back as fast as possible costs a server more than it costs the client (CVE-2023-44487).
const TAKEN_BACK: usize = 20;

/// Requests of one HTTP/2 connection that were broken off because the client broke the protocol: with one more the connection
/// ends (CVE-2025-8671).
const BROKEN_OFF: usize = 100;

/// The smallest window of HTTP/2 that is told, in bytes: what a client may take for granted (RFC 9113, 6.5.2).
const LEAST_WINDOW: u32 = 64 << 10;

/// Both versions, with the bounds that a connection has which comes now.
pub(super) struct Protocols(ArcSwap<Builder<TokioExecutor>>);

impl Protocols {
    pub(super) fn new(limits: &Limits) -> Self {
        Self(ArcSwap::from_pointee(builder(limits)))
    }

    /// Connections that come from now on have these limits.
    pub(super) fn change(&self, limits: &Limits) {
        self.0.store(builder(limits).into());
    }

    /// Has `service` answer what comes over `io`.
    pub(super) fn serve_connection<I, S, B>(&self, io: I, service: S) -> Connection<'static, I, S, TokioExecutor>
    where
        I: Read + Write + Unpin + 'static,
        S: Service<Request<Incoming>, Response = Response<B>>,
        S::Future: 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: Body + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
        TokioExecutor: HttpServerConnExec<S::Future, B>,
    {
        self.0.load().serve_connection(io, service).into_owned()
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
    let window = u32::try_from(limits.body_bytes)
        .unwrap_or(u32::MAX >> 1)
        .max(LEAST_WINDOW);
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
