//! A request's body, received to its end before anything runs: the start in memory, the rest in a
//! file without a name.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use thiserror::Error;
use tokio::{fs, io::AsyncWriteExt};

use crate::{
    exception::{Exception, Kind},
    lz4::{BlockError, Decoder},
    request::Encoding,
};

/// What of a body is held in memory, in bytes; also the longest statement.
pub(crate) const MEMORY: usize = 1 << 20;

/// Why a body was not received.
#[derive(Debug, Error)]
pub(crate) enum BodyError {
    /// The connection ended before the body did, or its framing is wrong: nobody to answer to.
    #[error("the body did not arrive whole: {0}")]
    Incomplete(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the body is longer than the limit of {0} bytes")]
    TooLarge(usize),
    #[error(transparent)]
    Block(#[from] BlockError),
    #[error("the body could not be kept: {0}")]
    Storage(#[from] io::Error),
}

impl From<BodyError> for Exception {
    fn from(error: BodyError) -> Self {
        let kind = match &error {
            BodyError::Incomplete(_) => Kind::BadArguments,
            BodyError::TooLarge(_) | BodyError::Block(BlockError::TooLarge(..)) => Kind::QueryIsTooLarge,
            BodyError::Block(BlockError::Checksum) => Kind::ChecksumDoesntMatch,
            BodyError::Block(_) => Kind::CannotDecompress,
            BodyError::Storage(error) if error.kind() == io::ErrorKind::StorageFull => Kind::NotEnoughSpace,
            BodyError::Storage(_) => Kind::StdException,
        };
        Self::new(kind, error.to_string())
    }
}

/// A whole body.
#[derive(Default)]
pub(crate) struct Spool {
    head: Vec<u8>,
    tail: Option<File>,
}

impl Spool {
    /// Receives `body` to its HTTP end, checking every compressed block. `limit` bounds the bytes
    /// as sent and as decompressed; what `MEMORY` does not hold goes to a file in `folder`.
    ///
    /// # Errors
    /// When the body does not arrive whole and undamaged, or is too long.
    pub(crate) async fn receive<B>(
        mut body: B,
        encoding: Encoding,
        limit: usize,
        folder: &Path,
    ) -> Result<Self, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let received = collect(&mut body, encoding, limit, folder).await;
        if received.is_err() {
            // A client that is still sending would not read the answer: closed under it, the
            // connection is reset. So the rest is taken, as far as a body may go.
            let mut rest = 0_usize;
            while let Some(Ok(frame)) = body.frame().await
                && rest <= limit
            {
                rest = rest.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            }
        }
        received
    }

    /// The part in memory: all of it, or `MEMORY` bytes.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// All of it, if it is all in memory.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        self.tail.is_none().then_some(&*self.head)
    }

    /// Reads it from `start` on, which must lie in the part in memory.
    pub(crate) fn reader(&mut self, start: usize) -> io::Result<impl Read + '_> {
        if let Some(tail) = &mut self.tail {
            tail.rewind()?;
        }
        let head = self.head.get(start..).unwrap_or_default();
        Ok(head.chain(OptionalReader(self.tail.as_mut())))
    }
}

async fn collect<B>(body: &mut B, encoding: Encoding, limit: usize, folder: &Path) -> Result<Spool, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut writer = Writer {
        head: Vec::new(),
        tail: None,
        length: 0,
        limit,
    };
    let mut decoder = Decoder::new(limit);
    let mut received = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|e| BodyError::Incomplete(e.into()))?.into_data() else {
            continue;
        };
        received = received.saturating_add(data.len());
        if received > limit {
            return Err(BodyError::TooLarge(limit));
        }
        match encoding {
            Encoding::Plain => writer.write(&data, folder).await?,
            Encoding::Blocks => {
                decoder.push(&data);
                while let Some(block) = decoder.next()? {
                    writer.write(&block, folder).await?;
                }
            }
        }
    }
    decoder.finish()?;
    writer.finish().await
}

struct OptionalReader<'f>(Option<&'f mut File>);

impl Read for OptionalReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(0), |file| file.read(buffer))
    }
}

struct Writer {
    head: Vec<u8>,
    tail: Option<fs::File>,
    length: usize,
    limit: usize,
}

impl Writer {
    async fn write(&mut self, data: &[u8], folder: &Path) -> Result<(), BodyError> {
        self.length = self.length.saturating_add(data.len());
        if self.length > self.limit {
            return Err(BodyError::TooLarge(self.limit));
        }
        let (head, tail) = data.split_at(data.len().min(MEMORY.saturating_sub(self.head.len())));
        self.head.extend_from_slice(head);
        if tail.is_empty() {
            return Ok(());
        }
        let file = match &mut self.tail {
            Some(file) => file,
            none => none.insert(fs::File::from_std(tempfile::tempfile_in(folder)?)),
        };
        Ok(file.write_all(tail).await?)
    }

    async fn finish(self) -> Result<Spool, BodyError> {
        let tail = match self.tail {
            None => None,
            Some(mut file) => {
                // tokio's file writes behind the caller's back: its errors come with the flush.
                file.flush().await?;
                Some(file.into_std().await)
            }
        };
        Ok(Spool { head: self.head, tail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lz4;
    use http_body_util::Full;

    async fn receive(bytes: &[u8], encoding: Encoding, limit: usize) -> Result<Spool, BodyError> {
        let body = Full::new(Bytes::copy_from_slice(bytes));
        Spool::receive(body, encoding, limit, &std::env::temp_dir()).await
    }

    #[expect(clippy::disallowed_methods, reason = "the spools of these tests are 3 MB at most")]
    fn read(spool: &mut Spool, start: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        spool.reader(start).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[tokio::test]
    async fn a_long_body_continues_in_a_file() {
        let bytes: Vec<u8> = (0..3 * MEMORY).map(|n| (n % 253) as u8).collect();
        let blocks = lz4::encode(&bytes);
        for (sent, encoding) in [(&bytes, Encoding::Plain), (&blocks, Encoding::Blocks)] {
            let mut spool = receive(sent, encoding, 4 * MEMORY).await.unwrap();
            assert_eq!(spool.head().len(), MEMORY);
            assert!(spool.whole().is_none());
            // Twice: reading does not use it up.
            assert!(read(&mut spool, 0) == bytes && read(&mut spool, 10) == bytes[10..]);
        }
    }

    #[tokio::test]
    async fn limits_hold_before_and_after_decompression() {
        let zeros = vec![0; 2 * MEMORY];
        let error = receive(&zeros, Encoding::Plain, MEMORY).await.err();
        assert!(matches!(error, Some(BodyError::TooLarge(MEMORY))), "{error:?}");
        let error = receive(&lz4::encode(&zeros), Encoding::Blocks, MEMORY).await.err();
        assert!(matches!(error, Some(BodyError::TooLarge(MEMORY))), "{error:?}");
    }
}
