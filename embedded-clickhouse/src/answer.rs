//! The answer's body: the parts of a running statement as they come. An error after the first byte
//! is written as a server does (an exception block under the tag that the headers announced), and
//! then the chunked body is broken off, so that no client takes it for complete.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::{cancel::CancelOnDrop, execute::Part, lz4, request::Encoding};

/// The statement failed, or was cut off, after the answer had begun.
#[derive(Debug, Error)]
#[error("the statement did not end after its answer had begun")]
pub(crate) struct BrokenOff;

/// A body that ends with the statement.
pub(crate) struct Answer {
    pub(crate) parts: mpsc::Receiver<Part>,
    pub(crate) encoding: Encoding,
    pub(crate) tag: String,
    /// The answer's body is dropped when the client goes away.
    pub(crate) cancel: CancelOnDrop,
    pub(crate) state: State,
}

#[derive(Debug, Default)]
pub(crate) enum State {
    #[default]
    Running,
    /// The exception block is on its way to the socket; the receiver hears when it has left.
    Failing(oneshot::Receiver<()>),
    Done,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let this = self.get_mut();
        match &mut this.state {
            State::Running => {}
            State::Done => return Poll::Ready(None),
            State::Failing(written) => {
                // Whether sent or dropped: the block is no longer held for writing.
                return Pin::new(written).poll(context).map(|_| {
                    this.state = State::Done;
                    Some(Err(BrokenOff))
                });
            }
        }
        let frame = match std::task::ready!(this.parts.poll_recv(context)) {
            Some(Part::End) => {
                this.state = State::Done;
                return Poll::Ready(None);
            }
            // The head was taken before the body began, and no statement stops without a word.
            Some(Part::Head(_)) | None => {
                this.state = State::Done;
                return Poll::Ready(Some(Err(BrokenOff)));
            }
            Some(Part::Data(data)) => data,
            Some(Part::Failed(exception)) => {
                let text = exception.text(this.cancel.engine.version());
                let block = exception_block(&text, &this.tag);
                let block = match this.encoding {
                    Encoding::Plain => block.into_bytes(),
                    Encoding::Blocks => lz4::encode(block.as_bytes()),
                };
                let (frame, written) = watched(block);
                this.state = State::Failing(written);
                frame
            }
        };
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        false
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// How a server ends a broken answer: the length lets a client find the message from the end.
fn exception_block(text: &str, tag: &str) -> String {
    let length = text.len() + 1;
    format!("\r\n__exception__\r\n{tag}\r\n{text}\n{length} {tag}\r\n__exception__\r\n")
}

/// Bytes that say when they are gone. hyper lets go of a frame when the socket has taken it, and
/// would throw away what it still holds when the body breaks off.
fn watched(bytes: Vec<u8>) -> (Bytes, oneshot::Receiver<()>) {
    struct Watched {
        bytes: Vec<u8>,
        _alive: oneshot::Sender<()>,
    }
    impl AsRef<[u8]> for Watched {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }
    let (alive, gone) = oneshot::channel();
    (Bytes::from_owner(Watched { bytes, _alive: alive }), gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_found_from_its_end() {
        let block = exception_block("Code: 1. DB::Exception: é", "abcdefghijklmnop");
        assert_eq!(
            block,
            "\r\n__exception__\r\nabcdefghijklmnop\r\nCode: 1. DB::Exception: é\n\
             27 abcdefghijklmnop\r\n__exception__\r\n"
        );
    }

    #[test]
    fn watched_bytes_say_when_they_are_gone() {
        let (bytes, mut gone) = watched(b"x".to_vec());
        assert_eq!(gone.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        drop(bytes);
        assert_eq!(gone.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    }
}
