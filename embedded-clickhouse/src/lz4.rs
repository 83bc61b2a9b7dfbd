//! ClickHouse's own block compression, as `compress=1` and `decompress=1` ask for it: each block is
//! a checksum (CityHash128 of version 1.0.2), a method, two lengths and the data.

use bytes::{Buf, BytesMut};
use lz4_flex::block;
use thiserror::Error;

const CHECKSUM: usize = 16;
/// Method, length with this header, length of the plain data.
const HEADER: usize = 9;
const LZ4: u8 = 0x82;
const NONE: u8 = 0x02;

/// Why a compressed body is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum BlockError {
    #[error("the checksum of a compressed block does not match: corrupted data")]
    Checksum,
    #[error("compression method {0:#04x} is not supported: use LZ4 (0x82) or none (0x02)")]
    Method(u8),
    #[error("a compressed block of {0} bytes is longer than the limit of {1}")]
    TooLarge(u64, usize),
    #[error("a compressed block is not valid: {0}")]
    Invalid(&'static str),
    #[error("the body ends in the middle of a compressed block")]
    Truncated,
}

/// Takes compressed bytes as they come and gives whole, checked blocks.
pub(crate) struct Decoder {
    pending: BytesMut,
    /// The longest block accepted, compressed or plain, in bytes.
    limit: usize,
}

impl Decoder {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            pending: BytesMut::new(),
            limit,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The plain data of the next block, or `None` until there is more to push.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, BlockError> {
        let Some(mut header) = self.pending.get(CHECKSUM..CHECKSUM + HEADER) else {
            return Ok(None);
        };
        let method = header.get_u8();
        let (compressed, plain) = (header.get_u32_le(), header.get_u32_le());
        if compressed.max(plain) as usize > self.limit {
            return Err(BlockError::TooLarge(u64::from(compressed.max(plain)), self.limit));
        }
        let Some(data) = (compressed as usize).checked_sub(HEADER) else {
            return Err(BlockError::Invalid("its length is less than its header's"));
        };
        if self.pending.len() < CHECKSUM + HEADER + data {
            return Ok(None);
        }
        let found = self.pending.get_u128_le();
        let block = self.pending.split_to(HEADER + data);
        if found != checksum(&block) {
            return Err(BlockError::Checksum);
        }
        let data = &block[HEADER..];
        let plain = plain as usize;
        match method {
            NONE if data.len() == plain => Ok(Some(data.to_vec())),
            NONE => Err(BlockError::Invalid("its two lengths differ without compression")),
            LZ4 => {
                let mut output = vec![0; plain];
                match block::decompress_into(data, &mut output) {
                    Ok(length) if length == plain => Ok(Some(output)),
                    _ => Err(BlockError::Invalid("its LZ4 data does not give what it announces")),
                }
            }
            other => Err(BlockError::Method(other)),
        }
    }

    /// Call it at the end of the body.
    pub(crate) fn finish(self) -> Result<(), BlockError> {
        if self.pending.is_empty() {
            Ok(())
        } else {
            Err(BlockError::Truncated)
        }
    }
}

/// The longest block that [`encode`] writes, in plain bytes. Servers write blocks of about this
/// size.
const BLOCK: usize = 1 << 20;

/// `plain` as blocks.
pub(crate) fn encode(plain: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(plain.len() / 2 + CHECKSUM + HEADER);
    for part in plain.chunks(BLOCK) {
        let data = block::compress(part);
        let start = output.len();
        output.extend_from_slice(&[0; CHECKSUM]);
        output.push(LZ4);
        output.extend_from_slice(&((HEADER + data.len()) as u32).to_le_bytes());
        output.extend_from_slice(&(part.len() as u32).to_le_bytes());
        output.extend_from_slice(&data);
        let sum = checksum(&output[start + CHECKSUM..]).to_le_bytes();
        output[start..start + CHECKSUM].copy_from_slice(&sum);
    }
    output
}

/// ClickHouse writes the two halves of the hash in the other order.
fn checksum(block: &[u8]) -> u128 {
    cityhash_rs::cityhash_102_128(block).rotate_right(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], step: usize) -> Result<Vec<u8>, BlockError> {
        let mut decoder = Decoder::new(4 << 20);
        let mut plain = Vec::new();
        for part in bytes.chunks(step) {
            decoder.push(part);
            while let Some(block) = decoder.next()? {
                plain.extend(block);
            }
        }
        decoder.finish().map(|()| plain)
    }

    #[test]
    fn what_is_encoded_is_decoded_whatever_the_pieces() {
        let plain: Vec<u8> = (0..3 * BLOCK / 2).map(|n| (n % 251) as u8).collect();
        let bytes = encode(&plain);
        for step in [1000, 65_536, bytes.len()] {
            assert_eq!(decode(&bytes, step).as_deref(), Ok(&plain[..]));
        }
        assert_eq!(decode(&encode(b"x"), 1).as_deref(), Ok(&b"x"[..]));
        assert_eq!(decode(b"", 1).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn every_damaged_byte_is_noticed() {
        let bytes = encode(b"some rows, some rows, some rows");
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(decode(&damaged, 7).is_err(), "byte {at}");
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let bytes = encode(b"some rows, some rows, some rows");
        for end in 1..bytes.len() {
            assert_eq!(decode(&bytes[..end], 7), Err(BlockError::Truncated), "cut at {end}");
        }
    }

    #[test]
    fn a_bomb_is_refused_before_anything_is_allocated() {
        let mut bytes = encode(b"x");
        bytes[CHECKSUM + 5..CHECKSUM + 9].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(
            decode(&bytes, 64),
            Err(BlockError::TooLarge(u64::from(u32::MAX), 4 << 20))
        );
    }
}
