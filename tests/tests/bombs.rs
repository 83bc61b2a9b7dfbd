//! Bodies of a few kilobytes that become gigabytes, at both routes that take bodies, many at a time: answered 413, for no more memory
//! than the limits of the configuration allow.

use std::io::Write as _;
use std::thread::available_parallelism;

use anyhow::{Result, ensure};
use axum::body::Bytes;
use reqwest::StatusCode;
use rum_tests::collector::{Collector, KEY, Place, Store};
use rum_tests::traffic::Book;
use rum_tests::usage::peak_memory_mib;
use tokio::task::JoinSet;

/// What the collector reads of a body over its limit, so that its sender hears of it (`DISCARDED_BYTES` of its handler).
const READ_BYTES: usize = 4 << 20;
/// What is packed once, and repeated.
const UNIT: usize = 10_000_000;
const ENCODINGS: [&str; 4] = ["gzip", "deflate", "zstd", "br"];
/// Where bodies go, and the type of what is there.
const ROUTES: [(&str, &str); 2] = [
    ("/v1/batches", "text/plain"),
    ("/v1/reports", "application/reports+json"),
];
/// The largest window of an encoding: brotli's. zstd's is half of that.
const WINDOW: usize = 16 << 20;
/// What the allocator holds on to for a while, for the next one who asks.
const HELD: usize = 16 << 20;

/// What is configured.
struct Limits {
    /// `limits.body_bytes`.
    body: usize,
    /// `limits.decompressed_bytes`.
    decompressed: usize,
    /// Bombs in the collector at a time.
    at_once: usize,
}

impl Limits {
    /// By how much memory may grow. Each body is in a buffer that doubles; who has a core (one for each that the machine has, or
    /// `limits.batches_at_once` if that is less) decompresses, with a window, into a buffer that doubles, too, and is copied as it does.
    fn memory(&self) -> usize {
        let cores = available_parallelism().map_or(2, usize::from).min(self.at_once);
        self.at_once * 2 * self.body + cores * (WINDOW + 3 * self.decompressed) + HELD
    }
}

/// `limits.batches_at_once` of the default.
const AT_ONCE: usize = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_bombs_as_are_worked_at_cost_no_more_than_the_limits_say() -> Result<()> {
    let limits = Limits {
        body: 256 << 10,
        decompressed: 2 << 20,
        at_once: AT_ONCE,
    };
    let place = Place::new()?;
    // 10 MB to 10 GB. Some are refused for their own length.
    blast(&place, &limits, &[1, 10, 100, 1_000]).await
}

/// Both limits as high as they go, so that every bomb is decompressed; one at a time, for each takes a second.
#[tokio::test]
async fn nor_do_those_under_the_highest_limits() -> Result<()> {
    let limits = Limits {
        body: 16 << 20,
        decompressed: 16 << 20,
        at_once: 1,
    };
    let bytes = limits.body.to_string();
    let place = Place::new()?.and(&[
        ("RUM_LIMITS_BODY_BYTES", &bytes),
        ("RUM_LIMITS_DECOMPRESSED_BYTES", &bytes),
    ]);
    blast(&place, &limits, &[2, 10, 100, 1_000]).await
}

/// Sends bombs of so many times 10 MB, each to both routes.
async fn blast(place: &Place, limits: &Limits, sizes: &[usize]) -> Result<()> {
    let mut bombs = Vec::new();
    for encoding in ENCODINGS {
        for times in sizes {
            let Some(bomb) = bomb(encoding, *times)? else { continue };
            if bomb.len() > limits.body.max(READ_BYTES) {
                // Closed under its sender, who need not hear why.
                continue;
            }
            let bomb = Bomb {
                name: format!("{times} times 10 MB of {encoding}"),
                encoding,
                body: bomb.into(),
            };
            bombs.extend(ROUTES.map(|route| (bomb.clone(), route)));
        }
    }
    let collector = place.start(&Store::nowhere()).await?;
    let mut book = Book::default();
    book.send(&collector.sender()).await?;
    let before = peak_memory_mib(collector.pid()?)?;
    let mut decompressed = [0, 0];
    let mut sending = JoinSet::new();
    // Each bomb comes again until there were twice as many as are worked at.
    let enough = bombs.len().max(2 * limits.at_once);
    for (bomb, route) in bombs.iter().cycle().take(enough) {
        while sending.len() >= limits.at_once {
            count(&mut decompressed, sending.join_next().await)?;
        }
        sending.spawn(bomb.clone().send(&collector, *route));
    }
    while let Some(ended) = sending.join_next().await {
        count(&mut decompressed, Some(ended))?;
    }
    for (number, (route, _)) in decompressed.into_iter().zip(ROUTES) {
        ensure!(number >= 8, "only {number} bombs were decompressed at all at {route}");
    }
    let (grown, may) = (
        peak_memory_mib(collector.pid()?)? - before,
        limits.memory() as f64 / f64::from(1 << 20),
    );
    ensure!(
        grown < may,
        "the peak has grown by {grown:.1} MiB, from {before:.1}, and may by {may:.1}"
    );
    // And it goes on.
    book.send(&collector.sender()).await?;
    ensure!(book.acknowledged() == 2);
    ensure!(collector.terminate().await?.success());
    Ok(())
}

/// Counts a bomb that was decompressed, by its route.
fn count(
    decompressed: &mut [usize; 2],
    ended: Option<Result<Result<Option<&str>>, tokio::task::JoinError>>,
) -> Result<()> {
    let Some(ended) = ended else { return Ok(()) };
    if let Some(route) = ended?? {
        for (number, (path, _)) in decompressed.iter_mut().zip(ROUTES) {
            *number += usize::from(path == route);
        }
    }
    Ok(())
}

#[derive(Clone)]
struct Bomb {
    name: String,
    encoding: &'static str,
    body: Bytes,
}

impl Bomb {
    /// Sends it; the path, if it was decompressed, and not refused for its own length.
    fn send(
        self,
        collector: &Collector,
        (path, media_type): (&'static str, &'static str),
    ) -> impl Future<Output = Result<Option<&'static str>>> + Send + 'static {
        let request = reqwest::Client::new()
            .post(format!("{}{path}?k={KEY}", collector.url()))
            .header("content-type", media_type)
            .header("content-encoding", self.encoding)
            .body(self.body);
        async move {
            let answer = request.send().await?;
            let (status, text) = (answer.status(), answer.text().await?);
            ensure!(
                status == StatusCode::PAYLOAD_TOO_LARGE,
                "{}: {status} {text}",
                self.name
            );
            Ok(text.contains("decompressed_too_large").then_some(path))
        }
    }
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
        "zstd" => {
            // The largest window that is allowed.
            let mut encoder = zstd::Encoder::new(Vec::new(), 1)?;
            encoder.window_log(23)?;
            encoder.write_all(&zeros)?;
            Some(encoder.finish()?.repeat(times))
        }
        _ if times <= 10 => {
            let mut packed = Vec::new();
            let quick = brotli::enc::BrotliEncoderParams {
                quality: 2,
                lgwin: 24,
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
