//! A spool's folder as a disk may leave it, or as nobody could: what a start, an inspection, the writer and a replay make of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt as _;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rum_collector::store::inspect::inspect;
use rum_collector::store::replay::{Replay, replay};
use rum_collector::store::writer::{self, WriterOptions};
use rum_collector::store::{Clickhouse, Confinement, Endpoint, Spool, SpoolOptions, Table};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::budget::spend;
use crate::mutation::mutated;
use crate::subject::{Subject, bodies};

/// Segments here have 100 KB. Who looks for the next frame reads 1 MiB at once, the writer's client has pieces of 1 MiB, and a frame that
/// says it were longer than its segment is none. Rows that take from each other what they do not say could be made to take 32 MiB; damage does not.
const MEMORY: usize = 8 << 20;

/// Where a segment's first frame begins, where its header says the magic of its frames, and what stands before each payload: as
/// `collector/src/store/segment.rs` has it.
const FIRST_FRAME: usize = 32_768;
const MAGIC: std::ops::Range<usize> = 10..18;
const FRAME_HEADER: usize = 20;

/// A segment, as a collector has written it.
#[derive(Clone, Debug)]
struct Segment {
    header: Vec<u8>,
    frames: Vec<u8>,
}

impl Segment {
    fn payloads(&self) -> Vec<Vec<u8>> {
        let (mut payloads, mut rest) = (Vec::new(), &*self.frames);
        while let Some((header, behind)) = rest.split_at_checked(FRAME_HEADER) {
            let length = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
            let (payload, behind) = behind.split_at(length);
            payloads.push(payload.to_vec());
            rest = behind;
        }
        payloads
    }

    /// The same with other payloads, in frames whose checksums hold.
    fn with(&self, payloads: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.header.clone();
        for payload in payloads {
            let mut covered = self.header[MAGIC].to_vec();
            covered.extend((payload.len() as u32).to_le_bytes());
            bytes.extend(&covered);
            bytes.extend(crc32c::crc32c(&covered).to_le_bytes());
            bytes.extend(crc32c::crc32c(payload).to_le_bytes());
            bytes.extend(payload);
        }
        bytes
    }
}

/// The segments of a collector that has taken a few batches.
fn segments() -> Vec<Segment> {
    let subject = Subject::new();
    for body in bodies() {
        assert_eq!(subject.send(&body), Ok(204));
    }
    let mut segments = Vec::new();
    for entry in fs::read_dir(subject.spool()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "segment") {
            let mut header = fs::read(&path).unwrap();
            let frames = header.split_off(FIRST_FRAME);
            segments.push(Segment { header, frames });
        }
    }
    segments
}

/// A table's cursor: `segment offset crc`, as `collector/src/store/cursor.rs` has it.
fn cursor(segment: u64, offset: u64) -> Vec<u8> {
    let place = format!("{segment} {offset}");
    format!("{place} {:08x}\n", crc32c::crc32c(place.as_bytes())).into_bytes()
}

/// Places in the segments, and such as are in none.
fn cursors() -> impl Strategy<Value = Vec<u8>> {
    let offset = prop_oneof![Just(0), Just(FIRST_FRAME as u64), 0..200_000_u64, any::<u64>()];
    let segment = prop_oneof![4 => 0..4_u64, 1 => any::<u64>()];
    let whole = (segment, offset).prop_map(|(segment, offset)| cursor(segment, offset));
    prop_oneof![
        4 => whole,
        1 => mutated(vec![cursor(1, FIRST_FRAME as u64), cursor(2, 40_000)]),
        1 => vec(any::<u8>(), 0..100),
    ]
}

/// What is tried is read before it is changed: without that each case would end at a first check.
#[test]
fn what_recovery_is_tried_with_is_whole_before_it_is_changed() {
    let segments = segments();
    let segment = segments.iter().find(|segment| !segment.frames.is_empty()).unwrap();
    let payloads = segment.payloads();
    assert_eq!(payloads.len(), bodies().len());
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("000000000001.segment"), segment.with(&payloads)).unwrap();
    for table in Table::ALL {
        fs::write(cursor_file(folder.path(), table), cursor(1, FIRST_FRAME as u64)).unwrap();
    }
    let found = inspect(folder.path()).unwrap();
    assert_eq!((found.frames(), &*found.damage), (payloads.len() as u64, &[][..]));
    for table in &found.tables {
        assert_eq!((table.cursor.segment, table.cursor.offset), (1, FIRST_FRAME as u64));
    }
}

