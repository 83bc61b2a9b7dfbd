//! The body of an answer, which keeps its request open until its last byte has left: what was handed to HTTP/2 waits there until
//! the client makes room for it.

use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::{Buf, Bytes};
use hyper::body::{Frame, SizeHint};
use pin_project_lite::pin_project;

use super::exchanges::Exchange;

pin_project! {
    /// The body. With its end, and that of all its pieces, the request's time ends.
    pub(super) struct Answer {
        #[pin]
        body: Body,
        exchange: Arc<Exchange>,
    }
}

impl Answer {
    pub(super) fn new(body: Body, exchange: Exchange) -> Self {
        let exchange = Arc::new(exchange);
        Self { body, exchange }
    }
}

impl HttpBody for Answer {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        let this = self.project();
        let exchange = this.exchange;
        let piece = |bytes| Piece {
            bytes,
            _exchange: Arc::clone(exchange),
        };
        this.body.poll_frame(context).map_ok(|frame| frame.map_data(piece))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of an answer, until they are with the system.
pub(super) struct Piece {
    bytes: Bytes,
    _exchange: Arc<Exchange>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(slices)
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}
