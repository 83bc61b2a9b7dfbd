//! Bodies of a few kilobytes that become gigabytes: answered 413, for no more memory than a body may have.

use std::io::Write as _;

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use rum_tests::collector::{KEY, Place, Store};
use rum_tests::traffic::Book;
use rum_tests::usage::peak_memory_mib;

/// What the collector reads of a body over its limit, so that its sender hears of it (`DISCARDED_BYTES` of its handler).
const READ_BYTES: usize = 4 << 20;
/// What is packed once, and repeated.
const UNIT: usize = 10_000_000;

#[tokio::test]
async fn a_bomb_costs_no_more_than_a_body_may() -> Result<()> {
    // 10 MB to 10 GB. Some are refused for their own length: 256 KiB.
    blast(&[1, 10, 100, 1_000], None, 32.0).await
}

/// Both limits as high as they go, so that every bomb is decompressed.
#[tokio::test]
async fn nor_under_the_highest_limits() -> Result<()> {
    blast(&[2, 10, 100, 1_000], Some(16 << 20), 64.0).await
}

/// Sends bombs of so many times 10 MB. The peak of memory may grow by `memory_mib`: the text while its buffer grows (once and twice the limit),
/// and a window (zstd's 8 MiB, brotli's 16).
async fn blast(sizes: &[usize], limit: Option<usize>, memory_mib: f64) -> Result<()> {
    let mut place = Place::new()?;
    if let Some(limit) = limit.map(|limit| limit.to_string()) {
        place = place.and(&[
            ("RUM_LIMITS_BODY_BYTES", &limit),
            ("RUM_LIMITS_DECOMPRESSED_BYTES", &limit),
        ]);
    }
    let collector = place.start(&Store::nowhere()).await?;
    let mut book = Book::default();
    book.send(&collector.sender()).await?;
    let http = reqwest::Client::new();
    let url = format!("{}/v1/batches?k={KEY}", collector.url());
    // Room for bodies as they are sent: what is left of the growth is what decompression takes.
    for _ in 0..3 {
        let plain = vec![b'x'; limit.unwrap_or(256 << 10)];
        let plain = http.post(&url).body(plain).send().await?;
        ensure!(plain.status() == StatusCode::BAD_REQUEST, "{}", plain.status());
    }
    let before = peak_memory_mib(collector.pid()?)?;
    let mut decompressed = 0;
    for &times in sizes {
        for encoding in ["gzip", "deflate", "zstd", "br"] {
            let Some(bomb) = bomb(encoding, times)? else { continue };
            if bomb.len() > limit.unwrap_or_default().max(READ_BYTES) {
                // Closed under its sender, who need not hear why.
                continue;
            }
            let answer = http
                .post(&url)
                .header("content-encoding", encoding)
                .body(bomb)
                .send()
                .await?;
            let (status, text) = (answer.status(), answer.text().await?);
            ensure!(
                status == StatusCode::PAYLOAD_TOO_LARGE,
                "{times} times 10 MB of {encoding}: {status} {text}"
            );
            decompressed += usize::from(text.contains("decompressed_too_large"));
        }
    }
    ensure!(decompressed >= 8, "only {decompressed} bombs were decompressed at all");
    let grown = peak_memory_mib(collector.pid()?)? - before;
    ensure!(
        grown < memory_mib,
        "the peak has grown by {grown:.1} MiB, from {before:.1}"
    );
    // And it goes on.
    book.send(&collector.sender()).await?;
    ensure!(book.acknowledged() == 2);
    ensure!(collector.terminate().await?.success());
    Ok(())
}

/// `times` 10 MB of zeros. Packed once: a stream goes on with the same bytes again behind a flush, and frames of zstd follow each other.
/// Brotli's cannot be repeated, so its bombs end at 100 MB, which is far enough over any limit.
fn bomb(encoding: &str, times: usize) -> Result<Option<Vec<u8>>> {
    let zeros = vec![0; UNIT];
    Ok(match encoding {
        "gzip" => Some(
            [
                &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
                deflated(&zeros, times)?.as_slice(),
            ]
            .concat(),
        ),
        "deflate" => Some([&[0x78, 0x9c], deflated(&zeros, times)?.as_slice()].concat()),
        "zstd" => Some(zstd::encode_all(zeros.as_slice(), 1)?.repeat(times)),
        _ if times <= 10 => {
            let mut packed = Vec::new();
            let quick = brotli::enc::BrotliEncoderParams {
                quality: 2,
                ..Default::default()
            };
            brotli::BrotliCompress(&mut zeros.repeat(times).as_slice(), &mut packed, &quick)?;
            Some(packed)
        }
        _ => None,
    })
}

/// A stream of deflate, without its end: whoever gets there has read too much already.
fn deflated(zeros: &[u8], times: usize) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(zeros)?;
    encoder.flush()?;
    Ok(encoder.get_ref().repeat(times))
}