fn cursor_file(folder: &Path, table: Table) -> PathBuf {
    folder.join(format!("{}.cursor", table.name()))
}

/// A database that takes whatever it is sent.
struct Taker {
    runtime: Runtime,
    clickhouse: Clickhouse,
}

impl Taker {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let take = Router::new()
            .fallback(async |body: Body| body.collect().await.map(drop).map_err(|error| error.to_string()));
        runtime.spawn(async move { axum::serve(listener, take).await });
        let clickhouse = Clickhouse::at(Endpoint {
            url,
            user: "rum".to_owned(),
            password: String::new(),
            confinement: Confinement::Grants,
        });
        Self { runtime, clickhouse }
    }

    /// Writes what is in the spool. A writer that falls is kept running, and its table stalled.
    fn write(&self, spool: Spool) -> Result<(), String> {
        let options = WriterOptions {
            every: Duration::ZERO,
            mending_pause: Duration::from_millis(1),
            drain: Duration::from_secs(2),
            ..WriterOptions::default()
        };
        let all_there_is = CancellationToken::new();
        all_there_is.cancel();
        self.runtime.block_on(writer::run(
            spool.clone(),
            self.clickhouse.clone(),
            options,
            all_there_is,
        ));
        match spool.health().stall() {
            Some((table, stall)) => Err(format!("rows of {} are not written: {stall:?}", table.name())),
            None => Ok(()),
        }
    }
}

fn look(folder: &Path, taker: &Taker) -> Result<(), String> {
    let said = |error: &dyn std::error::Error| error.to_string();
    let before = inspect(folder).map_err(|error| said(&error))?;
    // Both may refuse, with a reason; neither may fall.
    let spool = Spool::open(SpoolOptions::new(folder.to_owned())).map_err(|error| said(&error))?;
    let health = spool.health();
    if health.bytes > before.bytes() + (64 << 10) {
        return Err(format!("{} bytes became {}", before.bytes(), health.bytes));
    }
    taker.write(spool)?;
    let after = inspect(folder).map_err(|error| said(&error))?;
    if after.frames() > before.frames() {
        return Err(format!("{} frames became {}", before.frames(), after.frames()));
    }
    let _ = replay(
        folder,
        Replay {
            table: None,
            from: None,
        },
    );
    Ok(())
}

#[test]
fn recovery() {
    let segments: Vec<_> = segments().into_iter().filter(|one| !one.frames.is_empty()).collect();
    let frames: Vec<_> = segments.iter().map(|segment| segment.frames.clone()).collect();
    let headers: Vec<_> = segments.iter().map(|segment| segment.header.clone()).collect();
    let payloads: Vec<_> = segments.iter().flat_map(Segment::payloads).collect();
    // Half of them are for who reads payloads, for their checksums hold; then those for who looks for frames, and for headers.
    let segment = prop_oneof![
        10 => (select(segments), vec(mutated(payloads), 1..6)).prop_map(|(segment, payloads)| segment.with(&payloads)),
        6 => (select(headers.clone()), mutated(frames.clone())).prop_map(|(header, frames)| [header, frames].concat()),
        3 => (mutated(headers), select(frames)).prop_map(|(header, frames)| [header, frames].concat()),
        1 => vec(any::<u8>(), 0..70_000),
    ];
    let taker = Taker::new();
    let cursors = vec(proptest::option::weighted(0.8, cursors()), Table::ALL.len());
    spend(MEMORY, (vec(segment, 1..3), cursors), |(segments, cursors)| {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        for (number, bytes) in segments.iter().enumerate() {
            fs::write(folder.path().join(format!("{:012}.segment", number + 1)), bytes).unwrap();
        }
        for (table, cursor) in Table::ALL.into_iter().zip(cursors) {
            if let Some(cursor) = cursor {
                fs::write(cursor_file(folder.path(), table), cursor).unwrap();
            }
        }
        look(folder.path(), &taker)
    });
}
