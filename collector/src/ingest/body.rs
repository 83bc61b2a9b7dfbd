//! From the bytes that were sent to the bytes that were meant: decompression, with memory bounded by the limit.

use std::borrow::Cow;
use std::io::{self, Read};

use super::reject::Reject;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not at all.
    Identity,
    /// `gzip`.
    Gzip,
    /// `deflate`, which HTTP means as zlib (RFC 9110, 8.4.1.2).
    Deflate,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
}

/// The largest window that a zstd frame may ask for: 2^23 bytes, what RFC 9659 lets senders use on the web. The window
/// is allocated before the first byte comes out of it.
const ZSTD_WINDOW_LOG: u32 = 23;

impl Encoding {
    /// The encoding of a request: its header says, or else its `z` parameter (a header costs pages a preflight).
    ///
    /// # Errors
    /// [`Reject::UnknownEncoding`], also for more than one encoding.
    pub(super) fn of(header: Option<&str>, parameter: Option<&str>) -> Result<Self, Reject> {
        let name = header.or(parameter).unwrap_or("identity");
        Ok(match name.trim().to_ascii_lowercase().as_str() {
            "identity" | "" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => {
                return Err(Reject::UnknownEncoding {
                    name: name.chars().take(32).collect(),
                });
            }
        })
    }

    /// Its name in HTTP.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// Decompresses `body` to at most `limit` bytes.
    ///
    /// # Errors
    /// [`Reject::DecompressedTooLarge`] as soon as more comes out; [`Reject::Damaged`] if the body is no such stream, or
    /// only the start of one.
    pub(super) fn decode(self, body: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, Reject> {
        match self {
            Self::Identity if body.len() <= limit => Ok(Cow::Borrowed(body)),
            Self::Identity => Err(Reject::DecompressedTooLarge { limit }),
            Self::Gzip => self.read(flate2::read::GzDecoder::new(body), limit),
            Self::Deflate => self.read(flate2::read::ZlibDecoder::new(body), limit),
            Self::Brotli if is_large_window(body) => Err(self.damaged("it uses a large window")),
            Self::Brotli => self.read(brotli::Decompressor::new(body, 4_096), limit),
            Self::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(body).map_err(|error| self.damaged(error))?;
                decoder
                    .window_log_max(ZSTD_WINDOW_LOG)
                    .map_err(|error| self.damaged(error))?;
                self.read(decoder, limit)
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "read_to_end stops at limit + 1")]
    fn read(self, decoder: impl Read, limit: usize) -> Result<Cow<'static, [u8]>, Reject> {
        let mut text = Vec::new();
        let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        match decoder.take(one_more).read_to_end(&mut text) {
            Ok(length) if length > limit => Err(Reject::DecompressedTooLarge { limit }),
            Ok(_) => Ok(Cow::Owned(text)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.damaged("it ends too early")),
            Err(error) => Err(self.damaged(error)),
        }
    }

    fn damaged(self, reason: impl ToString) -> Reject {
        Reject::Damaged {
            encoding: self.name(),
            reason: reason.to_string(),
        }
    }
}

/// Brotli's large-window extension, which no browser sends and which lets a stream ask for a gigabyte: its seven-bit
/// mark is reserved in RFC 7932, 9.1.
fn is_large_window(body: &[u8]) -> bool {
    body.first().is_some_and(|byte| byte & 0x7f == 0x11)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const ALL: [Encoding; 4] = [Encoding::Gzip, Encoding::Deflate, Encoding::Brotli, Encoding::Zstd];

    fn compress(encoding: Encoding, text: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::best();
        match encoding {
            Encoding::Identity => text.to_vec(),
            Encoding::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            Encoding::Deflate => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            Encoding::Brotli => {
                let mut out = Vec::new();
                let params = brotli::enc::BrotliEncoderParams::default();
                brotli::BrotliCompress(&mut &*text, &mut out, &params).unwrap();
                out
            }
            Encoding::Zstd => zstd::encode_all(text, 3).unwrap(),
        }
    }

    #[test]
    fn what_goes_in_comes_out() {
        let text = br#"[1,0,"00000000000000ff",1795226217000,[]]"#.repeat(50);
        for encoding in ALL {
            assert_eq!(
                encoding.decode(&compress(encoding, &text), text.len()).unwrap(),
                text,
                "{encoding:?}"
            );
        }
    }

    #[test]
    fn one_byte_over_the_limit_is_too_much() {
        let text = b"0123456789".repeat(100);
        for encoding in ALL.into_iter().chain([Encoding::Identity]) {
            let rejected = encoding.decode(&compress(encoding, &text), 999).unwrap_err();
            assert!(
                matches!(rejected, Reject::DecompressedTooLarge { limit: 999 }),
                "{encoding:?}: {rejected}"
            );
        }
    }

    #[test]
    fn every_truncation_is_found() {
        let text: Vec<u8> = (0..4_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        for encoding in ALL {
            let body = compress(encoding, &text);
            for length in [0, 1, 5, body.len() / 2, body.len() - 1] {
                let rejected = encoding.decode(&body[..length], 1 << 20).unwrap_err();
                assert!(
                    matches!(rejected, Reject::Damaged { .. }),
                    "{encoding:?} {length}: {rejected}"
                );
            }
        }
    }

    #[test]
    fn windows_that_need_much_memory_are_refused() {
        // A zstd frame of one raw empty block whose header asks for a window of 2^27 bytes.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 0x01, 0x00, 0x00];
        assert!(matches!(Encoding::Zstd.decode(&frame, 10), Err(Reject::Damaged { .. })));
        let small = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (20 - 10) << 3, 0x01, 0x00, 0x00];
        assert!(Encoding::Zstd.decode(&small, 10).unwrap().is_empty());
        assert!(matches!(
            Encoding::Brotli.decode(&[0x11, 30, 0], 10),
            Err(Reject::Damaged { .. })
        ));
    }

    #[test]
    fn the_header_says_or_else_the_parameter() {
        for (header, parameter, expected) in [
            (None, None, Some(Encoding::Identity)),
            (None, Some("zstd"), Some(Encoding::Zstd)),
            (Some("GZIP"), None, Some(Encoding::Gzip)),
            (Some("br"), Some("gzip"), Some(Encoding::Brotli)),
            (Some("identity"), Some("gzip"), Some(Encoding::Identity)),
            (Some("gzip, br"), None, None),
            (None, Some("lzma"), None),
        ] {
            assert_eq!(
                Encoding::of(header, parameter).ok(),
                expected,
                "{header:?} {parameter:?}"
            );
        }
    }
}
