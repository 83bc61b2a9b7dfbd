//! As many bodies at once as connections may bring, each as long as it may be: the collector's memory stays under what
//! docs/operating.md names for its limits, and what is answered 204 counts once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result, ensure};
use rum_core::Id;
use rum_core::wire::event::UserTimingEvent;
use rum_core::wire::record::UserTiming;
use rum_core::wire::{Batch, Content, Event, Item, Skipped};
use rum_tests::collector::{KEY, Place, Store};
use rum_tests::traffic::{document, now_ms, page_view};
use rum_tests::usage::peak_memory_mib;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const BODY_BYTES: usize = 256 * KIB;
const CONNECTIONS: usize = 128;
/// On four addresses.
const OF_ADDRESS: usize = CONNECTIONS / 4;
/// Places for who asks how it goes.
const SPARE: usize = 16;
const AT_ONCE: usize = 2;

/// The table of docs/operating.md for these limits, in MiB, beyond what the collector has at rest. All requests come by HTTP/1.1; no body
/// is compressed, so that its text is the body, or raw; its rows are shorter than twice its text, and of two tables.
fn memory_mib() -> f64 {
    let cores = available_parallelism().map_or(2, usize::from).min(AT_ONCE);
    let bodies = CONNECTIONS * (2 * BODY_BYTES + 32 * KIB);
    let digested = cores * (4 * BODY_BYTES + 5 * MIB);
    let rows = AT_ONCE * 2 * BODY_BYTES + 16 * MIB;
    let written = 16 * MIB + 2 * 8 * MIB;
    (bodies + digested + rows + written) as f64 / MIB as f64
}

/// A batch that is as long as a body may be.
fn batch() -> String {
    let now_ms = now_ms();
    let seconds = u32::try_from(now_ms / 1_000).unwrap_or_default();
    let id = || Id::starting_at(seconds, rand::random());
    let item = |event| Item {
        view: 0,
        seq: 5_000,
        event,
    };
    let timing = |ordinal: i64, name: String| {
        Event::UserTiming(Box::new(UserTimingEvent {
            ordinal,
            what: UserTiming {
                start: 1_000 * ordinal,
                name,
                duration: Some(2_000),
                weight: None,
            },
        }))
    };
    let mut batch = Batch {
        id: Id(rand::random()),
        sent_at_ms: now_ms,
        document: document(now_ms - 5_000),
        content: Content::Events(Vec::new()),
        skipped: Skipped::default(),
    };
    let mut items = vec![item(page_view(id(), id()))];
    // A little over a hundred bytes each, so that there is room for all of them but the last.
    items.extend((1..=TIMINGS).map(|ordinal| item(timing(ordinal, "a step of what jane did, ".repeat(4)))));
    batch.content = Content::Events(items);
    let text = batch.write();
    // Blanks behind it are a part of the body.
    format!("{text}{}", " ".repeat(BODY_BYTES.saturating_sub(text.len())))
}

/// Events of a batch.
const TIMINGS: i64 = 1_900;

/// Sends all but the last byte, waits for the others, and sends that; the status of the answer.
async fn send(sender: usize, to: SocketAddr, all: Arc<Barrier>) -> Result<u16> {
    let body = batch();
    ensure!(body.len() == BODY_BYTES, "{} bytes", body.len());
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, u8::try_from(2 + sender % 4)?], 0).into())?;
    let mut connection = socket.connect(to).await?;
    let head = format!(
        "POST /v1/batches?k={KEY} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await?;
    let (most, last) = body.as_bytes().split_at(BODY_BYTES - 1);
    connection.write_all(most).await?;
    all.wait().await;
    connection.write_all(last).await?;
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await?;
    let status = std::str::from_utf8(&answer)?.strip_prefix("HTTP/1.1 ");
    Ok(status.context("no answer of HTTP")?.parse()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_bodies_on_every_connection_take_no_more_memory_than_is_said() -> Result<()> {
    let limits = format!(
        "[limits]\nbody_bytes = {BODY_BYTES}\nconnections = {}\nconnections_per_address = {OF_ADDRESS}\nbatches_at_once = {AT_ONCE}\n\
         body_timeout = \"60s\"\nstore_timeout = \"60s\"\n",
        CONNECTIONS + SPARE
    );
    let place = Place::with(&limits)?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let rest = peak_memory_mib(collector.pid()?)?;
    let address = collector.url().trim_start_matches("http://").parse()?;
    let all = Arc::new(Barrier::new(CONNECTIONS));
    let mut senders = JoinSet::new();
    for sender in 0..CONNECTIONS {
        senders.spawn(send(sender, address, Arc::clone(&all)));
    }
    let mut kept = 0;
    while let Some(answered) = senders.join_next().await {
        let status = answered??;
        ensure!(status == 204 || status == 503, "a good batch is answered {status}");
        kept += usize::from(status == 204);
    }
    ensure!(kept > CONNECTIONS / 2, "only {kept} of {CONNECTIONS} batches were kept");
    collector.settled().await?;
    let (grown, may) = (peak_memory_mib(collector.pid()?)? - rest, memory_mib());
    println!(
        "{kept} batches of {CONNECTIONS}: the peak has grown by {grown:.1} MiB, from {rest:.1}, and may by {may:.1}"
    );
    ensure!(
        grown < may,
        "the peak has grown by {grown:.1} MiB, from {rest:.1}, and may by {may:.1}"
    );
    // They were all there at once.
    let bodies = (CONNECTIONS * BODY_BYTES / MIB) as f64;
    ensure!(
        grown > bodies,
        "the peak has grown by {grown:.1} MiB only, for {bodies} MiB of bodies"
    );
    for (table, rows) in [("page_views", kept), ("timings", kept * usize::try_from(TIMINGS)?)] {
        let found = collector
            .sql(&format!("SELECT count() AS rows FROM rum.{table}"))
            .await?;
        ensure!(found[0]["rows"] == rows, "{found:?} of {rows} {table}");
    }
    ensure!(collector.terminate().await?.success());
    Ok(())
}
