//! What a connection is at: requests that are being answered, or nothing. From that follows how long it may stay.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::places::Place;

/// How long a connection may be at something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Until the head of the next request has come whole.
    pub(super) head: Duration,
    /// From there until the last byte of its answer was fetched.
    pub(super) exchange: Duration,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// The first head did not come whole.
    Head,
    /// No further one came whole: mostly nobody has anything to ask any more.
    Idle,
    /// An answer was not fetched.
    Answer,
}

/// The requests of one connection.
pub(super) struct Exchanges {
    state: Mutex<State>,
    /// Whether the peer has to read before more can be written.
    blocked: AtomicBool,
}

struct State {
    /// Those that are being answered, the oldest first, each with its number.
    open: Vec<(u64, Instant)>,
    begun: u64,
    quiet_since: Instant,
}

impl Exchanges {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                open: Vec::new(),
                begun: 0,
                quiet_since: Instant::now(),
            }),
            blocked: AtomicBool::new(false),
        }
    }

    /// The time for the first head begins here: a handshake before it had its own.
    pub(super) fn restart(&self) {
        self.state().quiet_since = Instant::now();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        let mut state = self.state();
        state.begun += 1;
        let number = state.begun;
        state.open.push((number, Instant::now()));
        Exchange {
            exchanges: Arc::clone(self),
            number,
        }
    }

    /// Until when the connection may stay if nothing changes, and what will be late then.
    pub(super) fn deadline(&self, patience: Patience) -> (Instant, Late) {
        let state = self.state();
        match state.open.first() {
            Some((_, since)) => (*since + patience.exchange, Late::Answer),
            // The end of an answer is on its way.
            None if self.blocked.load(Ordering::Relaxed) => (state.quiet_since + patience.exchange, Late::Answer),
            None if state.begun == 0 => (state.quiet_since + patience.head, Late::Head),
            None => (state.quiet_since + patience.head, Late::Idle),
        }
    }
}

/// A request that is being answered, until this is dropped.
pub(super) struct Exchange {
    exchanges: Arc<Exchanges>,
    number: u64,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.exchanges.state();
        state.open.retain(|(number, _)| *number != self.number);
        if state.open.is_empty() {
            state.quiet_since = Instant::now();
        }
    }
}

pin_project! {
    /// The body of an answer: with its end the request's time ends, and its place is free.
    pub(super) struct Answer {
        #[pin]
        pub(super) body: Body,
        pub(super) exchange: Exchange,
        pub(super) place: Option<Place>,
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.project().body.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that notes whether its peer reads.
pub(super) struct Watched {
    stream: TcpStream,
    exchanges: Arc<Exchanges>,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, exchanges: Arc<Exchanges>) -> Self {
        Self { stream, exchanges }
    }

    fn noted<T>(&self, written: Poll<T>) -> Poll<T> {
        self.exchanges.blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(1),
        exchange: Duration::from_secs(60),
    };

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_stay_as_long_as_what_it_is_at_may_take() {
        let exchanges = Arc::new(Exchanges::new());
        let began = Instant::now();
        let late = |after: Duration, late| (began + after, late);
        assert_eq!(exchanges.deadline(PATIENCE), late(PATIENCE.head, Late::Head));

        let first = exchanges.begin();
        tokio::time::advance(Duration::from_secs(10)).await;
        let second = exchanges.begin();
        assert_eq!(exchanges.deadline(PATIENCE), late(PATIENCE.exchange, Late::Answer));
        drop(first);
        let ten = Duration::from_secs(10);
        assert_eq!(
            exchanges.deadline(PATIENCE),
            late(ten + PATIENCE.exchange, Late::Answer)
        );
        tokio::time::advance(ten).await;
        drop(second);
        assert_eq!(exchanges.deadline(PATIENCE), late(2 * ten + PATIENCE.head, Late::Idle));
        exchanges.blocked.store(true, Ordering::Relaxed);
        assert_eq!(
            exchanges.deadline(PATIENCE),
            late(2 * ten + PATIENCE.exchange, Late::Answer)
        );
    }
}
